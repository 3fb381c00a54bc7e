"""Every example of docs/expressions.md runs, and every filter and test has one."""

import json
import re
from pathlib import Path

import pytest

from amazon_listings.mapping.expressions.compiled import compile_expression
from amazon_listings.mapping.expressions.rows import ItemRow
from amazon_listings.mapping.formulas.registry import FILTERS, TESTS
from amazon_listings.mapping.values.related_table import RelatedTable

DOCS = (Path(__file__).parents[3] / "docs/expressions.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| .* \| .* \| `(?P<example>.+?)` \| `(?P<result>.+)` \|$", re.MULTILINE)
EXAMPLES = [(m["example"].replace("\\|", "|"), json.loads(m["result"])) for m in ROW.finditer(DOCS)]
GIVEN = json.loads(re.search(r"```json\n(.*?)```", DOCS, re.DOTALL)[1])

#: Formulas of Sales Layer's connectors that read; INSERT_IN_TABLE only writes.
FORMULAS = [
    "CLEAN_HTML", "CLEAN_TEXT", "EXTRACT_NUMBER", "CONCAT", "FIRSTUPPER", "LOWERCASE", "UPPERCASE",
    "REPEAT", "REPLACE", "SPLIT", "SUBSTR", "COUNT_STRING", "IF", "BOOLEAN", "CONTAINS",
    "COLUMN_EXISTS", "IS_EMPTY", "IS_NUMBER", "IS_STRING", "IS_TRUE", "IS_MODIFYED_LATER", "MATH",
    "ROUND", "CONVERT_CURRENCY", "CONVERT_NUM", "STANDARD_NUMBER", "MONEY_FORMAT", "TO_PERCENT",
    "RANDOM", "REPLACE_FROM_TABLE", "GET_VARIANTS_VALUES", "TABLEGROUP", "GET_CELL_VALUE",
    "INSERT_IN_TABLE",
]  # fmt: skip


@pytest.fixture(scope="module")
def row():
    def record(given):
        return {
            "id": "1",
            "ref": given.get("reference"),
            "status": "V",
            "modified": given.get("modified"),
            "fields": given.get("fields", {}),
            "texts": given.get("texts", {}),
            "images": given.get("images", {}),
        }

    item = {
        "pim_id": "products/1",
        "group": "products/1",
        "sku": None,
        "status": "V",
        "modified": None,
        "product": record(GIVEN["product"]),
        "variant": None,
    }
    colours = RelatedTable([{"code": "RD", "name": "Rouge"}, {"code": "BL", "name": "Bleu"}])
    siblings = [record(variant) for variant in GIVEN["variants"]]
    return ItemRow(item, "fr", siblings=siblings, tables={"colours": {"fr": colours}})


@pytest.mark.parametrize(("example", "result"), EXAMPLES, ids=[example for example, _ in EXAMPLES])
def test_the_example_gives_what_the_page_says(row, example, result):
    found = compile_expression(example).evaluate(row)
    assert found == result
    assert type(found) is type(result)


@pytest.mark.parametrize("formula", FORMULAS)
def test_each_formula_of_sales_layer_has_its_place(formula):
    assert re.search(rf"\b{formula}\b", DOCS)


@pytest.mark.parametrize("name", sorted({*FILTERS} - {"d"}))
def test_each_filter_has_an_example(name):
    assert any(re.search(rf"\| {name}\b", example) for example, _ in EXAMPLES)


@pytest.mark.parametrize("name", sorted(TESTS))
def test_each_test_has_an_example(name):
    assert any(re.search(rf"\bis {name}\b", example) for example, _ in EXAMPLES)
