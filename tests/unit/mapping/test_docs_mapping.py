"""Every example of docs/mapping.md runs on the small definition."""

import json
import re
from pathlib import Path

import pytest

from amazon_listings.mapping.short_forms.forms import SHORT_FORMS
from support.small_definition import values

DOCS = (Path(__file__).parents[3] / "docs/mapping.md").read_text(encoding="utf-8")
ROW = re.compile(
    r"^\| `(?P<mapping>\{.+?\})` \| `(?P<fields>\{.*?\})` \| `(?P<result>\{.*?\})` \|$", re.MULTILINE
)
EXAMPLES = [
    tuple(json.loads(m[name]) for name in ("mapping", "fields", "result")) for m in ROW.finditer(DOCS)
]


@pytest.mark.parametrize(
    ("mapping", "fields", "result"), EXAMPLES, ids=[next(iter(m)) for m, _, _ in EXAMPLES]
)
def test_the_example_gives_what_the_page_says(small, mapping, fields, result):
    mapped = small.map(mapping, small.item(fields=fields))
    assert {name: values(mapped, name) for name in mapped.attributes} == result
    assert [issue for issue in mapped.issues if issue.severity == "ERROR"] == []


@pytest.mark.parametrize("name", [*SHORT_FORMS, "cost_price", "list_price", "truncate", "html"])
def test_each_short_form_has_an_example(name):
    assert any(f'"{name}"' in json.dumps(mapping) for mapping, _, _ in EXAMPLES)


def test_the_page_has_examples():
    assert len(EXAMPLES) >= 25
