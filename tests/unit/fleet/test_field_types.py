"""`connectors check`: PIM fields whose type, or values, an attribute cannot take."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from amazon_listings.cli import app
from spapi_sandbox.server import running_sandbox
from support.airflow import pim_connection
from support.ledgers import ledger_in
from tests.unit.fleet.conftest import write
from tests.unit.fleet.test_plan import item, keep

HEAD = """\
id: typed
amazon: {country: FR, product_type: LAMP, locale: en_US}
"""
FILES = (
    HEAD + 'files: {path: "PATH", languages: [fr], sku: "{{ item.id }}", image_columns: [photo]}\nmapping:\n'
)
PIM = HEAD + 'sales_layer: {connection: pim, languages: [fr], sku: "{{ item.prod_ref }}"}\nmapping:\n'
RELEASE = "merchant_release_date"


@pytest.fixture
def found(folder, storage):
    """Gives what a check finds of types: severity and suggestion by the line's text."""

    def found(head, *lines):
        write(folder, typed=head + "".join(f"  {line}\n" for line in lines))
        result = CliRunner().invoke(app, ["connectors", "check", "typed", "--folder", str(folder), "--json"])
        findings = [one for one in json.loads(result.stdout)["findings"] if one["rule"] == "type"]
        text = (folder / "typed.yaml").read_text().splitlines()
        return {
            text[one["line"] - 1].strip().partition(":")[0]: (one["severity"], one["suggestion"])
            for one in findings
        }

    return found


def test_types_that_the_pim_tells(found, monkeypatch):
    with running_sandbox() as sandbox:
        monkeypatch.setenv("AIRFLOW_CONN_PIM", json.dumps(pim_connection(sandbox)))
        assert found(
            PIM,
            'item_weight: {value: "{{ item.product_image }}", unit: kilograms}',
            'Brand: "{{ item.product_image }}"',
            "stock: \"{{ item['brand'] }}\"",
            'batteries_required: "{{ item.stock }}"',
            f'{RELEASE}: "{{{{ product.prod_title }}}}"',
            'Item Name: "{{ item.dimmable }}"',
        ) == {
            "item_weight": ("error", "{{ item.weight_value }}"),
            "Brand": ("warning", "{{ item.brand }}"),
            "stock": ("warning", "{{ item.brand | extract_number }}"),
            "batteries_required": ("warning", "{{ item.batteries_required }}"),
            RELEASE: ("warning", "{{ item.launch_date }}"),
            "Item Name": ("warning", '{{ item.dimmable | boolean("…", "…") }}'),
        }
    # Now the PIM does not answer, and what it told is kept.
    assert set(found(PIM, 'stock: "{{ item.brand }}"')) == {"stock"}
    assert (
        found(
            PIM,
            'item_weight: "{{ item.weight }}"',
            'stock: "{{ item.stock }}"',
            'main_product_image_locator: "{{ item.product_image }}"',
            'batteries_required: "{{ item.batteries_required }}"',
            f'{RELEASE}: "{{{{ item.launch_date }}}}"',
            'Brand: "{{ item.stock | round }}"',
        )
        == {}
    )


ROWS = [
    {
        "id": "1",
        "photo": "https://x.example/1.jpg",
        "size": "large",
        "pieces": "3",
        "day": "2026-05-01",
        "kg": "1,5 kg",
    },
    {"id": "2", "photo": "", "size": "small", "pieces": "n/a", "day": "", "kg": "2"},
]
LINES = (
    'item_weight: "{{ item.photo }}"',
    'stock: "{{ item.size }}"',
    f'{RELEASE}: "{{{{ item.pieces }}}}"',
)
RIGHT = ('item_weight: "{{ item.kg }}"', 'stock: "{{ item.pieces }}"', f'{RELEASE}: "{{{{ item.day }}}}"')


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_values_of_a_file(found, tmp_path, ending):
    path = tmp_path / f"p.{ending}"
    if ending == "csv":
        cells = [",".join(f'"{one}"' for one in row.values()) for row in ROWS]
        path.write_text("\n".join([",".join(ROWS[0]), *cells]))
    else:
        path.write_text("".join(f"{json.dumps(row)}\n" for row in ROWS))
    head = FILES.replace("PATH", str(path))
    assert {line: severity for line, (severity, _) in found(head, *LINES).items()} == {
        "item_weight": "error",
        "stock": "warning",
        RELEASE: "warning",
    }
    assert found(head, *RIGHT) == {}


def test_values_of_the_items_that_were_read_last_decide(found, tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("id,size\n1,large\n")
    head = FILES.replace("PATH", str(path)).replace(", image_columns: [photo]", "")
    assert set(found(head, LINES[1])) == {"stock"}
    keep(ledger_in(tmp_path), "typed", [item(1, size="large"), item(2, size="12")])
    assert found(head, LINES[1]) == {}


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ('stock: "{{ item.size | number }}"', True),
        ('stock: "{{ item.size | extract_number | round }}"', True),
        (f"{RELEASE}: \"{{{{ item.size | date('%d.%m.%Y') }}}}\"", True),
        ('stock: "{{ item.photo | number }}"', True),
        ('batteries_required: "{{ item.kg | clean_html }}"', True),
        ('stock: "{{ item.pieces | number }}"', False),
        ('stock: "{{ item.kg | extract_number }}"', False),
        ("stock: \"{{ 3 if item.size == 'large' else 0 }}\"", False),
        ("stock: \"{{ {'small': 1}[item.size] }}\"", False),
        ('stock: "{{ item.once | number }}"', False),
        ("stock: \"{{ item.size | from_table(tables.sizes, 'a', 'b') | number }}\"", False),
        ('Brand: "{{ item.size | upper }} {{ connector.country }}"', False),
        ('main_product_image_locator: "{{ item.photo | image }}"', False),
        (f"{RELEASE}: \"{{{{ item.day | date('%Y-%m-%d') }}}}\"", False),
    ],
)
def test_what_an_expression_makes_of_the_values(found, tmp_path, line, wrong):
    rows = [row | {"once": "n/a" if number == 0 else ""} for number, row in enumerate(ROWS)]
    rows.append(rows[0] | {"id": "3", "photo": "https://x.example/3.jpg", "day": "2026-05-02"})
    (tmp_path / "p.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    (tmp_path / "sizes.csv").write_text("a,b\nlarge,1\n")
    head = FILES.replace("PATH", str(tmp_path / "p.jsonl"))
    head = head.replace("mapping:", f"tables: {{sizes: {tmp_path / 'sizes.csv'}}}\nmapping:")
    assert set(found(head, line)) == ({line.partition(":")[0]} if wrong else set())


def test_what_an_expression_makes_of_a_type(found, monkeypatch):
    with running_sandbox() as sandbox:
        monkeypatch.setenv("AIRFLOW_CONN_PIM", json.dumps(pim_connection(sandbox)))
        assert set(
            found(
                PIM,
                'stock: "{{ item.product_image | number }}"',
                'item_weight.value: "{{ item.brand | number }}"',
                f"{RELEASE}: \"{{{{ item.dimmable | date('%Y') }}}}\"",
                "Brand: \"{{ item.dimmable | boolean('a', 'b') }}\"",
                'batteries_required: "{{ item.stock > 0 }}"',
            )
        ) == {"stock", RELEASE}
