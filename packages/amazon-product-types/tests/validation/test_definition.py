import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from amazon_product_types.validation import compile_definition


def found(definition, attributes, **options):
    return [(issue.code, issue.path) for issue in definition.issues(attributes, **options)]


def test_a_good_payload_has_no_issue(lamp, payload):
    definition = compile_definition(lamp)
    assert definition.is_valid(payload)
    assert definition.issues(payload) == []
    assert definition.failures(payload) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"item_name": None}, [("wrong_type", "item_name")]),
        ({"item_name": "Lamp"}, [("wrong_type", "item_name")]),
        ({"item_name": []}, [("empty_value", "item_name")]),
        ({"item_name": [{"value": "", "language_tag": "en_GB"}]}, [("empty_value", "item_name/0/value")]),
        ({"item_name": [{"value": "é" * 51, "language_tag": "en_GB"}]}, [("too_long", "item_name/0/value")]),
        ({"item_name": [{"value": 5, "language_tag": "en_GB"}]}, [("wrong_type", "item_name/0/value")]),
        ({"colour": []}, [("unknown_attribute", "colour")]),
        ({"size": [{"value": "M", "unit": "x"}]}, [("unknown_field", "size/0/unit")]),
        ({"item_weight": [{"value": 1}]}, [("missing_field", "item_weight/0/unit")]),
        ({"item_weight": [{"value": -1, "unit": "grams"}]}, [("too_small", "item_weight/0/value")]),
        ({"item_weight": [{"value": 1000, "unit": "grams"}]}, [("not_below", "item_weight/0/value")]),
        ({"item_weight": [{"value": 1.005, "unit": "grams"}]}, [("wrong_step", "item_weight/0/value")]),
        ({"item_weight": [{"value": 19.99, "unit": "grams"}]}, []),
        ({"item_weight": [{"value": "1", "unit": "grams"}]}, [("wrong_type", "item_weight/0/value")]),
        ({"item_weight": [{"value": 1, "unit": "Grams"}]}, [("not_an_option", "item_weight/0/unit")]),
        ({"item_weight": [{"value": 1, "unit": 7}]}, [("wrong_type", "item_weight/0/unit")]),
        ({"launch": [{"value": "2026-02-30"}]}, [("wrong_date", "launch/0/value")]),
        ({"launch": [{"value": "31.12.2026"}]}, [("wrong_date", "launch/0/value")]),
        ({"launch": [{"value": 20261231}]}, [("wrong_type", "launch/0/value")]),
        ({"launch": [{"value": "2026-12-31T08:00:00Z"}]}, []),
        ({"picture": [{"value": "www.example.com/a b"}]}, [("wrong_url", "picture/0/value")]),
        ({"picture": [{"value": "ftp://example.com/a"}]}, [("wrong_url", "picture/0/value")]),
        ({"picture": [{"value": ""}]}, [("empty_value", "picture/0/value")]),
        ({"color": [{"value": 3}]}, [("wrong_type", "color/0/value")]),
        ({"size": [{"value": "M"}, {"value": "L"}]}, [("too_many_alike", "size")]),
        ({"theme": [{"value": "STYLE"}]}, [("not_an_option", "theme/0/value")]),
        ({"size": None, "colour": [], "launch": [{}]}, [
            ("missing_field", "launch/0/value"), ("wrong_type", "size"), ("unknown_attribute", "colour"),
        ]),
    ],
)  # fmt: skip
def test_one_cause_gives_one_issue(lamp, payload, change, expected):
    definition = compile_definition(lamp)
    changed = {**payload, **change}
    assert found(definition, changed) == expected
    assert definition.is_valid(changed) is not bool(expected)


def test_the_same_mistake_in_every_element_is_reported_once(lamp, payload):
    points = [{"value": text} for text in "abc"]
    (issue,) = compile_definition(lamp).issues({**payload, "bullet_point": points})
    assert (issue.code, issue.path) == ("missing_field", "bullet_point/0/language_tag")
    assert issue.message.endswith("The same in 2 more places.")


def test_two_texts_that_are_too_long_are_two_issues(lamp, payload):
    lamp["properties"]["item_name"]["maxUniqueItems"] = 2
    names = [{"value": "x" * 70, "language_tag": "en_GB"}] * 2
    assert found(compile_definition(lamp), {**payload, "item_name": names}) == [
        ("too_long", "item_name/0/value"),
        ("too_long", "item_name/1/value"),
    ]


def test_either_or_is_one_issue_with_both_names(lamp, payload):
    del payload["asin"]
    (issue,) = compile_definition(lamp).issues(payload)
    assert (issue.code, issue.attribute) == ("missing_one_of", "external_id")
    assert issue.allowed == {"one_of": ["external_id", "asin"]}
    assert "“External ID” or “ASIN”" in issue.message
    assert issue.why == "required unless “Exempt” is true"


def test_a_truth_value_that_is_false_is_as_good_as_none(lamp, payload):
    del payload["asin"]
    (issue,) = compile_definition(lamp).issues({**payload, "exempt": [{"value": False}]})
    assert issue.why == "required unless “Exempt” is true"


def test_a_forbidden_attribute_says_when_it_is_allowed(lamp, payload):
    (issue,) = compile_definition(lamp).issues(
        {**payload, "parent": [{"value": "P", "marketplace_id": "A1"}]}
    )
    assert (issue.code, issue.path, issue.label) == ("not_allowed", "parent/0/value", "Parent SKU")
    assert issue.why == "not allowed unless “Level” is child"


def test_what_must_go_is_not_criticised_besides(lamp, payload):
    lamp["allOf"][1]["then"] = {"not": {"required": ["parent"]}}
    broken = [{"value": 3, "x": 1}, "text"]
    assert found(compile_definition(lamp), {**payload, "parent": broken}) == [("not_allowed", "parent")]


def test_required_because(lamp, payload):
    (issue,) = compile_definition(lamp).issues({**payload, "level": [{"value": "child"}]})
    assert (issue.code, issue.path, issue.why) == (
        "missing_attribute",
        "parent",
        "required because “Level” is child",
    )


def test_required_unless_names_the_value_that_frees(lamp, payload):
    # "not given, or given and not parent" is just "not parent".
    del payload["size"]
    definition = compile_definition(lamp)
    (issue,) = definition.issues(payload)
    assert issue.why == "required unless “Level” is parent"
    assert definition.is_valid({**payload, "level": [{"value": "parent"}]})


def test_what_is_required_anyhow_needs_no_reason(lamp, payload):
    lamp["allOf"].append({"if": {"required": ["size"]}, "then": {"required": ["item_name"]}})
    del payload["item_name"]
    (issue,) = compile_definition(lamp).issues(payload)
    assert issue.why == ""


def test_failures_name_the_place_the_keyword_looks_at(lamp, payload):
    payload["item_weight"] = [{"value": 1}]
    payload["colour"] = 1
    payload["launch"] = [{"value": "soon"}]
    del payload["asin"]
    entries = {(issue.path, issue.keyword) for issue in compile_definition(lamp).failures(payload)}
    assert entries == {
        ("item_weight/0", "required"),
        ("", "additionalProperties"),
        ("launch/0/value", "oneOf"),
        ("", "required"),
    }


def test_failures_count_each_missing_attribute_once(lamp):
    lamp["allOf"] += [{"required": ["item_name"]}, {"required": ["color", "size"]}]
    missing = [issue.attribute for issue in compile_definition(lamp).failures({})]
    assert sorted(missing) == ["asin", "color", "external_id", "item_name", "size"]


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("a\ud800b", "size/0/value"),
        (float("nan"), "item_weight/0/value"),
        (float("inf"), "item_weight/0/value"),
        (b"bytes", "size/0/value"),
        ({1: 2}, "size/0/value/1"),
    ],
)
def test_what_is_no_json_is_an_issue_not_a_crash(lamp, payload, value, path):
    attribute = path.split("/", maxsplit=1)[0]
    payload[attribute] = [{**payload[attribute][0], "value": value}]
    definition = compile_definition(lamp)
    issues = definition.issues(payload)
    assert ("not_json", path) in [(issue.code, issue.path) for issue in issues]
    assert all(issue.message.isprintable() for issue in issues)
    assert definition.failures(payload)


def test_broken_text_does_not_hide_the_other_issues(lamp, payload):
    payload |= {"size": [{"value": "\udfff"}], "colour": 1}
    assert found(compile_definition(lamp), payload) == [
        ("not_json", "size/0/value"),
        ("unknown_attribute", "colour"),
    ]


@pytest.mark.parametrize("attributes", [None, [], "text", 3, True])
def test_a_payload_of_another_type(lamp, attributes):
    definition = compile_definition(lamp)
    assert not definition.is_valid(attributes)
    assert [issue.code for issue in definition.issues(attributes)] == ["wrong_type"]


def test_values_keep_their_json_type(lamp, payload):
    payload["size"] = [{"value": "0123"}]
    payload["color"] = [{"value": "Infinity"}]
    definition = compile_definition(lamp)
    assert definition.is_valid(payload)
    for text in ("1e5", "0123", "true"):
        assert not definition.is_valid({**payload, "item_weight": [{"value": text, "unit": "grams"}]})
    assert not definition.is_valid({**payload, "exempt": [{"value": "true"}]})


def test_the_same_content_is_compiled_once(lamp):
    first = compile_definition(lamp)
    assert compile_definition(dict(lamp)) is first
    assert compile_definition(lamp, locale_document=lamp) is not first
    lamp["required"] = []
    assert compile_definition(lamp) is not first
    assert first.checksum != compile_definition(lamp).checksum


def test_pickled_and_back_it_says_the_same(lamp, payload):
    definition = compile_definition(lamp)
    again = pickle.loads(pickle.dumps(definition))  # noqa: S301 - our own bytes
    assert again.issues({}) == definition.issues({})
    assert again.is_valid(payload)


def test_threads_share_a_definition(lamp, payload):
    lamp["$comment"] = "threads"
    start = threading.Barrier(8)

    def work(number):
        start.wait()
        definition = compile_definition(lamp)
        bad = {
            **payload,
            "colour": number,
            "level": [{"value": "child"}],
            "size": [{"value": f"\ud800{number}"}],
        }
        seen = [definition.issues(bad) for _ in range(30)]
        return id(definition), all(issues == seen[0] for issues in seen), len(seen[0])

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(work, range(8)))
    assert {result[1:] for result in results} == {(True, 3)}
    assert len({result[0] for result in results}) == 1


def test_the_document_is_not_changed(lamp, payload):
    before = pickle.dumps(lamp)
    definition = compile_definition(lamp)
    definition.issues({**payload, "colour": 1, "level": [{"value": "child"}]}, update=True)
    assert pickle.dumps(lamp) == before


def test_a_list_of_items_by_position_is_judged_although_it_describes_no_one_field(lamp, payload):
    element = {"type": "object", "properties": {"value": {"type": "string"}}}
    pair = {"title": "Pair", "type": "array", "items": [element]}
    document = {**lamp, "properties": {**lamp["properties"], "pair": pair}}
    definition = compile_definition(document)
    assert definition.issues({**payload, "pair": [{"value": "x"}]}) == []
    (issue,) = definition.issues({**payload, "pair": [{"value": 5}]})
    assert issue.attribute == "pair"
