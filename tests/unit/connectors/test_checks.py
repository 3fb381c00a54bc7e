"""Rules that a JSON Schema cannot say, and how problems are told."""

import json

import pytest

from amazon_listings.connectors import load_connectors

VARIATIONS = {"theme": "COLOR", "parent_sku": "{{ product.reference }}-P"}


@pytest.mark.parametrize(
    "schedule",
    [None, "@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly", "*/15 6-22 * * 1-5"],
)
def test_schedules(write, document, schedule):
    (connector,) = load_connectors(write(document | {"sync": {"schedule": schedule}}), {}).connectors
    assert connector.sync.schedule == schedule


@pytest.mark.parametrize(
    "schedule", ["daily", "61 * * * *", "* * * *", "* * * * * *", "0 0 30 2 *", "x y z a b", 5, ""]
)
def test_schedules_that_never_come(broken_text, document, schedule):
    text = broken_text(document | {"sync": {"schedule": schedule}})
    assert "sync.schedule" in text
    assert "1 error" in text


def _with(document, path, value):
    document = json.loads(json.dumps(document))
    parent = document
    *above, key = path.split(".")
    for step in above:
        parent = parent.setdefault(step, {})
    parent[key] = value
    return document


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("sales_layer.statuses", ["all", "draft"], "'all' is every status already"),
        ("sales_layer.statuses", [], "sales_layer.statuses: is empty"),
        ("sales_layer.statuses", ["draft", "draft"], "holds something twice"),
        ("sales_layer.languages", ["eu"], "no Amazon language tag is known for 'eu'"),
        ("sales_layer.languages", ["fr", "fr_FR"], "both become fr_FR"),
        ("sales_layer.languages", {"fr": "fr_FR", "en": "fr_FR"}, "both become fr_FR"),
        ("sales_layer.languages", {"fr": 5}, "5 is a number, not text"),
        ("sales_layer.languages", "fr", "a list such as [fr, en]; an object such as"),
        ("sales_layer.languages", [], "sales_layer.languages: is empty"),
        ("sales_layer.sku", "{{ item.a ", "is not an expression"),
        ("sales_layer.sku", "EAN", "Did you mean '{{ item.EAN }}'?"),
        ("sales_layer.filter", "{% if %}", "is not an expression"),
        ("sales_layer.sku_limit", True, "true is true or false, not a whole number"),
        ("sales_layer.sku_limit", "500", "Write 500 without quotes."),
        ("sync.timezone", "Europe/Berln", "Did you mean 'Europe/Berlin'?"),
        ("sync.timezone", "../../etc/passwd", "is not a time zone"),
        ("sync.start_date", "2026-02-30", "a date such as 2026-01-31"),
        ("sync.preview", {"sample": "5"}, "Write 5 without quotes."),
        ("sync.preview", "some", "changed, all, none; {sample: N}"),
        ("sync", None, "sync: has no value"),
        ("amazon", [], "an empty list is a list, not an object"),
        ("amazon.country", "NO", "amazon.country: 'NO' is not allowed"),
        ("amazon.product_type_version", "RELEASE_CANDIDAT", "Did you mean 'RELEASE_CANDIDATE'?"),
        ("amazon.product_type_version", "latest", "Did you mean 'LATEST'?"),
        ("variations", VARIATIONS | {"parent_sku": "parent"}, "is a constant"),
        ("variations", {"theme": "COLOR"}, "the key 'parent_sku' is missing"),
        ("variations", VARIATIONS | {"share": ["Marque"]}, "Did you mean 'shared'?"),
        ("variations", VARIATIONS | {"shared": "Marque"}, "'Marque' is text, not a list"),
        ("tables", {"Colours": "colours"}, "small letters, digits and _"),
        ("tables", {"colours": ["a.csv"]}, "is a list, not text"),
        ("id", "confirm", "the DAG amazon_confirm is one of this project's own"),
        ("id", "product_types", "the DAG amazon_product_types is one of this project's own"),
        ("id", "a" * 65, "is too long"),
        ("quality", [{"column": "a"}], "the key 'expectation' is missing"),
        ("quality", [{"expectation": "expect_column_to_exist", "level": "rows"}], "Did you mean 'row'?"),
        ("mapping", {"": 1}, "a key without a name"),
        ("mapping", [], "an empty list is a list, not an object"),
        ("refresh_token", "Atzr|IwEBI", "credentials do not belong in a connector"),
    ],
)
def test_rules(broken_text, document, path, value, said):
    text = broken_text(_with(document, path, value))
    assert said in text
    assert "cannot be used: 1 error." in text
    assert "IwEBI" not in text


@pytest.mark.parametrize("value", ["Atzr|IwEBIexample", "amzn1.oa2-cs.v1.example"])
def test_a_credential_in_the_wrong_place_is_not_shown(broken_text, document, value):
    for path in ("amazon.country", "sync.operation", "sales_layer.sku"):
        assert "example" not in broken_text(_with(document, path, value))
        patch = _with({}, path, value)
        assert "example" not in broken_text(document, fr_home=json.dumps(patch))
    assert "example" not in broken_text(document, fr_home=f'{{"password": "{value}" ')


def test_keys_with_slashes_and_numbers(broken_text, document):
    document["mapping"] |= {"a/b~c": None, "2": None}
    text = broken_text(document)
    assert 'mapping."a/b~c": has no value' in text
    assert "mapping.2: has no value" in text


def test_with_products_from_files_tables_are_files_too(broken_text, document):
    del document["sales_layer"]
    document["files"] = {"path": "a.csv", "languages": ["fr"]}
    document["tables"] = {"sizes": "sizes.csv", "colours": "colours"}
    assert "tables.colours: 'colours' is no .csv, .jsonl or .parquet file" in broken_text(document)


def test_offer_only_has_no_variations(broken_text, document):
    document["amazon"]["requirements"] = "LISTING_OFFER_ONLY"
    assert "an offer has no variations" in broken_text(document | {"variations": VARIATIONS})


def test_carets_stand_below_what_they_mean(broken_text):
    text = broken_text(
        "id: fr_home\namazon: {country: FR, product_type: HOME}\nsales_layer: {languages: [fr]}\n"
        'mapping: {"商品名": "{{ item.name }}", "ブランド": null, a: "' + "x" * 300 + '", b: null}\n'
    )
    lines = text.splitlines()
    first = next(n for n, line in enumerate(lines) if "ブランド" in line)
    before = lines[first].split("null")[0]
    wide = sum(2 if ord(char) > 0x2E80 else 1 for char in before)
    assert lines[first + 1].index("^") == wide
    assert lines[first + 1].count("^") == 4
    assert all(len(line) < 200 for line in lines)


def test_a_message_holds_no_control_characters(write, document, broken_text):
    hostile = "\x1b[2Ja\r\x07\u202e"
    variables = {f"amazon_connector_{hostile}": json.dumps({hostile: hostile})}
    loaded = load_connectors(write(json.dumps(document | {hostile: 1, "id": hostile})), variables)
    assert not loaded.connectors
    for broken in loaded.broken:
        assert broken.text.replace("\n", "").isprintable()
    assert "\x1b" not in broken_text(document, fr_home=f'{{"a": {hostile}')
