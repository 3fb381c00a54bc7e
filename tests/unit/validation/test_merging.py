import itertools

from amazon_listings.validation import Issue, Origin, amazon_issues, compile_definition, merge_issues


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
