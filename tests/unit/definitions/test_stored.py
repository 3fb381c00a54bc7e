"""Definitions as they are stored."""

import subprocess
import sys

import pytest


@pytest.mark.process
def test_what_reads_stored_definitions_imports_nothing_of_http():
    program = (
        "import sys; import amazon_listings.definitions.stored; "
        "assert not {'requests', 'tenacity', 'urllib3'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
