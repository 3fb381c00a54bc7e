"""What SARIF 2.1.0 asks of each object that a check writes: required keys, known keys, kinds of values."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest

from amazon_listings.fleet.findings import Finding
from amazon_listings.fleet.sarif import sarif


def has(node, required, optional=()):
    """Say whether an object has the keys that it must have, and no others than it may."""
    assert set(required) <= set(node) <= {*required, *optional}, node
    return node


def keeps_the_format(text):
    """Go through a log as SARIF 2.1.0 describes it (OASIS, sections 3.13 to 3.30)."""
    log = has(json.loads(text), {"version", "runs"}, {"$schema"})
    assert log["version"] == "2.1.0"
    assert urlsplit(log["$schema"]).scheme == "https"
    (run,) = log["runs"]
    has(run, {"tool"}, {"results", "columnKind"})
    assert run["columnKind"] in {"utf16CodeUnits", "unicodeCodePoints"}
    driver = has(has(run["tool"], {"driver"})["driver"], {"name"}, {"version", "rules"})
    assert driver["name"]
    names = [has(rule, {"id"}, {"shortDescription"})["id"] for rule in driver["rules"]]
    assert len(set(names)) == len(names)
    assert all(has(rule["shortDescription"], {"text"})["text"] for rule in driver["rules"])
    for result in run["results"]:
        has(result, {"message"}, {"ruleId", "level", "locations"})
        assert result["ruleId"] in names
        assert result["level"] in {"none", "note", "warning", "error"}
        assert has(result["message"], {"text"})["text"]
        for location in result.get("locations", ()):
            place = has(
                has(location, set(), {"physicalLocation"})["physicalLocation"],
                {"artifactLocation"},
                {"region"},
            )
            uri = has(place["artifactLocation"], {"uri"})["uri"]
            assert uri.isascii()
            assert " " not in uri
            assert not uri.startswith("/"), "a path from the root is an address of its own: file:///"
            urlsplit(uri)
            if "region" in place:
                region = has(place["region"], {"startLine"}, {"startColumn"})
                assert all(type(number) is int and number >= 1 for number in region.values())
    return run["results"]


RULES = ("document", "mapping", "field", "type", "language", "test", "overlap", "schedule", "secret")


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("include/connectors/fr_lamp.yaml", "include/connectors/fr_lamp.yaml"),
        ("include/Ét é#1.yaml", "include/%C3%89t%20%C3%A9%231.yaml"),
        ("a:b.yaml", "a%3Ab.yaml"),
        ("/srv/lamps 1.yaml", "file:///srv/lamps%201.yaml"),
        (None, None),
    ],
)
def test_every_kind_of_finding_keeps_the_format(file, uri):
    findings = [
        Finding(rule=rule, severity=severity, connector="x", text="", message="Wrong.", file=file, **spot)
        for rule in RULES
        for severity in ("error", "warning")
        for spot in ({}, {"line": 3}, {"line": 3, "column": 7, "suggestion": "brand"})
    ]
    results = keeps_the_format(sarif(findings))
    assert len(results) == len(findings)
    places = {
        location["physicalLocation"]["artifactLocation"]["uri"]
        for one in results
        for location in one.get("locations", ())
    }
    assert places == ({uri} if uri else set())


def test_a_log_without_findings_keeps_the_format():
    assert keeps_the_format(sarif([])) == []
