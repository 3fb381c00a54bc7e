"""What an Airflow that cannot be asked says of itself."""

import pytest

from amazon_listings.cli.inputs.configured import error_said

SQLALCHEMY = """Traceback (most recent call last):
  File "airflow", line 8, in <module>
    sys.exit(main())
sqlalchemy.exc.OperationalError: (sqlite3.OperationalError) no such table: variable
[SQL: SELECT variable.val, variable.id
FROM variable]
(Background on this error at: https://sqlalche.me/e/20/e3q8)
"""


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (SQLALCHEMY, "sqlalchemy.exc.OperationalError: (sqlite3.OperationalError) no such table: variable"),
        (
            "Loading\nairflow.exceptions.AirflowConfigException: no such file: x\n\n",
            "airflow.exceptions.AirflowConfigException: no such file: x",
        ),
        ("ERROR: You need to initialize the database.\n", "ERROR: You need to initialize the database."),
        ("", ""),
        ("x" * 1_000, "x" * 300),
    ],
)
def test_the_line_that_says_what_failed_is_shown(output, said):
    assert error_said(output) == said
