"""`--help` answers at once: it imports nothing that it does not need."""

import subprocess
import sys

#: Each costs from a tenth of a second to two.
EXPENSIVE = {"airflow", "alembic", "babel", "jinja2", "pandas", "pydantic", "rich", "sqlalchemy", "yaml"}
SCRIPT = """
import sys
from amazon_listings.cli import app
try:
    app(["--help"])
except SystemExit as ended:
    assert not ended.code
sys.stderr.write(" ".join({name.partition(".")[0] for name in sys.modules}))
"""


def test_help_lists_the_commands_and_imports_nothing_expensive():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    for command in ("connectors", "init", "sandbox", "validate"):
        assert f"  {command} " in done.stdout
    assert EXPENSIVE & set(done.stderr.split()) == set()
