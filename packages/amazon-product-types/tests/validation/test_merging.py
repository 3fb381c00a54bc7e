import itertools

from hypothesis import example, given
from hypothesis import strategies as st

from amazon_product_types.validation import Issue, Origin, amazon_issues, compile_definition, merge_issues
from amazon_product_types.validation.merging import ORDER


def amazon(code, attribute, source, severity="ERROR", **more):
    names = [attribute] if attribute else []
    return amazon_issues(
        [{"code": code, "severity": severity, "message": code, "attributeNames": names, **more}],
        source=source,
    )


def test_the_same_issue_of_three_sources_is_one(lamp, payload):
    payload["item_weight"] = [{"value": 1}]
    local = compile_definition(lamp).issues(payload)
    preview = amazon("99022", "item_weight", "preview", categories=["MISSING_ATTRIBUTE"])
    submission = amazon("90220", "item_weight", "submission")
    for order in itertools.permutations((local, preview, submission)):
        (issue,) = merge_issues(itertools.chain(*order))
        assert issue.path == "item_weight/0/unit"
        assert issue.sources == ("schema", "submission", "preview")
        assert set(issue.codes) == {"99022", "90220"}
        assert issue.categories == ("MISSING_ATTRIBUTE",)


def test_amazon_names_both_of_an_either_or(lamp, payload):
    del payload["asin"]
    local = compile_definition(lamp).issues(payload)
    (issue,) = merge_issues(
        local + amazon("90220", "asin", "preview") + amazon("90220", "external_id", "preview")
    )
    assert (issue.code, issue.sources, issue.codes) == ("missing_one_of", ("schema", "preview"), ("90220",))


def test_a_warning_of_ours_that_amazon_holds_for_an_error_is_one():
    ours = Issue("not_suggested", "WARNING", "schema", "m", attribute="color", family="invalid")
    (issue,) = merge_issues([ours, *amazon("90244", "color", "preview")])
    assert (issue.code, issue.severity) == ("not_suggested", "ERROR")


def test_two_places_of_one_source_stay_apart(lamp, payload):
    payload["item_weight"] = [{}]
    local = compile_definition(lamp).issues(payload)
    merged = merge_issues(local + amazon("99022", "item_weight", "preview"))
    assert [issue.path for issue in merged] == [issue.path for issue in local]
    assert all(issue.sources == ("schema", "preview") for issue in merged)


def test_other_families_and_attributes_stay_apart():
    issues = (
        amazon("90220", "a", "preview")
        + amazon("4000001", "a", "submission")
        + amazon("90220", "b", "submission")
    )
    assert merge_issues(issues) == issues


def test_without_attribute_only_the_code_is_the_same():
    issues = amazon("8560", "", "preview") + amazon("8560", "", "submission") + amazon("13013", "", "listing")
    assert [(issue.code, issue.sources) for issue in merge_issues(issues)] == [
        ("8560", ("submission", "preview")),
        ("13013", ("listing",)),
    ]


def test_the_way_back_to_the_pim_is_kept():
    origin = Origin(line=7, key="Couleur", field="color", language="fr")
    ours = Issue("not_an_option", "ERROR", "schema", "m", attribute="color", family="invalid")
    mapped = Issue("lossy", "WARNING", "mapping", "n", attribute="color", family="invalid", origin=origin)
    (issue,) = merge_issues([ours, mapped])
    assert (issue.code, issue.origin, issue.severity) == ("lossy", origin, "ERROR")


def test_merging_again_changes_nothing(lamp, payload):
    payload["item_weight"] = [{"value": 1}]
    merged = merge_issues(
        compile_definition(lamp).issues(payload) + amazon("99022", "item_weight", "preview")
    )
    assert merge_issues(merged) == merged
    assert merge_issues([]) == []


def several(code, names, source="preview"):
    issue = {"code": code, "severity": "ERROR", "message": code, "attributeNames": names}
    return amazon_issues([issue], source=source)


def missing(name):
    return Issue("missing_attribute", "ERROR", "schema", f"{name}!", attribute=name, family="missing")


def test_an_issue_about_several_attributes_is_part_of_the_issue_about_each():
    merged = merge_issues([*several("90220", ["a", "b"]), missing("b"), missing("a")])
    assert {(one.attribute, one.code, one.sources, one.codes) for one in merged} == {
        ("a", "missing_attribute", ("schema", "preview"), ("90220",)),
        ("b", "missing_attribute", ("schema", "preview"), ("90220",)),
    }


def test_the_second_attribute_that_amazon_names_is_recognised_too():
    (issue,) = merge_issues([missing("b"), *several("90220", ["b"], "submission"), *several("90220", ["b"])])
    assert issue.sources == ("schema", "submission", "preview")
    merged = merge_issues([missing("b"), *several("90220", ["a", "b", "c"])])
    assert [(one.attribute, one.others, one.sources) for one in merged] == [
        ("b", (), ("schema", "preview")),
        ("a", ("c",), ("preview",)),
    ]


def test_two_calls_that_name_the_same_attributes_are_one():
    (issue,) = merge_issues(several("100898", ["a", "b"]) + several("100898", ["b", "a"], "submission"))
    assert (issue.sources, issue.attribute, issue.others) == (("submission", "preview"), "b", ("a",))


def test_what_the_mapping_refused_is_not_told_as_missing_besides(lamp, payload):
    del payload["asin"]
    refused = Issue(
        "not_convertible", "ERROR", "mapping", "m", attribute="asin", family="invalid", origin=Origin(line=3)
    )
    (issue,) = merge_issues([*compile_definition(lamp).issues(payload), refused])
    assert (issue.code, issue.sources, issue.codes) == (
        "not_convertible",
        ("mapping", "schema"),
        ("missing_one_of",),
    )
    warned = Issue("left_out", "WARNING", "mapping", "m", attribute="asin")
    assert len(merge_issues([*compile_definition(lamp).issues(payload), warned])) == 2


def test_the_pim_field_tells_more_than_the_definition_and_the_rule_is_kept():
    field = Issue(
        "pim_field_empty", "ERROR", "quality", "“x” is empty in the PIM.", attribute="a", family="missing"
    )
    rule = Issue(
        "missing_attribute", "ERROR", "schema", "m", attribute="a", family="missing", why="because b"
    )
    (issue,) = merge_issues([rule, field])
    assert (issue.code, issue.why, issue.sources) == ("pim_field_empty", "because b", ("quality", "schema"))


def test_issues_that_another_source_makes_equal_are_one():
    warned, refused = (Issue("y", severity, "mapping", "n") for severity in ("WARNING", "ERROR"))
    (issue,) = merge_issues([refused, warned, Issue("y", "ERROR", "quality", "m")])
    assert (issue.severity, issue.sources) == ("ERROR", ("mapping", "quality"))


NAMES = st.sampled_from(["", "a", "b", "c"])


@st.composite
def issues(draw):
    source = draw(st.sampled_from(ORDER))
    attribute = draw(NAMES)
    more = draw(st.lists(NAMES.filter(bool), max_size=2, unique=True)) if attribute else []
    return Issue(
        draw(st.sampled_from(["x", "y"])),
        draw(st.sampled_from(["ERROR", "WARNING", "INFO"])),
        source,
        draw(st.sampled_from(["m", "n"])),
        attribute=attribute,
        family=draw(st.sampled_from(["missing", "invalid", ""])),
        others=tuple(name for name in more if name != attribute) if source == "preview" else (),
    )


@example(
    [
        Issue("x", "WARNING", "mapping", "m", attribute="a", family="invalid"),
        Issue("x", "ERROR", "quality", "m", attribute="a", family="missing"),
        Issue("x", "ERROR", "quality", "m", attribute="a", family="invalid"),
    ]
)
@given(st.lists(issues(), max_size=6))
def test_merging_loses_nothing_says_nothing_twice_and_is_done_at_once(found):
    merged = merge_issues(found)
    assert merge_issues(merged) == merged
    assert {name for one in merged for name in (one.attribute, *one.others)} >= {
        name for one in found for name in (one.attribute, *one.others) if name
    }
    assert {one.source for one in found} == {source for one in merged for source in one.sources}
    assert {one.code for one in found} == {code for one in merged for code in (one.code, *one.codes)}
    for identity in {one.identity for one in found if one.attribute and not one.others}:
        told = {one.source for one in merged if one.identity == identity and not one.others}
        assert len(told) <= 1
