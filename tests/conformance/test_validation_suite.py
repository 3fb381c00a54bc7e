"""The JSON Schema Test Suite, 2019-09, for the keywords that definitions use.

The suite ships in the source package of `jsonschema`, which the tests depend on anyway; it is
fetched once by pip into `var/`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from functools import cache
from importlib.metadata import version
from pathlib import Path

import jsonschema_rs
import pytest

from amazon_product_types.document import DefinitionError
from amazon_product_types.validation.engine import Engine

FOLDER = Path(__file__).resolve().parents[2] / "var" / "json-schema-test-suite"
KEYWORDS = """
    additionalProperties allOf anyOf boolean_schema const contains default enum exclusiveMaximum
    exclusiveMinimum format if-then-else infinite-loop-detection items maxContains maxItems maxLength
    maximum minContains minItems minLength minimum multipleOf not oneOf pattern properties required type
    uniqueItems optional/bignum optional/float-overflow optional/format/date optional/format/date-time
    optional/format/uri
"""


@cache
def suite() -> Path:
    release = version("jsonschema")
    folder = FOLDER / release
    if not folder.is_dir():
        folder.mkdir(parents=True)
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--no-binary",
            "jsonschema",
        ]
        fetched = subprocess.run(
            [*command, "--dest", str(folder), f"jsonschema=={release}"],
            capture_output=True,
            text=True,
            check=False,
        )
        if fetched.returncode:
            folder.rmdir()
            pytest.skip(
                f"the source package of jsonschema cannot be fetched: {fetched.stderr.strip()[-200:]}"
            )
        with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
            archive.extractall(folder, filter="data")
    return next(folder.glob("jsonschema-*/json/tests/draft2019-09"))


@pytest.mark.parametrize("keyword", KEYWORDS.split())
def test_suite(keyword):
    groups = json.loads((suite() / f"{keyword}.json").read_text(encoding="utf-8"))
    wrong, run = [], 0
    for group in groups:
        schema = group["schema"] if isinstance(group["schema"], dict) else {"allOf": [group["schema"]]}
        engine = Engine(schema)
        for test in group["tests"]:
            run += 1
            verdict = engine.is_valid(test["data"])
            if verdict is any(engine.failures(test["data"])):
                wrong.append(f"verdict and failures differ: {group['description']}: {test['description']}")
            if verdict is not test["valid"] and not expected(keyword, test):
                wrong.append(f"{group['description']}: {test['description']}: {verdict}")
    assert run
    assert not wrong


def expected(keyword, test):
    """The suite leaves `format` unasserted unless asked; definitions need it asserted."""
    return keyword == "format" and "invalid" in test["description"]


def test_references_inside_the_document():
    groups = json.loads((suite() / "ref.json").read_text(encoding="utf-8"))
    wrong, refused, run = [], [], 0
    for group in groups:
        try:
            engine = Engine(group["schema"])
        except (DefinitionError, jsonschema_rs.ReferencingError):
            refused.append(group["description"])
            continue
        for test in group["tests"]:
            run += 1
            if engine.is_valid(test["data"]) is not test["valid"]:
                wrong.append(f"{group['description']}: {test['description']}")
    assert run > 40
    assert not wrong
    # A definition never reaches for another document, so neither do we.
    assert all("remote" in name or "urn" in name.lower() or "$id" in name for name in refused), refused
