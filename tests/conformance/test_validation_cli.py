"""The command, as a person runs it, lists exactly the places that the reference finds."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from fields_documents import REAL, document
from validation_payloads import Payloads
from validation_reference import Reference

from amazon_product_types.validation import Issue, compile_definition

MAIN = "from amazon_listings.cli import main; main()"


@pytest.mark.parametrize("name", ["BRACELET.US.en_US.2026-05", "PRODUCT.GB.en_GB.LISTING_OFFER_ONLY.2025-09"])
def test_json_output_on_a_real_definition(name, tmp_path):
    definition = document(name)
    payloads = Payloads(definition, seed=4)
    items = [
        payloads.mutant(payloads.valid(25), number % 4) if number % 4 else payloads.valid(25)
        for number in range(40)
    ]
    lines = tmp_path / "payloads.jsonl"
    lines.write_text(
        "".join(
            json.dumps({"sku": str(number), "attributes": item}) + "\n" for number, item in enumerate(items)
        ),
        encoding="utf-8",
    )
    options = ["validate", "--definition", str(REAL / f"{name}.json"), "--json", str(lines)]
    result = subprocess.run(
        [sys.executable, "-c", MAIN, *options], capture_output=True, text=True, check=False
    )
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert [answer["sku"] for answer in answers] == [str(number) for number in range(len(items))]
    assert result.stderr == ""
    assert result.returncode == any(not answer["valid"] for answer in answers)
    reference = Reference(definition)
    for item, answer in zip(items, answers, strict=True):
        errors = {
            # Rules of our own have no keyword of the schema.
            (entry["path"], entry["keyword"])
            for entry in answer["issues"]
            if entry["severity"] == "ERROR" and entry["keyword"]
        }
        assert errors == reference.failing(item)
        assert answer["valid"] is not any(entry["severity"] == "ERROR" for entry in answer["issues"])


@pytest.mark.parametrize("language", ["es", "fr", "de"])
def test_each_language_tells_the_same_issues(language):
    definition = document("HOME.FR.fr_FR.2025-01")
    compiled = compile_definition(definition)
    payloads = Payloads(definition, seed=8)
    for _ in range(40):
        payload = payloads.mutant(payloads.valid(25), 4)
        english, other = compiled.issues(payload), compiled.issues(payload, language=language)
        assert [(one.code, one.path, one.allowed) for one in english] == [
            (one.code, one.path, one.allowed) for one in other
        ]
        assert all(
            one.message and one.message != same.message for one, same in zip(other, english, strict=True)
        )
        assert all(Issue.from_dict(json.loads(json.dumps(one.to_dict()))) == one for one in other)
