import json

import pytest

from amazon_product_types.validation import compile_definition


def the_issue(document, payload, **options):
    (issue,) = compile_definition(document).issues(payload, **options)
    return issue


def test_a_text_that_is_too_long_in_characters_and_bytes(lamp, payload):
    payload["item_name"][0]["value"] = "é" * 55
    issue = the_issue(lamp, payload)
    assert (
        issue.message
        == "“Title” has 55 characters (110 bytes); at most 50 characters and 60 bytes are allowed."
    )
    assert issue.allowed == {"max_characters": 50, "max_bytes": 60}
    assert issue.measured == {"characters": 55, "bytes": 110}


def test_a_text_that_is_too_long_in_bytes_alone(lamp, payload):
    payload["item_name"][0]["value"] = "宝" * 21
    issue = the_issue(lamp, payload)
    assert issue.message == "“Title” has 21 characters (63 bytes); at most 60 bytes are allowed."
    assert (issue.keyword, issue.allowed) == ("maxUtf8ByteLength", {"max_bytes": 60})


def test_the_nearest_five_of_a_long_list(lamp, payload):
    colors = [f"shade_{number:04}" for number in range(1700)] + ["kilograms", "grams"]
    names = [f"Shade {number}" for number in range(1700)] + ["Kilogrammes", "Grammes"]
    lamp["properties"]["item_weight"]["items"]["properties"]["unit"] |= {"enum": colors, "enumNames": names}
    payload["item_weight"][0]["unit"] = "kilogramme"
    issue = the_issue(lamp, payload)
    assert len(issue.allowed["options"]) == 5
    assert issue.allowed["options_total"] == 1702
    assert issue.allowed["options"][0] == {"value": "kilograms", "name": "Kilogrammes"}
    assert "`kilograms` (Kilogrammes)" in issue.message
    assert len(issue.message) < 400


def test_a_short_list_is_shown_whole(lamp, payload):
    issue = the_issue(lamp, {**payload, "theme": [{"value": "x"}]})
    assert issue.action == "Allowed values (3): `SIZE`, `COLOR`, `OLD`."


def test_did_you_mean_only_for_a_slip(lamp, payload):
    assert "Did you mean `color`?" in the_issue(lamp, {**payload, "colour": 1}).message
    assert "Did you mean" not in the_issue(lamp, {**payload, "voltage": 1}).message
    # By its label as well.
    assert "Did you mean `item_weight`?" in the_issue(lamp, {**payload, "Item weight": 1}).message


def test_two_values_for_one_combination(lamp, payload):
    payload["item_name"] *= 2
    issue = the_issue(lamp, payload)
    assert issue.message == (
        "“Item Name” has 2 values for the same `marketplace_id` and `language_tag`; at most 1 are allowed."
    )


def test_what_was_found_is_cut(lamp, payload):
    payload["item_name"][0]["value"] = "x" * 10_000
    issue = the_issue(lamp, payload)
    assert len(issue.found) == 200
    payload["item_name"][0]["value"] = [list(range(5000))]
    assert len(json.dumps(the_issue(lamp, payload).to_dict())) < 1200


def test_hostile_values_stay_text(lamp, payload):
    payload["item_weight"][0]["unit"] = "{label.__class__} {0} %s\nnext \x1b[31m"
    issue = the_issue(lamp, payload)
    assert "{label.__class__} {0} %s next" in issue.message
    assert "\n" not in issue.message


@pytest.mark.parametrize(
    ("language", "message", "why"),
    [
        ("en", "“Parent” is missing.", "required because “Level” is child"),
        ("es_MX", "Falta «Parent».", "obligatorio porque «Level» es child"),
        ("fr-FR", "« Parent » manque.", "obligatoire parce que « Level » est child"),
        ("de", "„Parent“ fehlt.", "erforderlich, weil „Level“ child ist"),
        ("ja_JP", "“Parent” is missing.", "required because “Level” is child"),
        ("../../secret", "“Parent” is missing.", "required because “Level” is child"),
    ],
)
def test_languages(lamp, payload, language, message, why):
    issue = the_issue(lamp, {**payload, "level": [{"value": "child"}]}, language=language)
    assert (issue.message, issue.why) == (message, why)


def test_labels_and_names_of_the_locale_document(lamp, payload):
    french = json.loads(json.dumps(lamp))
    unit = french["properties"]["item_weight"]["items"]["properties"]["unit"]
    unit |= {
        "title": "Unité du poids",
        "enum": ["grams", "kilograms"],
        "enumNames": ["Grammes", "Kilogrammes"],
    }
    lamp["properties"]["item_weight"]["items"]["properties"]["unit"] |= {
        "enum": ["kilograms", "grams", "pounds"],
        "enumNames": ["Kilograms", "Grams", "Pounds"],
    }
    payload["item_weight"][0]["unit"] = "Kilogrammes"
    definition = compile_definition(lamp, locale_document=french)
    (issue,) = definition.issues(payload, language="fr")
    assert issue.label == "Unité du poids"
    assert issue.allowed["options"] == [
        {"value": "kilograms", "name": "Kilogrammes"},
        {"value": "grams", "name": "Grammes"},
        {"value": "pounds", "name": "Pounds"},
    ]
    assert definition.label("item_weight/0/unit") == "Unité du poids"
    assert definition.label("item_weight") == "Item Weight"


def test_a_condition_with_many_values_names_the_one_the_item_has(lamp, payload):
    values = [f"T{number}" for number in range(40)]
    lamp["properties"]["theme"]["items"]["properties"]["value"]["enum"] = values
    condition = {"required": ["value"], "properties": {"value": {"enum": values[:30]}}}
    lamp["allOf"].append(
        {
            "if": {"required": ["theme"], "properties": {"theme": {"contains": condition}}},
            "then": {"required": ["color"]},
        }
    )
    issue = the_issue(lamp, {**payload, "theme": [{"value": "T7"}]})
    assert issue.why == "required because “Variation Theme” is T7"


def test_a_condition_inside_an_attribute(lamp, payload):
    item = lamp["properties"]["item_weight"]["items"]
    item["if"] = {"required": ["unit"], "properties": {"unit": {"enum": ["tons"]}}}
    item["then"] = {"properties": {"value": {"maximum": 5}}}
    issue = the_issue(lamp, {**payload, "item_weight": [{"value": 7, "unit": "tons"}]})
    assert (issue.code, issue.path) == ("too_large", "item_weight/0/value")
    assert issue.why == "this applies because “Item Weight Unit” is Tons"


def test_an_else_hangs_on_what_is_not_so(lamp, payload):
    lamp["allOf"].append(
        {"if": {"required": ["color"]}, "then": True, "else": {"required": ["launch"]}},
    )
    assert the_issue(lamp, payload).why == "required unless “Color” is given"


def test_a_missing_entry(lamp, payload):
    lamp["allOf"].append(
        {
            "properties": {
                "size": {"contains": {"required": ["value"], "properties": {"value": {"enum": ["XL"]}}}},
            }
        }
    )
    issue = the_issue(lamp, payload)
    assert (issue.code, issue.message) == ("missing_entry", "“Size” needs an entry where `value` = XL.")


def test_a_rule_names_attribute_and_value_as_people_call_them(lamp, payload):
    french = json.loads(json.dumps(lamp))
    french["properties"]["level"]["title"] = "Niveau de relation"
    value = french["properties"]["level"]["items"]["properties"]["value"]
    value |= {"enum": ["child", "parent"], "enumNames": ["Enfant", "Parent"]}
    definition = compile_definition(lamp, locale_document=french)
    (issue,) = definition.issues({**payload, "level": [{"value": "child"}]}, language="fr")
    assert issue.why == "obligatoire parce que « Niveau de relation » est Enfant"
    (issue,) = definition.issues({**payload, "level": [{"value": "child"}]})
    assert issue.why == "required because “Niveau de relation” is Enfant"


def test_the_nearest_options_are_said_once(lamp, payload):
    unit = lamp["properties"]["item_weight"]["items"]["properties"]["unit"]
    unit["enum"] = [f"unit_{number}" for number in range(100)]
    payload["item_weight"][0]["unit"] = "unit 7"
    issue = the_issue(lamp, payload)
    assert "Nearest of the 100 allowed values: `unit_7`" in issue.message
    assert issue.action == "Choose the right one."
