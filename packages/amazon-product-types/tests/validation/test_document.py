import gzip
import json
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amazon_product_types.definition import Definition
from amazon_product_types.fields import fields
from amazon_product_types.validation import DefinitionError, compile_definition, parse_definition


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            '{"link": {"resource": "https://x", "verb": "GET"}, "checksum": "abc"}',
            "only links to the definition",
        ),
        ('{"schema": {"link": {}, "checksum": "x"}, "productType": "LAMP"}', "only links to the definition"),
        ("<!DOCTYPE html><html><body>Sign in</body></html>", "is an HTML document"),
        ('<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "is an XML document"),
        ("", "is empty"),
        ("   \n", "is empty"),
        ("[1, 2]", "is no JSON object"),
        ("null", "is no JSON object"),
        ("{}", "has no `properties`"),
        ('{"properties": {}}', "has no `properties`"),
        ('{"properties": ["brand"]}', "has no `properties`"),
        ('{"properties": {"brand": "text"}}', "describes the attribute `brand`"),
        ('{"errors": [{"code": "QuotaExceeded"}]}', "QuotaExceeded"),
        ('{"properties": {"brand": {"type": ', "is cut off after 34 characters"),
        ('{"properties": {"brand": {"type": "str', "is cut off"),
        ("{'properties': 1}", "is not JSON"),
        (b"\xff\xfe{}", "is not UTF-8"),
        (gzip.compress(b'{"properties": {}}', mtime=0)[:-9], "is not UTF-8"),
        ("[" * 200_000, "nested too deeply"),
    ],
)
def test_what_is_no_definition_is_refused_in_one_sentence(content, said):
    with pytest.raises(DefinitionError, match="This is not a product type definition") as refused:
        parse_definition(content)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "write", [str.encode, lambda text: gzip.compress(text.encode()), lambda text: "\ufeff" + text]
)
def test_a_definition_is_read_however_it_is_packed(lamp, write):
    assert parse_definition(write(json.dumps(lamp))) == lamp


@settings(deadline=None)
@given(st.data())
def test_a_definition_cut_off_anywhere_is_refused(data):
    text = json.dumps({"type": "object", "properties": {"brand": {"type": "array", "minItems": 1}}})
    with pytest.raises(DefinitionError):
        parse_definition(text[: data.draw(st.integers(0, len(text) - 1))])


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("required", "brand"), ("selectors", [1]), ("items", 5), ("items", [5]), ("properties", []),
        ("maxUniqueItems", "1"), ("enum", "a"), ("examples", 1), ("enumNames", {}), ("$ref", {}),
        ("allOf", {"type": "string"}), ("if", "x"), ("dependentRequired", []), ("type", ["text"]),
        ("type", {}),
        ("$lifecycle", []), ("$lifecycle", {"enumReplacement": [1]}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("deep", [False, True])
def test_a_keyword_of_another_form_is_refused_with_its_place(keyword, value, deep):
    node = {"type": "array", "items": {keyword: value}} if deep else {keyword: value}
    with pytest.raises(
        DefinitionError, match=r"breaks the rules of JSON Schema at `properties/brand/"
    ) as said:
        parse_definition(json.dumps({"properties": {"brand": node}}))
    assert keyword in str(said.value)


@pytest.mark.parametrize(
    "node",
    [
        '{"title": "\\ud83d"}', '{"default": "x\\udc00y"}', '{"maximum": ' + "9" * 5000 + "}",
        '{"items": ' * 400 + "{}" + "}" * 400, '{"default": ' + "[" * 100_000 + "]" * 100_000 + "}",
    ],
)  # fmt: skip
def test_what_no_engine_can_hold_is_refused(node):
    with pytest.raises(DefinitionError):
        parse_definition('{"properties": {"brand": ' + node + "}}")


@pytest.mark.parametrize(
    "keyword", ["allOf", "anyOf", "oneOf", "if", "then", "else", "not", "contains", "items"]
)
@pytest.mark.parametrize("schema", [True, False])
def test_true_and_false_stand_for_schemas(lamp, keyword, schema):
    logic = {"if": {"required": ["brand"]}} if keyword in {"then", "else"} else {}
    rule = {**logic, keyword: [schema, True] if keyword.endswith("Of") else schema}
    lamp["allOf"] = [rule, {"properties": {"color": rule}}]
    validator = compile_definition(parse_definition(json.dumps(lamp)))
    assert fields(Definition(lamp))
    assert validator.issues({}) != validator.issues({"color": [{"value": "x"}]})


@pytest.mark.parametrize("document", [[], "text", None, 3, {"link": 1, "checksum": 2}])
def test_compiling_refuses_too(document):
    with pytest.raises(DefinitionError):
        compile_definition(document)


@pytest.mark.parametrize(
    "schema",
    [
        {"maxLength": "5"},
        {"type": "text"},
        {"pattern": "(?<"},
        {"anyOf": []},
        {"multipleOf": 0},
        {"$ref": "#/$defs/nowhere"},
        {"$ref": "https://schemas.amazon.com/another"},
    ],
)
def test_a_definition_that_breaks_json_schema_is_refused(schema):
    with pytest.raises(DefinitionError, match="breaks the rules of JSON Schema"):
        compile_definition({"properties": {"brand": schema}})


def test_the_network_is_never_asked(lamp, payload, monkeypatch):
    def refuse(*_):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    lamp["$comment"] = "not compiled before"
    lamp["$vocabulary"] = {}
    del lamp["$vocabulary"]
    assert compile_definition(lamp).is_valid(payload)


def test_unknown_keywords_of_the_future_do_nothing(lamp, payload):
    lamp["properties"]["size"]["items"]["properties"]["value"] |= {"sparkle": {"type": 7}, "enumSoon": [1]}
    lamp["properties"]["size"]["twinkle"] = [{"$ref": "nowhere"}]
    assert compile_definition(lamp).issues(payload) == []


def test_empty_and_repeated_lists_are_no_crash(lamp, payload):
    lamp["required"] = ["item_name", "item_name"]
    lamp["properties"]["size"]["items"]["properties"]["value"]["anyOf"] = [{"type": "string"}, {"enum": []}]
    definition = compile_definition(lamp)
    assert definition.issues(payload) == []
    assert [issue.path for issue in definition.issues({**payload, "item_name": None})] == ["item_name"]


def test_fifty_five_levels_of_conditions(lamp, payload):
    rule = {"required": ["color"]}
    for _ in range(55):
        rule = {"allOf": [{"if": {"required": ["size"]}, "then": rule}]}
    lamp["allOf"].append(rule)
    (issue,) = compile_definition(lamp).issues(payload)
    assert (issue.path, issue.why) == ("color", "required because “Size” is given")
