import pytest

from amazon_product_types.validation import compile_definition


def warnings(definition, attributes, **options):
    issues = definition.issues(attributes, **options)
    assert {issue.severity for issue in issues} <= {"WARNING"}
    return issues


def test_a_value_that_is_not_suggested_is_a_warning_with_the_nearest(lamp, payload):
    definition = compile_definition(lamp)
    changed = {**payload, "color": [{"value": "Golden"}]}
    assert definition.is_valid(changed)
    (issue,) = warnings(definition, changed)
    assert (issue.code, issue.keyword, issue.path, issue.severity) == (
        "not_suggested",
        "enum",
        "color/0/value",
        "WARNING",
    )
    assert issue.allowed["options"][0]["value"] == "Gold"
    assert issue.allowed["options_total"] == 7
    assert definition.failures(changed) == [issue]


def test_a_deprecated_value_names_its_replacement(lamp, payload):
    (issue,) = warnings(compile_definition(lamp), {**payload, "theme": [{"value": "OLD"}]})
    assert (issue.code, issue.keyword) == ("deprecated_option", "enumDeprecated")
    assert issue.action == "Choose another value before that: `SIZE`."


def test_without_a_replacement_the_values_that_stay_are_offered(lamp, payload):
    del lamp["properties"]["theme"]["items"]["properties"]["value"]["$lifecycle"]["enumReplacement"]
    (issue,) = warnings(compile_definition(lamp), {**payload, "theme": [{"value": "OLD"}]})
    assert [option["value"] for option in issue.allowed["options"]] == ["COLOR", "SIZE"]


def test_a_wrong_marketplace_everywhere_is_one_warning(lamp, payload):
    for name in ("item_name", "item_weight", "size"):
        payload[name][0]["marketplace_id"] = "A2"
    (issue,) = warnings(compile_definition(lamp), payload)
    assert issue.message.endswith("The same in 2 more places.")


@pytest.mark.parametrize("update", [False, True])
def test_what_cannot_be_changed_is_a_warning_on_update_only(lamp, payload, update):
    lamp["properties"]["external_id"]["items"]["properties"]["value"]["editable"] = False
    lamp["$defs"]["marketplace_id"] |= {"editable": False, "hidden": True}
    payload["external_id"] = [{"value": "1", "marketplace_id": "A1"}]
    found = warnings(compile_definition(lamp), payload, update=update)
    assert [(issue.code, issue.path) for issue in found] == [("not_editable", "external_id/0/value")] * update


def test_a_selector_that_cannot_be_changed_only_identifies(lamp, payload):
    lamp["properties"]["external_id"]["selectors"] = ["marketplace_id", "value"]
    payload["external_id"] = [{"value": "1"}]
    assert warnings(compile_definition(lamp), payload, update=True) == []


def test_no_warning_about_what_is_wrong_anyway(lamp, payload):
    lamp["properties"]["color"]["items"]["properties"]["value"]["maxLength"] = 3
    issues = compile_definition(lamp).issues({**payload, "color": [{"value": "Golden"}]})
    assert [issue.code for issue in issues] == ["too_long"]


def test_a_suggested_value_may_be_deprecated_too(lamp, payload):
    suggested = lamp["properties"]["color"]["items"]["properties"]["value"]["anyOf"][1]
    suggested["$lifecycle"] = {"enumDeprecated": ["Gold"]}
    (issue,) = warnings(compile_definition(lamp), {**payload, "color": [{"value": "Gold"}]})
    assert issue.code == "deprecated_option"
    assert "Gold" not in [option["value"] for option in issue.allowed["options"]]
