"""Tests written from real products: what the mapping makes of one now, kept for every later edit.

A test has the PIM fields that the mapping reads, and expects what the mapping makes of these. What depends on
more than the test can give (siblings of a variant, related tables) is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from amazon_listings.fleet.mapping_tests import as_written, given_item
from amazon_listings.mapping.expressions.rows import RECORD_NAMES
from amazon_listings.mapping.values.value import is_empty

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from amazon_listings.connectors.model import Connector
    from amazon_listings.item import Item, Record
    from amazon_listings.mapping.expressions.reads import Reads
    from amazon_listings.mapping.mapping import FieldMapping

#: Indentation of a list's elements below their key.
_INDENT = 2


def kept_test(
    connector: Connector, mapping: FieldMapping, item: Item, siblings: Sequence[Record] = ()
) -> dict[str, Any]:
    """Return a test of what the mapping makes of an item.

    Args:
        connector: The connector; the test is for its marketplace and product type.
        mapping: Its compiled mapping.
        item: The item, as it was read.
        siblings: The variants of its product.
    """
    reads = mapping.reads()
    name = item["sku"] or item["pim_id"]
    test: dict[str, Any] = {
        "name": name,
        "country": connector.amazon.country,
        "product_type": connector.amazon.product_type,
        "given": _fields(item["product"], reads),
    }
    if item["variant"] is not None:
        test["variant"] = _fields(item["variant"], reads)
    if item["sku"] and "sku" in reads.fields:
        test["sku"] = item["sku"]
    now = mapping.apply(item, siblings=siblings)
    given = given_item(test, connector.pim_languages)
    again = mapping.apply(given, siblings=[given["variant"]] if given["variant"] else [])
    expect: dict[str, Any] = {
        attribute: [as_written(one) for one in elements]
        for attribute, elements in again.attributes.items()
        if now.attributes.get(attribute) == elements
    }
    for issue in again.issues:
        same = any((one.code, one.attribute) == (issue.code, issue.attribute) for one in now.issues)
        if issue.severity == "ERROR" and issue.attribute and issue.attribute not in expect and same:
            expect[issue.attribute] = {"issue": issue.code}
    return {**test, "expect": expect}


def with_tests(text: str, tests: Sequence[Mapping[str, Any]]) -> str:
    """Return the text of a document with tests added; its other lines stay as they are."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    known = next((value for key, value in pairs if key.value == "tests"), None)
    if known is None:
        return f"{text.rstrip()}\n\ntests:\n{_listed(tests, _INDENT)}"
    if not isinstance(known, yaml.SequenceNode) or not known.value:
        start, end = known.start_mark.index, known.end_mark.index
        return f"{text[:start].rstrip()}\n{_listed(tests, _INDENT)}{text[end:].lstrip(' ').lstrip(chr(10))}"
    if known.flow_style:
        flow = yaml.safe_dump(list(tests), default_flow_style=True, allow_unicode=True, width=10**9)
        end = known.end_mark.index - 1
        return f"{text[:end].rstrip().rstrip(',')}, {flow.strip()[1:-1]}{text[end:]}"
    line = max(last_line(one) for one in known.value) + 1
    lines = text.splitlines(keepends=True)
    before = "".join(lines[:line])
    before += "" if before.endswith("\n") else "\n"
    return before + _listed(tests, known.start_mark.column) + "".join(lines[line:])


def _fields(record: Record, reads: Reads) -> dict[str, Any]:
    """Return what the mapping reads of a record; texts by language."""
    wanted = reads.fields
    own = {
        name: record[key]  # type: ignore[literal-required]
        for name, key in RECORD_NAMES.items()
        if name in wanted
    }
    values: dict[str, Any] = {**record["fields"], **record["images"]}
    values |= {
        name: {language: text for language, text in texts.items() if not is_empty(text)}
        for name, texts in record["texts"].items()
    }
    found = {name: value for name, value in values.items() if name in wanted or reads.any_field}
    return own | {name: value for name, value in found.items() if value != {}}


def _listed(tests: Sequence[Mapping[str, Any]], indent: int) -> str:
    text = yaml.safe_dump(
        [dict(one) for one in tests],
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=None,
        width=100,
    )
    return "".join(f"{' ' * indent}{line}\n" for line in text.splitlines())


def last_line(node: yaml.Node) -> int:
    """Return the last line, from 0, on which something of a node stands."""
    if isinstance(node, yaml.ScalarNode) or getattr(node, "flow_style", False):
        end = node.end_mark
        return int(end.line - 1 if end.column == 0 and end.line > node.start_mark.line else end.line)
    parts = [part for pair in node.value for part in (pair if isinstance(pair, tuple) else (pair,))]
    return max(map(last_line, parts), default=int(node.start_mark.line))
