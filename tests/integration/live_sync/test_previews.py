"""The test sync against Amazon: what is previewed, what its answers become."""

import msgspec
import pytest

from amazon_listings.errors import RetryableError, RunAbortedError
from amazon_listings.ledger.items.known import known_items
from amazon_listings.runs.folder import part_name
from amazon_listings.runs.plan import Method, Plan
from amazon_listings.runs.tested_plans import TestedPlans
from support.run_records import note_of
from support.sync_runs import Run, lamp, variant

ASIN = "B0XDTVBZ4I"  # what the sandbox's catalogue has for the lamp's EAN


def answer(status, *issues):
    told = [
        {
            "code": code,
            "message": "Said by Amazon.",
            "severity": severity,
            "categories": [],
            "attributeNames": names,
        }
        for code, severity, names in issues
    ]
    return {"sku": "A", "status": status, "submissionId": "s", "issues": told}


def preview(shop, connector, body, **item):
    shop.sandbox.fault("putListingsItem", "status", status=200, body=body)
    return shop.run(connector, [lamp("A", **item)], operation="test")


def test_what_passed_this_definition_is_not_previewed_again(shop):
    connector = shop.connector()
    first = shop.run(connector, [lamp("A"), lamp("B")], operation="test")
    assert first.outcomes() == {"A": "ready", "B": "ready"}
    assert first.calls() == {"searches": 1, "previews": 2}
    again = shop.run(connector, [lamp("A"), lamp("B", price=12)], operation="test")
    assert again.outcomes() == {"A": "unchanged", "B": "ready"}
    assert again.calls() == {"searches": 1, "previews": 1}  # people may have made a listing of A since
    assert (
        shop.run(connector, [lamp("A"), lamp("B")], operation="test", force=True).calls()["previews"] == 1 + 1
    )
    live = shop.run(connector, [lamp("A"), lamp("B", price=12)])
    assert live.outcomes() == {"A": "accepted", "B": "accepted"}
    assert note_of(live.items()["A"]) == ""
    assert live.calls() == {"searches": 1, "creations": 2}


def test_of_a_listing_that_is_made_the_changes_are_told_where_they_are_looked_at(shop):
    connector = shop.connector()
    made = shop.run(connector, [lamp("A")])
    (item,) = made.tested()
    assert (item.makes, item.plan) == (True, None)
    plan = made.plans()["A"]
    assert item.plan_hash == item.hash
    assert plan.hash == Plan("A", Method.PUT, plan.changes).hash
    told = {change.leaf.attribute: change for change in plan.changes}
    assert {change.before for change in plan.changes} == {None}
    assert told["item_name"].origin.key == "item_name"
    part = part_name(1)
    plans = TestedPlans(connector, made.definitions, made.folder)
    assert plans.of(part, [msgspec.structs.replace(item, hash="of another payload")]) == {}
    earlier = msgspec.structs.replace(item, plan=plan)
    assert plans.of(part, [earlier]) == {item.pim_id: plan}
    changed = shop.run(connector, [lamp("A", price=12)])
    (item,) = changed.tested()
    assert not item.makes
    assert changed.plans()["A"] == item.plan
    assert [change.leaf.attribute for change in item.plan.changes] == ["purchasable_offer"]


def test_a_new_definition_is_asked_about_again(shop):
    connector = shop.connector()
    shop.run(connector, [lamp("A")], operation="test")
    with shop.ledger.begin() as connection:
        connection.exec_driver_sql("UPDATE items SET tested_definition = 'older'")
    assert shop.run(connector, [lamp("A")], operation="test").calls() == {"previews": 1}


@pytest.mark.parametrize(
    ("setting", "previews", "ready"),
    [("none", 0, 3), ({"sample": 2}, 2, 3), ("all", 3, 3), ("changed", 3, 3)],
)
def test_how_many_are_previewed(shop, setting, previews, ready):
    connector = shop.connector(sync={"preview": setting})
    run = shop.run(connector, [lamp("A"), lamp("B")], [lamp("C")], operation="test")
    assert run.calls().get("previews", 0) == previews
    assert list(run.outcomes().values()).count("ready") == ready


def test_all_previews_even_what_was_accepted_and_sends_nothing(shop):
    connector = shop.connector(sync={"preview": "all"})
    shop.run(connector, [lamp("A")])
    shop.sandbox.control("recording", on=True)
    run = shop.run(connector, [lamp("A")])
    assert run.outcomes() == {"A": "unchanged"}
    assert run.calls() == {"searches": 1, "previews": 1}
    shop.sandbox.fault(
        "patchListingsItem", "status", status=200, body=answer("INVALID", ("18027", "ERROR", []))
    )
    assert shop.run(connector, [lamp("A")]).outcomes() == {"A": "rejected"}


def test_the_asin_that_amazon_would_match_is_kept_and_shown(shop, ledger):
    connector = shop.connector()
    run = shop.run(connector, [lamp("A")], operation="test")
    assert run.items()["A"].asin == ASIN
    assert known_items(ledger, shop.listings(connector), ["A"])["A"].asin == ASIN
    assert shop.run(connector, [lamp("A")], operation="test").items()["A"].asin == ASIN


def test_a_refused_preview_rejects_the_item_alone(shop):
    connector = shop.connector()
    run = preview(shop, connector, answer("INVALID", ("8541", "ERROR", ["brand"]), ("18448", "WARNING", [])))
    assert run.outcomes() == {"A": "rejected"}
    assert [issue.code for issue in run.items()["A"].issues] == ["8541", "18448"]
    live = shop.run(connector, [lamp("A"), lamp("B")], until="tested")
    shop.sandbox.control("recording", on=True)
    live.live()
    assert shop.held(connector, "B") is not None


def test_an_internal_error_is_no_answer(shop, ledger):
    connector = shop.connector()
    run = preview(shop, connector, answer("INVALID", ("4000000", "ERROR", []), ("18448", "WARNING", [])))
    assert run.outcomes() == {"A": "failed"}
    assert "a échoué chez Amazon" in note_of(run.items()["A"])
    mixed = preview(
        shop, connector, answer("INVALID", ("4000000", "ERROR", []), ("90220", "ERROR", ["brand"]))
    )
    assert mixed.outcomes() == {"A": "rejected"}
    assert shop.run(connector, [lamp("A")], operation="test").outcomes() == {"A": "ready"}


def test_a_refusal_that_only_previews_make_is_explained(shop):
    connector = shop.connector()
    run = preview(shop, connector, answer("INVALID", ("90004114", "ERROR", ["wattage"])))
    assert run.outcomes() == {"A": "rejected"}
    (note,) = [issue for issue in run.items()["A"].issues if issue.severity == "INFO"]
    assert "preview: none" in note.action
    assert note.message.startswith("On sait que l'aperçu d'Amazon")
    ours = preview(shop, connector, answer("INVALID", ("90004114", "ERROR", ["item_weight"])))
    assert not [issue for issue in ours.items()["A"].issues if issue.severity == "INFO"]


def test_no_answer_is_never_a_pass(shop):
    connector = shop.connector()
    shop.sandbox.fault("putListingsItem", "truncate", times=50)
    run = shop.run(connector, [lamp("A")])
    assert run.outcomes() == {"A": "failed"}
    assert shop.held(connector, "A") is None
    shop.sandbox.fault("putListingsItem", "status", status=503, times=10_000)
    with pytest.raises(RetryableError):
        shop.run(connector, [lamp(f"B{n}") for n in range(30)])


def test_one_cause_is_one_issue(shop):
    run = shop.run(shop.connector(), [lamp("A", price="ten")], operation="test")
    found = [issue for issue in run.items()["A"].issues if issue.severity == "ERROR"]
    assert [(issue.source, issue.attribute) for issue in found] == [("mapping", "purchasable_offer")]
    said = shop.run(shop.connector(), [lamp("A", colour="Rouje")], operation="test").items()["A"].issues
    assert [(issue.code, issue.source) for issue in said] == [("not_suggested", "schema")]


def test_all_issues_of_a_blocked_item_are_told_and_amazon_is_not_asked(shop):
    run = shop.run(shop.connector(), [lamp("A", price="ten", name="", brand="")], operation="test")
    assert {issue.attribute for issue in run.items()["A"].issues} == {
        "purchasable_offer",
        "item_name",
        "brand",
    }
    assert run.calls() == {}


@pytest.mark.parametrize(("enforced", "outcome"), [("ENFORCED", "blocked"), ("NOT_ENFORCED", "rejected")])
def test_whether_something_is_missing_counts_as_the_connector_enforces(shop, enforced, outcome):
    place = {"country": "FR", "locale": "fr_FR", "product_type": "LAMP", "requirements_enforced": enforced}
    run = shop.run(shop.connector(amazon=place), [lamp("A", brand="")], operation="test")
    assert run.outcomes() == {"A": outcome}  # Amazon itself wants whole new listings


def test_a_value_that_cannot_change_is_warned_of_where_it_changes(shop):
    connector = shop.connector()
    new = shop.run(connector, [lamp("A", brand="Acme")])
    assert new.items()["A"].issues == ()
    assert shop.run(connector, [lamp("A", price=12)]).items()["A"].issues == ()
    changed = shop.run(connector, [lamp("A", price=12, brand="Bolt")]).items()["A"]
    assert [(issue.code, issue.attribute) for issue in changed.issues] == [("not_editable", "brand")]
    assert changed.issues[0].origin.field == "brand"


def test_an_unchanged_item_that_is_previewed_does_not_change_what_cannot_change(shop):
    """It is previewed as if all of it were sent again, with the values that Amazon has."""
    connector = shop.connector(sync={"preview": "all"})
    shop.run(connector, [lamp("A")])
    again = shop.run(connector, [lamp("A")], operation="test").items()["A"]
    assert (again.outcome, again.issues) == ("unchanged", ())


def test_without_the_quality_checks_result_nobody_knows_what_it_blocked(shop, sandbox):
    run = Run(shop, shop.connector(), 1, operation="test")
    run.extract([lamp("A1")])
    run.map()
    (run.folder.root / "quality.json").unlink()
    with pytest.raises(RunAbortedError, match="check_quality"):
        run.test()
    assert "putListingsItem" not in str(sandbox.counters())


def test_an_issue_leads_to_the_pim_field_of_the_very_value(shop):
    points = ["{{ item.point }}", "{{ item.second }}", "{{ item.third }}"]
    connector = shop.connector(mapping={"bullet_point": points})
    item = lamp("A", point="", second="Solide", third="x" * 3000)
    family = [variant("P", "V1", second="", third="x" * 3000)]
    run = shop.run(connector, [item], family, operation="test")
    for sku, path in (("A", "bullet_point/1/value"), ("V1", "bullet_point/1/value")):
        (issue,) = [one for one in run.items()[sku].issues if one.code == "too_long"]
        assert (issue.path, issue.origin.field) == (path, "third")
        assert issue.measured == {"characters": 3000, "bytes": 3000}
        assert "3\u202f000" in issue.message


def test_a_missing_attribute_leads_to_the_line_that_reads_the_pim(shop):
    run = shop.run(shop.connector(), [lamp("A", ean="")], operation="test")
    (issue,) = run.items()["A"].issues
    assert (issue.attribute, issue.origin.field) == ("externally_assigned_product_identifier", "ean")
