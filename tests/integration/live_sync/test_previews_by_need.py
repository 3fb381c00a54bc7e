"""Previews by need: what Amazon has passed is believed, what it refused is asked about again."""

import pytest
from sqlalchemy import update

from amazon_listings.ledger import tables
from support.run_records import note_of
from support.sync_runs import lamp

MANY = [lamp(f"N{n:03}", name=f"Lampe {n}") for n in range(60)]


def test_what_has_passed_three_times_is_not_previewed(shop):
    connector = shop.connector()
    run = shop.run(connector, MANY[:30], MANY[30:])
    assert set(run.outcomes().values()) == {"accepted"}
    assert run.calls()["previews"] <= 6
    assert (
        sum("non prévisualisé" in note_of(item) for item in run.items().values())
        == 60 - run.calls()["previews"]
    )
    later = shop.run(connector, [lamp("N900", name="Lampe 900")])
    assert "previews" not in later.calls()
    assert later.outcomes() == {"N900": "accepted"}


def test_a_new_option_is_previewed_and_the_rest_is_not(shop):
    connector = shop.connector(mapping={"lamp_type": "{{ item.kind }}"})
    shop.run(connector, [lamp(f"N{n}", kind="desk_lamp") for n in range(10)])
    items = [lamp(f"M{n}", kind="desk_lamp" if n % 2 else "floor_lamp") for n in range(10)]
    assert shop.run(connector, items).calls()["previews"] == 3


def test_a_patch_of_a_price_is_believed_once_one_has_passed(shop):
    connector = shop.connector()
    shop.run(connector, MANY)
    for price, previews in ((11, 1), (12, 0)):
        run = shop.run(
            connector, [lamp(one["sku"], name=one["product"]["fields"]["name"], price=price) for one in MANY]
        )
        assert set(run.outcomes().values()) == {"accepted"}
        assert run.calls().get("previews", 0) == previews
        assert run.calls()["updates"] == 60


def test_a_test_of_few_items_previews_each_and_one_of_many_as_needed(shop):
    assert shop.run(shop.connector(), MANY, operation="test").calls()["previews"] == 60
    limited = shop.connector(sync={"preview": {"needed": 10}})
    run = shop.run(limited, [lamp(f"L{n}", name=f"x{n}") for n in range(30)], operation="test")
    assert run.calls().get("previews", 0) <= 10
    assert set(run.outcomes().values()) == {"ready"}
    wanted = shop.run(limited, [lamp(f"L{n}", name=f"x{n}") for n in range(30)], operation="test", force=True)
    assert wanted.calls()["previews"] == 30, "each, because its user asks for that"


@pytest.mark.parametrize(
    ("fault", "value"), [("brand", "Fade"), ("color", "Mauve"), ("bullet_point", "Verboten")]
)
def test_values_that_only_amazon_refuses_do_not_go_live(shop, fault, value):
    """One value of an otherwise passed payload, in every tenth item."""
    shop.sandbox.control("refused", values={fault: [value]})
    field = {"brand": "brand", "color": "colour", "bullet_point": "point"}[fault]
    items = [lamp(f"F{n:03}", name=f"Lampe {n}", brand="Acme" if n % 2 else "Bella") for n in range(200)]
    for item in items[5::10]:
        item["product"]["fields"][field] = value
    connector = shop.connector()
    run = shop.run(connector, items[:100], items[100:])
    outcomes = list(run.outcomes().values())
    live_refusals = outcomes.count("rejected") - sum(
        item.previewed for item in run.tested() if item.outcome == "rejected"
    )
    assert live_refusals <= 2, "1 % of the items"
    assert outcomes.count("accepted") == 180
    assert run.calls()["previews"] <= 60


def test_a_brand_that_amazon_refuses_is_found_among_hundreds_of_brands(shop):
    shop.sandbox.control("refused", values={"brand": ["Fade"]})
    items = [lamp(f"B{n:03}", name=f"Lampe {n}", brand=f"Marque {n}") for n in range(360)]
    for item in items[9::20]:
        item["product"]["fields"]["brand"] = "Fade"
    run = shop.run(shop.connector(), items[:180], items[180:])
    assert run.calls()["previews"] <= 40
    assert sum(item.outcome == "rejected" for item in run.tested()) == 18, "none of them goes live"
    assert list(run.outcomes().values()).count("accepted") == 342


def test_what_was_refused_stays_blocked_until_it_passes(shop):
    shop.sandbox.control("refused", values={"brand": ["Fade"]})
    connector = shop.connector(sync={"preview": {"needed": 8}})
    good = [lamp(f"G{n}", name=f"Lampe {n}") for n in range(20)]
    bad = [lamp(f"B{n}", brand="Fade", name=f"Autre {n}") for n in range(20)]
    run = shop.run(connector, [*good, *bad])
    outcomes = run.outcomes()
    assert {outcomes[f"G{n}"] for n in range(20)} == {"accepted"}
    assert {outcomes[f"B{n}"] for n in range(20)} == {"rejected", "blocked"}
    blocked = next(item for item in run.items().values() if item.outcome == "blocked")
    assert "like_refused" in {issue.code for issue in blocked.issues}
    assert run.calls()["previews"] <= 8
    shop.sandbox.control("refused", values={})
    again = shop.run(connector, bad)
    assert set(again.outcomes().values()) == {"accepted"}


def test_what_is_refused_once_it_was_sent_is_previewed_in_the_next_run(shop):
    connector = shop.connector()
    shop.run(connector, MANY)
    shop.sandbox.control("refused", values={"item_name": ["Lampe rouge"]})
    sent = shop.run(connector, [lamp("R1", name="Lampe rouge")])
    assert sent.outcomes() == {"R1": "rejected"}
    assert "previews" not in sent.calls()
    next_one = shop.run(connector, [lamp("R2", name="Lampe rouge")])
    assert next_one.calls()["previews"] == 1
    assert next_one.outcomes() == {"R2": "rejected"}


def test_a_test_previews_nothing_that_amazon_took_by_the_definition_of_today(shop):
    connector = shop.connector()
    shop.run(connector, MANY)
    run = shop.run(connector, MANY, operation="test")
    assert "previews" not in run.calls()
    assert set(run.outcomes().values()) == {"unchanged"}
    assert shop.run(connector, MANY, operation="test", force=True).calls()["previews"] == len(MANY)
    listings = tables.items
    with shop.ledger.begin() as connection:
        connection.execute(update(listings).values(accepted_definition="older", tested_definition="older"))
    assert shop.run(connector, MANY, operation="test").calls()["previews"] == len(MANY)
