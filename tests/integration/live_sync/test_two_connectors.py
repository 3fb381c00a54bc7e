"""Two connectors, people and other tools at one listing: each changes only what is its own.

Random content of others, random mappings of a full connector and of one that only contributes, and any
sequence of runs, removals, rollbacks and adoptions, under every reading of what Amazon leaves open.
"""

import itertools
from typing import ClassVar, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from amazon_listings.authoring import adoption
from amazon_listings.ledger.items.known import owned_contents
from amazon_listings.ledger.runs.history import find_run
from amazon_listings.marketplaces import marketplace
from amazon_listings.runs.listings.ownership import mapping_lines
from amazon_listings.runs.map_fields import compiled
from amazon_listings.runs.records import MAPPED
from amazon_listings.selling_partner.content.leaves import Layout, amazon_defaults, split
from amazon_listings.selling_partner.content.overlay import sendable
from amazon_listings.writes.rollback.rollback import Rollback
from spapi_sandbox.listings.patches import Readings
from spapi_sandbox.server import running_sandbox
from support.ledgers import ledger_in
from support.sync_runs import PRODUCT, Shop, lamp

FR, DE = marketplace("FR"), marketplace("DE")
SKU = "A"


def price(amount, **more):
    return [{"schedule": [{"value_with_tax": amount, **more}]}]


def text(place, tag, *values):
    return [{"value": value, "language_tag": tag, "marketplace_id": place.id} for value in values]


def offer(place, audience="ALL", **parts):
    return {"marketplace_id": place.id, "currency": "EUR", "audience": audience, **parts}


def plain(place, value):
    return [{"value": value, "marketplace_id": place.id}]


SALE = price(8.0, start_at="2026-11-20", end_at="2099-12-31")
#: Properties of the offer for everybody.
BESIDE = st.fixed_dictionaries(
    {"our_price": st.just(price(9.0))},
    optional={
        "discounted_price": st.just(SALE),
        "minimum_seller_allowed_price": st.sampled_from([price(7.0), price(6.0)]),
        "maximum_seller_allowed_price": st.just(price(99.0)),
        "start_at": st.just({"value": "2026-01-01T00:00:00Z"}),
        "map_price": st.sampled_from([price(9.5), price(9.9)]),
    },
)
BUSINESS = st.fixed_dictionaries(
    {"our_price": st.just(price(8.5))},
    optional={
        "quantity_discount_plan": st.just(
            [{"schedule": [{"discount_type": "fixed", "levels": [{"lower_bound": 2, "value": 8.0}]}]}]
        ),
    },
)
CHANNELS = st.sampled_from(
    [
        [{"fulfillment_channel_code": "DEFAULT", "quantity": 3, "lead_time_to_ship_max_days": 10}],
        [
            {"fulfillment_channel_code": "DEFAULT", "quantity": 3, "restock_date": "2027-01-01"},
            {"fulfillment_channel_code": "AMAZON_EU"},
        ],
        [{"fulfillment_channel_code": "AMAZON_EU"}],
    ]
)


def made_in(place, tag):
    """What people and other tools may have made of a listing in a marketplace."""
    offers = st.tuples(BESIDE, st.none() | BUSINESS).map(
        lambda both: [offer(place, **both[0]), *([offer(place, "B2B", **both[1])] if both[1] else [])]
    )
    several = st.sampled_from([(), ("Un",), ("Un", "Deux"), ("Un", "Deux", "Trois")])
    texts = st.tuples(several, several).map(
        lambda both: [*text(place, tag, *both[0]), *text(place, "en_GB", *(f"{one} E" for one in both[1]))]
    )
    return st.fixed_dictionaries(
        {"item_name": st.just([*text(place, tag, "Nom"), *text(place, "en_GB", "Name")])},
        optional={
            "purchasable_offer": offers,
            "fulfillment_availability": CHANNELS.map(
                lambda some: [{**one, "marketplace_id": place.id} for one in some]
            ),
            "bullet_point": texts,
            "color": st.just([*text(place, tag, "Bleu"), *text(place, "en_GB", "Blue")]),
            "list_price": st.just([{"value_with_tax": 20.0, "currency": "EUR", "marketplace_id": place.id}]),
            "max_order_quantity": st.just(plain(place, 5)),
            "unknown_to_the_definition": st.just(plain(place, "x")),
        },
    )


HERE, THERE = made_in(FR, "fr_FR"), st.none() | made_in(DE, "de_DE")

OFFERS = {
    "purchasable_offer.our_price.schedule.value_with_tax": "{{ item.price }}",
    "fulfillment_availability.fulfillment_channel_code": "DEFAULT",
    "fulfillment_availability.quantity": "{{ item.stock }}",
}
FLOOR = {"purchasable_offer.minimum_seller_allowed_price.schedule.value_with_tax": "{{ item.floor }}"}
ORDER = {"max_order_quantity": "{{ item.most }}"}


class Step(NamedTuple):
    """What happens next, by whom, with which lines of the mapping and which values."""

    what: str
    who: str
    less: bool
    more: bool
    values: dict


STEPS = st.builds(
    Step,
    st.sampled_from(["run"] * 5 + ["people"] * 2 + ["removal", "rollback", "adopt", "whole"]),
    st.sampled_from(["lamps", "offers"]),
    st.booleans(),
    st.booleans(),
    st.fixed_dictionaries(
        {
            "price": st.sampled_from([10, 12.5]),
            "stock": st.integers(0, 4),
            "floor": st.sampled_from([5, 6]),
            "most": st.sampled_from([2, 3]),
            "colour": st.sampled_from(["Rouge", "Vert"]),
            "point": st.sampled_from(["Solide", "Léger"]),
        }
    ),
)


class Company(Shop):
    """A shop whose definition is read once, with both connectors."""

    known: ClassVar[dict] = {}

    def definitions(self, connector):
        if not self.known:
            self.known["it"] = super().definitions(connector)
        return self.known["it"]

    def of(self, step):
        """The connector of a step, with the mapping lines of that step."""
        if step.who == "lamps":
            less = {"color": None, "bullet_point": ["{{ item.point }}"]} if step.less else {}
            how = {"full_replace": True} if step.what == "whole" else {}
            return self.connector(mapping=less, sync={"when_removed": "delete", **how})
        mapping = dict.fromkeys([*PRODUCT, "condition_type", "merchant_shipping_group"])
        mapping |= {} if step.less else FLOOR
        mapping |= ORDER if step.more else {}
        return self.connector(id="offers", title="Offres", contributes=True, mapping=mapping)

    def leaves(self, connector):
        """What was accepted of a connector and is ours."""
        content = owned_contents(self.ledger, self.listings(connector), [SKU]).get(SKU, {})
        return split(content, self.layout, amazon_defaults(FR)).keys()

    @property
    def layout(self) -> Layout:
        return self.known["it"].layout

    def now(self):
        """Every leaf of the listing, by marketplace."""
        found = {}
        for place in (FR, DE):
            version = self.sandbox.state.listings.submitted(self.sandbox.seller_id, SKU, place.id)
            found[place.id] = _split(version.attributes if version else {}, self.layout, place)
        return found

    def made(self, place, attributes):
        """What people make of the listing."""
        key = (self.sandbox.seller_id, SKU, place.id)
        self.sandbox.state.listings.write(key, "LAMP", attributes, read_delay=0, asin_delay=0)


def _split(attributes, layout, place):
    defaults = amazon_defaults(place)
    below = {name: layout.properties.get(name, Layout()) for name in attributes}
    held = {name: sendable(some, below[name], defaults) for name, some in attributes.items()}
    return split(held, layout, defaults)


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    root = tmp_path_factory.mktemp("companies")
    with running_sandbox(quotas=False) as sandbox:
        yield sandbox, root, itertools.count()


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
)
@given(
    here=HERE,
    there=THERE,
    steps=st.lists(STEPS, min_size=2, max_size=6),
    readings=st.builds(Readings, *[st.booleans()] * 5),
    data=st.data(),
)
def test_each_connector_changes_only_what_is_its_own(bench, here, there, steps, readings, data):
    sandbox, root, numbers = bench
    sandbox.reset()
    sandbox.control("quotas", enabled=False)
    sandbox.control("settings", **{switch: int(on) for switch, on in readings._asdict().items()})
    place = root / str(next(numbers))
    company = Company(sandbox, ledger_in(place), place)
    company.definitions(company.connector())
    company.made(FR, here)
    if there:
        company.made(DE, there)
    last = {}
    deletes = False  # who adopted the listing, or made it anew, may delete it with all that is in it
    for step in steps:
        connector = company.of(step)
        before, ours = company.now(), company.leaves(connector)
        if step.what == "people":
            owners = [company.of(step._replace(who=who, what="run")) for who in ("lamps", "offers")]
            _people(company, data, set().union(*map(company.leaves, owners)))
            continue
        may = set(ours)
        dropped = set()
        deletes |= step.who == "lamps" and (
            step.what == "adopt" or (step.what in {"run", "whole"} and not before[FR.id])
        )
        if step.what == "adopt":
            _adopt(company, connector)
        elif step.what == "rollback":
            if step.who in last:
                run, may = last.pop(step.who)
                _roll_back(company, run)
        elif step.what == "removal":
            company.run(connector, [lamp("B")]).finish()
            deleted = deletes and step.who == "lamps" and not company.now()[FR.id]
            before |= {FR.id: {}} if deleted else {}
            deletes &= not deleted
        else:
            run = company.run(connector, [lamp(SKU, **step.values)])
            wanted, dropped = _ran(company, step, run, exists=bool(before[FR.id]))
            may |= wanted
            if wanted:  # its rollback puts there again what it took away
                last[step.who] = run, may | (before[FR.id].keys() - company.now()[FR.id].keys())
        _unchanged(before, company.now(), may, dropped)
    company.ledger.dispose()


def _ran(company, step, run, *, exists):
    """What a run may have written, and dropped to replace the whole listing, once its outcome was judged."""
    outcome = run.outcomes()[SKU]
    if not exists and step.who == "offers":
        assert outcome == "blocked", "there is nothing to contribute to"
        return set(), set()
    found = run.items()[SKU].issues
    assert outcome in {"accepted", "unchanged"}, [one.code for one in found]
    if outcome == "accepted":
        _holds(company, run)
    whole = step.what == "whole" and step.who == "lamps"
    return _wanted(company, run).keys(), {one.path for one in found if whole and one.source == "listing"}


def _wanted(company, run):
    """The leaves that the mapping makes for the item."""
    for part in run.folder.parts(MAPPED):
        for item in run.folder.read(MAPPED, part):
            if item.sku == SKU:
                return split(item.attributes, company.layout, amazon_defaults(FR))
    raise AssertionError("not mapped")


def _holds(company, run):
    """The listing holds all that the run planned to change."""
    now = company.now()[FR.id]
    for change in run.plans()[SKU].changes:
        found, wanted = (str(value).replace(".0", "") for value in (now.get(change.leaf), change.after))
        assert found == wanted, change.leaf


def _unchanged(before, now, may, dropped):
    regional = {leaf.attribute for leaf in may if leaf.marketplace_id is None}
    for place in (FR, DE):
        for leaf in {**before[place.id], **now[place.id]}:
            if leaf in may or (place is DE and leaf.attribute in regional):
                continue
            if place is FR and str(leaf).replace(f"[marketplace_id={FR.id}]", "") in dropped:
                continue
            assert now[place.id].get(leaf) == before[place.id].get(leaf), leaf


def _people(company, data, ours):
    """People make something else of what no connector wrote."""
    made = data.draw(HERE)
    version = company.sandbox.state.listings.submitted(company.sandbox.seller_id, SKU, FR.id)
    held = version.attributes if version else {}
    owned = {leaf.attribute for leaf in ours}
    new = {name: value for name, value in made.items() if name not in owned}
    company.made(FR, held | new)


def _adopt(company, connector):
    definitions, listings = company.definitions(connector), company.listings(connector)
    mapping = compiled(connector, definitions)
    found = adoption.adoptions(
        connector,
        mapping,
        definitions.layout,
        client=company.client,
        ledger=company.ledger,
        listings=listings,
        skus=[SKU],
    )
    adoption.adopt(company.ledger, listings, list(found), mapping_lines(connector, mapping))


def _roll_back(company, run):
    undo = Rollback(
        find_run(company.ledger, str(run.number)),
        ledger=company.ledger,
        client=company.client,
        definition=run.definitions.document,
        requirements="LISTING",
    )
    list(undo.carry_out())
