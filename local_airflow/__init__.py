"""A private Airflow on this machine, for `make demo`, `make up`, `make down` and the tests.

Not part of any distribution.
"""
