"""The pages of runs: what ran, how far it has got, reports, and starting one."""
