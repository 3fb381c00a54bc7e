"""What a forkserver imports first is what the tasks import, and no more."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from amazon_listings import pipeline
from amazon_listings.airflow_adapter import tasks
from amazon_listings.messages import languages


def imported_later(module) -> set[str]:
    """Return the modules of ours that the functions of a module import."""
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    found = (node for function in functions for node in ast.walk(function))
    return {
        node.module
        for node in found
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("amazon_listings.")
    }


def preloaded(expression: str, more: str = "") -> Any:
    """Return what an expression gives in a process that has imported what is preloaded."""
    code = (
        f"import json, sys, amazon_listings.airflow_adapter.preload\n{more}\nprint(json.dumps({expression}))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return json.loads(ran.stdout.splitlines()[-1])


@pytest.mark.airflow
def test_every_module_that_a_task_imports_is_there_before_the_fork() -> None:
    asked = imported_later(tasks) | imported_later(pipeline)
    there = set(preloaded("list(sys.modules)"))
    assert len(asked) > 20
    assert asked <= there
    assert "great_expectations" not in there


@pytest.mark.airflow
def test_messages_and_locales_are_read_before_the_fork() -> None:
    read, locales = preloaded(
        "[amazon_listings.messages.catalogue.cache_info().currsize, list(babel.localedata._cache)]",
        "import babel.localedata",
    )
    assert read >= len(languages())
    assert set(languages()) <= set(locales)
