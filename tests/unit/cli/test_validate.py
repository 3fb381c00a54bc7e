"""`amazon-listings validate` gives what the library's own command gives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from amazon_listings.cli import app
from amazon_product_types.command import run

EXAMPLES = Path(__file__).parents[3] / "packages" / "amazon-product-types" / "examples"


@pytest.mark.parametrize("options", [[], ["--json"], ["--language", "fr", "--update"]])
def test_it_prints_what_the_librarys_command_prints(options, monkeypatch, capsys):
    monkeypatch.chdir(EXAMPLES)
    ours = CliRunner().invoke(app, ["validate", "--definition", "lamp.json", "payloads.jsonl", *options])
    assert ours.exit_code == run(["validate", "lamp.json", "payloads.jsonl", *options]) == 1
    assert ours.stdout == capsys.readouterr().out


def test_what_is_no_definition_is_one_sentence(tmp_path):
    path = tmp_path / "definition.json"
    result = CliRunner().invoke(app, ["validate", "--definition", str(path), "-"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"{path} cannot be read: No such file or directory.\n"


@pytest.mark.process
def test_the_command_starts_without_what_it_does_not_need():
    code = """
import sys
from amazon_listings.cli import main
sys.argv = ["amazon-listings", "validate", "--help"]
try:
    main()
except SystemExit:
    pass
import amazon_product_types.validation
heavy = {"airflow", "pandas", "great_expectations", "sqlalchemy", "requests", "fastapi", "jsonschema"}
sys.exit(f"imported {heavy & sys.modules.keys()}" if heavy & sys.modules.keys() else 0)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
