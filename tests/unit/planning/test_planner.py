"""Plans, from what is known of a listing and what is wanted."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from amazon_listings.ledger.items.known import KnownItem
from amazon_listings.marketplaces import marketplace
from amazon_listings.planning.known import UNKNOWN, CurrentListing, current_by_ledger
from amazon_listings.planning.planner import Planner
from amazon_listings.planning.wanted import WantedItem
from amazon_listings.runs.creations import Creations
from amazon_listings.runs.map_fields import compiled
from amazon_listings.runs.plan import Method, Plan, changes_between
from amazon_listings.runs.records import MappedItem, encode
from amazon_listings.runs.shared_payloads import SharedPayloads
from amazon_listings.selling_partner.account import Account
from amazon_listings.selling_partner.calls.client import SellingPartner
from amazon_listings.selling_partner.content.leaves import Layout, amazon_defaults

NOW = datetime(2026, 11, 28, tzinfo=UTC)
HERE = {"marketplace_id": marketplace("FR").id}
NAME = [{"value": "Lampe", "language_tag": "fr_FR", **HERE}]
COLOR = [{"value": "Rouge", "language_tag": "fr_FR", **HERE}]
RELATION = [{"child_relationship_type": "variation", "parent_sku": "P", **HERE}]


@pytest.fixture
def planner(connector, definitions):
    def planner(**sync):
        owner = connector(mapping={"item_name": "{{ item.name }}", "color": "{{ item.colour }}"}, sync=sync)
        account = Account(
            client_id="c",
            client_secret="s",
            refresh_token="r",
            seller_id="A1SANDBOXSELLER",
            region="EU",
        )
        mapping = compiled(owner, definitions)
        return Planner(owner, mapping, definitions.layout, SellingPartner(account))

    return planner


def row(**attributes):
    return WantedItem(pim_id="p", sku="S", payload=attributes, requirements="LISTING")


def known(**facts):
    return KnownItem(
        **{
            "tested_hash": None,
            "tested_definition": None,
            "accepted_hash": "h",
            "asin": None,
            "seen_at": NOW - timedelta(hours=23),
        }
        | facts
    )


@pytest.mark.parametrize(
    ("item", "content", "held", "enough"),
    [
        (None, None, UNKNOWN, False),
        (known(listed=None), {"a": []}, CurrentListing(None, owned={"a": []}), False),
        (known(listed=False), {"a": []}, CurrentListing(exists=False), True),
        (known(listed=True), None, CurrentListing(exists=True), False),
        (known(listed=True), {"a": []}, CurrentListing(exists=True, owned={"a": []}), True),
        (
            known(listed=True, doubtful=True),
            {"a": []},
            CurrentListing(exists=True, owned={"a": []}, certain=False),
            False,
        ),
    ],
)
def test_what_the_ledger_says_is_enough_only_where_it_knows_existence_and_content(
    item, content, held, enough
):
    assert current_by_ledger(item, content, now=NOW) == held
    assert held.is_enough is enough


def test_a_new_listing_is_put_whole(planner):
    made = planner()
    plan = made.plan(row(item_name=NAME), CurrentListing(exists=False))
    assert (plan.method, plan.body, plan.before, plan.existed) == ("PUT", {"item_name": NAME}, None, False)
    assert plan.touched == {"item_name"}
    told = made.with_changes(plan)
    assert [(change.before, change.after) for change in told.changes] == [(None, "Lampe")]


def test_a_creation_as_it_was_tested_may_be_carried_out(planner):
    due = replace(row(item_name=NAME), makes=True, plan_hash="of the payload")
    made = planner()
    again = made.plan(due, CurrentListing(exists=False))
    assert again == made.plan(row(item_name=NAME), CurrentListing(exists=False))
    assert not made.is_other(due, again)


def test_a_creation_of_which_some_waits_is_known_by_its_changes(planner):
    made = planner()
    wanted = row(item_name=NAME)
    write = made.plan(wanted, CurrentListing(exists=False))
    approved = made.with_changes(write).hash
    assert not made.is_other(replace(wanted, plan_hash=approved), write)
    assert made.is_other(replace(wanted, plan_hash="of another"), write)
    more = row(item_name=NAME, color=COLOR)
    assert made.is_other(replace(more, plan_hash=approved), made.plan(more, CurrentListing(exists=False)))
    assert not made.is_other(wanted, write)  # any plan may be carried out


@pytest.mark.parametrize(
    "current",
    [
        CurrentListing(exists=True, found={"color": COLOR}),
        CurrentListing(exists=True, owned={"item_name": COLOR}),
        CurrentListing(exists=False, owned={"color": COLOR}),
    ],
)
def test_a_creation_as_it_was_tested_is_planned_anew_where_something_is_there_by_now(planner, current):
    due = replace(row(item_name=NAME), makes=True, plan_hash="tested")
    plan = planner().plan(due, current)
    assert not plan.creates
    assert planner().is_other(due, plan)
    assert plan == planner().plan(row(item_name=NAME), current)


def test_what_nobody_of_us_wrote_is_never_named_though_the_mapping_has_the_attribute(planner):
    found = {"item_name": NAME, "color": COLOR, "model_name": NAME}
    plan = planner().plan(row(item_name=NAME), CurrentListing(exists=True, found=found))
    assert plan.method == "NOTHING"
    assert plan.after == {"item_name": NAME}


def test_what_was_ours_and_is_not_wanted_is_removed_also_without_its_line(planner):
    owned = {"item_name": NAME, "model_name": NAME}
    plan = planner().plan(row(item_name=NAME), CurrentListing(exists=True, found=owned, owned=owned))
    assert [(one["op"], one["path"]) for one in plan.body] == [("delete", "/attributes/model_name")]
    assert plan.after == {"item_name": NAME}


def test_a_removal_is_planned_on_a_reading(planner):
    owned = {"item_name": NAME, "model_name": NAME}
    assert planner().plan(row(item_name=NAME), CurrentListing(exists=True, owned=owned)).carries
    assert (
        not planner()
        .plan(row(item_name=NAME, model_name=NAME), CurrentListing(exists=True, owned={}))
        .carries
    )


def test_nothing_is_sent_where_nothing_differs(planner):
    held = CurrentListing(exists=True, found={"item_name": NAME})
    assert planner().plan(row(item_name=NAME), held).method == "NOTHING"
    forced = replace(row(item_name=NAME), forced=True)
    assert planner().plan(forced, held).touched == {"item_name"}


def test_what_a_write_displaces_is_listed(planner):
    other = [NAME[0] | {"value": "Lampadaire"}]
    points = [{"value": f"point {number}", "language_tag": "fr_FR", **HERE} for number in range(5)]
    found = {"item_name": other, "color": COLOR, "bullet_point": points}
    wanted = row(item_name=NAME, bullet_point=points[:3])
    plan = planner().plan(wanted, CurrentListing(exists=True, found=found))
    assert [(one.leaf.attribute, one.found, one.fate) for one in plan.displaced] == [
        ("bullet_point", points[3:], "dropped"),
        ("item_name", "Lampadaire", "replaced"),
    ]
    mine = CurrentListing(exists=True, found=found, owned={"item_name": other, "bullet_point": points})
    assert planner().plan(wanted, mine).displaced == ()


def test_a_whole_replacement_lists_all_that_goes(planner):
    held = CurrentListing(exists=True, found={"model_name": NAME, "item_name": COLOR})
    plan = planner(full_replace=True).plan(row(item_name=NAME), held)
    assert (plan.method, plan.before, plan.existed) == ("PUT", held.found, True)
    assert [(one.leaf.attribute, one.found, one.fate) for one in plan.displaced] == [
        ("item_name", "Rouge", "replaced"),
        ("model_name", "Lampe", "removed"),
    ]
    assert {(one.leaf.attribute, one.after) for one in plan.plan.changes} == {
        ("item_name", "Lampe"),
        ("model_name", None),
    }


@pytest.mark.parametrize(("ours", "touched"), [(True, {"child_parent_sku_relationship"}), (False, set())])
def test_a_family_is_left_where_we_made_it(planner, ours, touched):
    found = {"item_name": NAME, "child_parent_sku_relationship": RELATION}
    held = CurrentListing(exists=True, found=found, owned=found if ours else None)
    plan = planner().plan(row(item_name=NAME), held)
    assert plan.touched == touched
    if ours:
        assert plan.body == [
            {"op": "delete", "path": "/attributes/child_parent_sku_relationship", "value": [HERE]}
        ]


def test_what_items_share_is_planned_for_each_as_if_it_were_alone(planner):
    """1, 1.0 and true are equal to Python, and other values to Amazon."""
    values = [1, 1.0, True, "1", "Lampe", "Lampe"]
    rows = [row(item_name=[{**NAME[0], "value": value}], color=COLOR) for value in values]
    nothing = CurrentListing(exists=False)
    shared = planner()
    writes = [shared.plan(one, nothing) for one in rows]
    together = [shared.with_changes(write) for write in writes]
    alone = [planner().with_changes(write) for write in writes]
    assert [repr(one.changes) for one in together] == [repr(one.changes) for one in alone]
    assert len({one.hash for one in together}) == len({repr(value) for value in values})


def test_the_changes_of_a_creation_are_in_the_order_of_its_attributes(planner):
    wanted = row(item_name=NAME, color=COLOR, unknown=[{"value": 1}, {"value": 2}])
    write = planner().plan(wanted, CurrentListing(exists=False))
    plan = planner().with_changes(write)
    assert [change.leaf.attribute for change in plan.changes] == ["item_name", "color", "unknown"]


def test_what_makes_a_listing_is_put_as_it_was_written(planner):
    wanted = row(item_name=NAME, color=COLOR)
    packed = replace(wanted, payload=msgspec.Raw(msgspec.json.encode(wanted.payload)))
    nothing = CurrentListing(exists=False)
    write, made = planner().plan(wanted, nothing), planner().plan(packed, nothing)
    assert (made.method, made.creates, made.existed) == (Method.PUT, True, False)
    assert made.body is made.after is packed.payload
    assert made.touched == write.touched == {"item_name", "color"}
    assert planner().with_changes(made) == planner().with_changes(write)


def test_a_packed_payload_changes_what_is_there(planner):
    wanted = row(item_name=NAME, color=COLOR)
    packed = replace(wanted, payload=msgspec.Raw(msgspec.json.encode(wanted.payload)))
    there = CurrentListing(exists=True, found={"item_name": NAME}, owned={"item_name": NAME})
    assert planner().plan(packed, there) == planner().plan(wanted, there)


def test_items_that_share_attributes_have_the_changes_of_their_own(planner):
    payloads = SharedPayloads()
    made = planner()
    common = MappedItem(pim_id="p", sku="S", group="g", hash="h", requirements="LISTING", attributes={})
    contents = [*[{"item_name": NAME, "color": COLOR}] * 3, {"color": COLOR}]
    items = [replace(common, attributes=one) for one in contents]
    read = [payloads.decode(encode(one)) for one in items]
    writes = [made.plan(WantedItem.of(one), CurrentListing(exists=False)) for one in read]
    plans = [made.with_changes(write) for write in writes]
    alone = [
        planner().with_changes(planner().plan(WantedItem.of(one), CurrentListing(exists=False)))
        for one in items
    ]
    assert all(one.changes for one in plans)
    assert payloads.holds(read[3].attributes["color"])
    assert plans == alone
    assert [one.hash for one in plans] == [one.hash for one in alone]


MARKETPLACE = HERE["marketplace_id"]
VALUES = st.one_of(st.text(max_size=3), st.integers(0, 2), st.booleans(), st.none(), st.just([{"value": 1}]))
ELEMENTS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "value": VALUES,
            "unit": VALUES,
            "marketplace_id": st.sampled_from([MARKETPLACE, "other", 1, None]),
            "language_tag": st.sampled_from(["fr_FR", "en_GB", True]),
        },
    ),
    max_size=3,
)


@given(st.lists(st.fixed_dictionaries(dict.fromkeys(("one", "many"), ELEMENTS)), min_size=2, max_size=6))
def test_creations_are_what_a_comparison_with_nothing_finds(items):
    selectors = ("marketplace_id", "language_tag")
    layout = Layout(properties={"one": Layout(selectors, single=True), "many": Layout(selectors)})
    defaults = amazon_defaults(marketplace("FR"))
    creations = Creations(layout, defaults, lambda _: None)
    for attributes in items:
        plan = creations.with_changes("S", attributes)
        changes = changes_between({}, attributes, layout=layout, defaults=defaults, forced=True)
        assert repr(plan.changes) == repr(changes)
        assert plan.hash == Plan("S", Method.PUT, changes).hash
