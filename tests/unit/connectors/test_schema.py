import dataclasses
import importlib.util
import re
from pathlib import Path

import jsonschema
import pytest

from amazon_listings.connectors import Amazon, Sync, schema_text
from amazon_listings.connectors.model import Approval, Guards
from amazon_listings.connectors.schema import defaults, resolved, schema
from amazon_listings.marketplaces import MARKETPLACES
from amazon_listings.sources.files.settings import FileSettings
from amazon_listings.sources.settings import settings_of, shared_settings
from local_airflow.project import PROJECT

SECTIONS = {"amazon": Amazon, "sync": Sync, "approval": Approval, "guards": Guards}


def _properties():
    for section in ("", "amazon", "sales_layer", "files", "sync", "approval", "guards", "variations"):
        node = resolved(schema()["properties"][section]) if section else schema()
        for key, value in node["properties"].items():
            yield pytest.param(section, key, resolved(value), id=f"{section}.{key}")


PROPERTIES = list(_properties())


def test_is_a_schema_and_the_one_that_editors_find():
    jsonschema.Draft202012Validator.check_schema(schema())
    assert schema_text() == (PROJECT / "include/schemas/connector.schema.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(("section", "key", "node"), PROPERTIES)
def test_every_key_is_explained(section, key, node):
    assert node["title"]
    assert node["description"].endswith(".")
    validator = jsonschema.Draft202012Validator({**node, "$defs": schema()["$defs"]})
    for value in [*node.get("examples", ()), *([node["default"]] if "default" in node else ())]:
        validator.validate(value)


@pytest.mark.parametrize("section", sorted(SECTIONS))
def test_dataclasses_have_the_defaults_of_the_schema(section):
    fields = {field.name: field.default for field in dataclasses.fields(SECTIONS[section])}
    stated = {
        key: tuple(value) if isinstance(value, list) else value for key, value in defaults(section).items()
    }
    own = {key: value for key, value in fields.items() if value is not dataclasses.MISSING}
    if section == "sync":
        assert own.pop("preview_sample") is None  # the N of preview: {sample: N}
        assert own.pop("preview_most") == 1000  # the N of preview: {needed: N}
    assert own == stated
    assert set(fields) - {"preview_sample", "preview_most"} == set(
        resolved(schema()["properties"][section])["properties"]
    )


def test_the_settings_of_sources_have_the_defaults_of_the_schema():
    shared = {key: node["default"] for key, node in shared_settings().items() if "default" in node}
    settings = settings_of("files", {"languages": ["fr"]})
    assert {key: getattr(settings, key) for key in shared} == shared | {"statuses": ("visible",)}
    assert set(shared_settings()) == {field.name for field in dataclasses.fields(settings)} - {
        "source",
        "own",
    }
    block = defaults("files") | {"languages": ["fr"], "path": "x.csv"}
    assert FileSettings(**settings_of("files", block).own) == FileSettings("x.csv")


def test_countries_and_locales():
    amazon = schema()["properties"]["amazon"]["properties"]
    assert set(amazon["country"]["enum"]) == {*MARKETPLACES, "UK"}
    assert len(amazon["locale"]["enum"]) == 38
    assert {market.locale for market in MARKETPLACES.values()} <= set(amazon["locale"]["enum"])


def test_expectations_are_those_of_great_expectations():
    package = Path(importlib.util.find_spec("great_expectations").origin).parent  # importing it takes seconds
    listed = (package / "expectations/core/__init__.py").read_text(encoding="utf-8")
    names = set(re.findall(r"from \.(expect_\w+) import", listed))
    names.remove("expect_multicolumn_values_to_be_unique")  # deprecated there, and not registered
    assert set(schema()["properties"]["quality"]["items"]["properties"]["expectation"]["enum"]) == names


def test_the_documentation_has_every_key_with_its_default():
    text = (PROJECT / "docs/connectors.md").read_text(encoding="utf-8")
    chapters = dict(re.findall(r"^## `?(\w+)`?[^\n]*\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    for parameter in PROPERTIES:
        section, key, node = parameter.values
        row = re.search(rf"^\| `{key}` \|(.*)$", chapters[section or "document"], re.MULTILINE)
        assert row, f"{section}.{key} is not in docs/connectors.md"
        options = [option for branch in [node, *node.get("anyOf", ())] for option in branch.get("enum", ())]
        for option in options if key != "country" else ():  # every marketplace of Amazon
            assert f"`{option}`" in text, f"{section}.{key}: {option} is not in docs/connectors.md"
        if node.get("default") not in (None, [], True, False):
            default = node["default"]
            shown = (
                f"[{', '.join(default)}]" if isinstance(default, list) else str(default).replace("|", "\\|")
            )
            assert f"`{shown}`" in row[1] or f'`"{shown}"`' in row[1], f"{section}.{key}: default {shown}"
