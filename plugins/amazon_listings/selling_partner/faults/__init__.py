"""What can go wrong at Amazon: exceptions, the table of faults, and how a refusal becomes an exception."""
