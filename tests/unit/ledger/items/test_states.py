"""The present state of every item."""

from __future__ import annotations

import random
import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import func, select, text, update

from amazon_listings.incoming.json_text import json_text
from amazon_listings.ledger.connectors.keys import resolve_key
from amazon_listings.ledger.items import states
from amazon_listings.ledger.items.states import (
    Fingerprint,
    ItemState,
    StateFilter,
    count_states,
    digest,
    find_states,
    mark_missing,
    mark_removed,
    mark_unchanged,
    next_date,
    read_later,
    record_outcomes,
    record_states,
)
from amazon_listings.ledger.packing import Packer, compressed
from amazon_listings.ledger.tables import dictionaries, item_states
from amazon_listings.messages import catalogue
from amazon_listings.remarks import remark, worded

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def state(pim_id="variants/1", **changes):
    made = ItemState(
        pim_id=pim_id,
        sku=f"SKU-{pim_id}",
        family="products/1",
        run=1,
        operation="test",
        outcome="ready",
        read_at=NOON,
        row={"pim_id": pim_id, "product": {"fields": {"weight": 1.5}}},
        attributes={"brand": [{"value": "Acme"}]},
        payload_hash="h",
        note=remark("note.parent_failed", parent="n"),
        name="Lamp",
        picture="https://img.example/1.jpg",
        selected=("brand",),
        fingerprint=Fingerprint(row=-1, family=2, mapping=3, definition=4, rules=5, quality=6, tables=7),
    )
    return replace(made, **changes)


def found(ledger, key="lamps", *, contents=True, **where):
    return list(find_states(ledger, key, StateFilter(**where), contents=contents))


def test_what_is_read_unchanged_is_of_the_run_that_read_it(ledger):
    later = NOON + timedelta(hours=1)
    others = [state("variants/2", outcome="unchanged"), state("variants/3", read_at=later)]
    record_states(ledger, "lamps", [state(), *others])
    every = ["variants/1", "variants/2", "variants/3"]
    facts = {"operation": "live", "outcome": "unchanged"}
    for run, read_at in ((2, NOON), (3, NOON + timedelta(minutes=1)), (3, NOON + timedelta(minutes=2))):
        mark_unchanged(ledger, "lamps", every, run=run, read_at=read_at, **facts)
        read = {"run": run, "read_at": read_at, **facts}
        assert found(ledger) == [state(**read), state("variants/2", **read), others[1]]


def test_a_state_comes_back_as_it_was(ledger):
    full = state(next_date=NOON + timedelta(days=1))
    bare = state("variants/2", sku=None, row=None, attributes=None, payload_hash=None, name=None)
    record_states(ledger, "lamps", [full, bare])
    assert found(ledger) == [full, bare]
    (one, _) = found(ledger, contents=False)
    assert (one.row, one.attributes, one.sku, one.fingerprint) == (None, None, full.sku, full.fingerprint)
    assert found(ledger, "others") == []


@pytest.mark.parametrize("sentence", ["attend son parent {F-P} ; non vérifié", "\ud83d"])
def test_the_sentence_that_earlier_versions_kept_as_a_note_is_shown_as_it_is(ledger, sentence):
    record_states(ledger, "lamps", [state()])
    with ledger.begin() as connection:
        packer = Packer(connection, "lamps")
        (content,) = packer.packed([json_text({"row": {"pim_id": "variants/1"}, "note": sentence})])
        connection.execute(update(item_states).values(content=content, dictionary=packer.number))
    (old,) = found(ledger)
    assert worded(old.note, catalogue("de")) == sentence
    assert old.row == {"pim_id": "variants/1"}
    record_states(ledger, "lamps", [old])
    assert found(ledger) == [old]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.text(st.characters()), st.text(st.characters()) | st.floats(allow_nan=False)))
def test_whatever_a_pim_holds_comes_back(ledger, fields):
    one = state(row={"fields": fields}, read_at=NOON)
    record_states(ledger, "lamps", [one])
    assert found(ledger)[0].row == one.row


def test_names_that_no_column_holds(ledger):
    hostile = ["x" * 500, "a\x00b", "\ud800"]
    record_states(ledger, "lamps", [state(one, sku=one, family=one, name=one) for one in hostile])
    for one in hostile:
        assert len(found(ledger, skus=[one])) == len(found(ledger, pim_ids=[one])) == 1
    mark_removed(ledger, "lamps", hostile[:1], run=2, read_at=NOON)
    assert len(found(ledger, removed=True)) == 1


def test_a_later_reading_replaces_an_earlier_one_in_whatever_order_runs_end(ledger):
    later = state(read_at=NOON + timedelta(hours=1), run=2, outcome="accepted", operation="live")
    for order in ([state(), later], [later, state()]):
        for one in order:
            record_states(ledger, "lamps", [one])
        assert found(ledger) == [later]
    # The same reading with another verdict: a second attempt.
    again = replace(later, run=3, outcome="rejected")
    record_states(ledger, "lamps", [again])
    assert found(ledger) == [again]


def test_a_reading_in_the_future_stops_no_other(ledger):
    now = datetime.now(UTC)
    skewed = state(read_at=now + timedelta(days=800), operation="live")
    record_states(ledger, "lamps", [skewed])
    assert read_later(ledger, "lamps", ["SKU-variants/1"], than=now) == set()
    record_states(ledger, "lamps", [state(read_at=now, run=2)])
    assert [(one.run, one.read_at) for one in found(ledger)] == [(2, now)]
    record_states(ledger, "lamps", [replace(skewed, run=3)])
    mark_unchanged(ledger, "lamps", ["variants/1"], run=4, operation="live", outcome="unchanged", read_at=now)
    assert [(one.run, one.read_at) for one in found(ledger)] == [(4, now)]
    record_states(ledger, "lamps", [replace(skewed, run=5)])
    mark_removed(ledger, "lamps", ["variants/1"], run=6, read_at=now)
    assert found(ledger) == []


def test_an_incremental_run_leaves_the_others_alone(ledger):
    record_states(ledger, "lamps", [state(f"variants/{n}") for n in range(3)])
    changed = state("variants/1", run=2, read_at=NOON + timedelta(hours=1), outcome="blocked")
    record_states(ledger, "lamps", [changed])
    assert [one.run for one in found(ledger)] == [1, 2, 1]
    assert count_states(ledger, "lamps") == {"ready": 2, "blocked": 1}


def test_a_batch_that_dies_leaves_the_former_states(ledger):
    record_states(ledger, "lamps", [state()])

    def dying():
        yield state(outcome="accepted")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        record_states(ledger, "lamps", dying())
    assert found(ledger) == [state()]


class TestRemoved:
    def test_what_the_source_names_is_marked_and_keeps_its_content(self, ledger):
        record_states(
            ledger,
            "lamps",
            [state("variants/1"), state("variants/2"), state("variants/3", family="products/2")],
        )
        mark_removed(ledger, "lamps", ["products/1"], run=2, read_at=NOON + timedelta(hours=1))
        assert [one.pim_id for one in found(ledger)] == ["variants/3"]
        gone = found(ledger, removed=True)
        assert [(one.pim_id, one.attributes) for one in gone] == [
            (one, {"brand": [{"value": "Acme"}]}) for one in ("variants/1", "variants/2")
        ]

    def test_what_comes_again_is_there_again(self, ledger):
        record_states(ledger, "lamps", [state()])
        mark_removed(ledger, "lamps", ["variants/1"], run=2, read_at=NOON)
        record_states(ledger, "lamps", [state(run=3, read_at=NOON + timedelta(hours=1))])
        assert [one.removed for one in found(ledger)] == [False]

    def test_what_a_complete_run_did_not_see_is_marked(self, ledger):
        """Also where the source's clock stands still: a deleted row leaves the latest change as it is."""
        record_states(ledger, "lamps", [state("variants/1"), state("variants/2")])
        record_states(ledger, "lamps", [state("variants/1", run=2)])
        mark_missing(ledger, "lamps", run=2, read_at=NOON)
        assert [one.pim_id for one in found(ledger)] == ["variants/1"]

    def test_what_was_read_later_stays(self, ledger):
        record_states(ledger, "lamps", [state(run=1, read_at=NOON + timedelta(hours=1))])
        mark_missing(ledger, "lamps", run=2, read_at=NOON)
        mark_removed(ledger, "lamps", ["variants/1"], run=2, read_at=NOON)
        assert len(found(ledger)) == 1


class TestFilters:
    @pytest.fixture(autouse=True)
    def filled(self, ledger):
        record_states(
            ledger,
            "lamps",
            [
                state("variants/1", outcome="blocked"),
                state("variants/2", family="products/0", next_date=NOON),
                state("variants/3", fingerprint=Fingerprint(mapping=-9, definition=4)),
            ],
        )
        record_states(ledger, "bulbs", [state("variants/1")])

    @pytest.mark.parametrize(
        ("where", "expected"),
        [
            ({}, "213"),
            ({"outcomes": ["blocked", "failed"]}, "1"),
            ({"skus": ["SKU-variants/3"]}, "3"),
            ({"families": ["products/0"]}, "2"),
            ({"pim_ids": ["variants/3", "variants/9"]}, "3"),
            ({"due": NOON}, "2"),
            ({"due": NOON - timedelta(seconds=1)}, ""),
            ({"unlike": {"mapping": 3}}, "3"),
            ({"unlike": {"mapping": -9}}, "21"),
            ({"unlike": {"definition": 4}}, ""),
            ({"unlike": {"definition": 4, "mapping": 3}}, "3"),
            ({"removed": None}, "213"),
            ({"removed": True}, ""),
        ],
    )
    def test_filters(self, ledger, where, expected):
        """Families side by side, so that a mapping can be applied to them."""
        assert "".join(one.pim_id[-1] for one in found(ledger, **where)) == expected

    def test_the_next_date(self, ledger):
        assert next_date(ledger, "lamps") == NOON
        assert next_date(ledger, "bulbs") is None

    @pytest.mark.parametrize(
        ("condition", "index"),
        [
            ("outcome = 'blocked'", "ix_item_states_counts"),
            ("next_date < '2026'", "ix_item_states_next_date"),
            ("(of_mapping < 3 OR of_mapping > 3)", "ix_item_states_of_mapping"),
            ("family = 'products/1'", "ix_item_states_connector_key_family_pim_id"),
        ],
    )
    def test_an_index_answers(self, ledger, condition, index):
        if ledger.dialect.name != "sqlite":
            pytest.skip("PostgreSQL reads a small table as a whole")
        with ledger.connect() as connection:
            query = f"SELECT content FROM item_states WHERE connector_key = 'lamps' AND {condition}"  # noqa: S608
            plan = connection.execute(text(f"EXPLAIN QUERY PLAN {query}")).all()
        assert index in str(plan)


def test_what_became_of_an_item_later(ledger):
    record_states(ledger, "lamps", [state("variants/1", run=1), state("variants/2", run=2)])
    skus = [("SKU-variants/1", "live"), ("SKU-variants/2", "live")]
    record_outcomes(ledger, "lamps", 1, skus)
    assert [one.outcome for one in found(ledger)] == ["live", "ready"]


def test_a_digest_does_not_depend_on_the_order_of_keys():
    assert digest({"a": 1, "b": [1, 2]}) == digest({"b": [1, 2], "a": 1}) != digest({"a": 1, "b": [2, 1]})
    assert -(2**63) <= digest("x") < 2**63


def test_of_two_that_become_one_the_later_reading_stays(ledger):
    for name, hour in (("desk", 1), ("floor", 2)):
        key = resolve_key(ledger, name)
        moment = NOON + timedelta(hours=hour)
        record_states(ledger, key, [state(read_at=moment), state(f"variants/{name}", read_at=moment)])
    resolve_key(ledger, "lamps", ["desk", "floor"])
    assert [(one.pim_id, one.read_at.hour) for one in found(ledger, "desk")] == [
        ("variants/1", 14),
        ("variants/desk", 13),
        ("variants/floor", 14),
    ]


def _vocabulary():
    chance = random.Random(0)
    letters = "etaoinshrdlucmfwypvbgk"
    return ["".join(chance.choices(letters, k=chance.randrange(2, 12))) for _ in range(3_000)]


WORDS = _vocabulary()


def realistic(number):
    """A payload of 2.7 KB, as those of the benchmark, and the row that it was made from."""
    chance = random.Random(number)

    def prose(length):
        words = []
        while sum(map(len, words)) + len(words) < length:
            words.append(chance.choice(WORDS))
        return " ".join(words)

    title, points, description = prose(80), [prose(70) for _ in range(5)], prose(700)
    tag = {"language_tag": "fr_FR", "marketplace_id": "A13V1IB3VIYZZH"}
    attributes = {
        "item_name": [{"value": title, **tag}],
        "bullet_point": [{"value": one, **tag} for one in points],
        "product_description": [{"value": description, **tag}],
        "main_product_image_locator": [
            {"media_location": f"https://img.example/{number}/{chance.random()}.jpg"}
        ],
        "externally_assigned_product_identifier": [{"type": "ean", "value": str(chance.randrange(10**13))}],
        "purchasable_offer": [
            {
                "currency": "EUR",
                "our_price": [{"schedule": [{"value_with_tax": chance.randrange(10_000) / 100}]}],
                "marketplace_id": "A13V1IB3VIYZZH",
            }
        ],
        **{f"attribute_{one}": [{"value": chance.choice(WORDS), **tag}] for one in range(6)},
    }
    row = {
        "pim_id": f"variants/{number}",
        "group": f"products/{number // 4}",
        "product": {
            "fields": {f"field_{one}": chance.choice(WORDS) for one in range(10)},
            "texts": {"name": {"fr": title}, "description": {"fr": description}}
            | {f"point_{place}": {"fr": one} for place, one in enumerate(points)},
        },
        "variant": None,
    }
    return state(
        f"variants/{number}", row=row, attributes=attributes, family=row["group"], payload_hash="a" * 64
    )


def test_an_item_takes_two_kilobytes_at_most(ledger):
    many = [realistic(number) for number in range(2_000)]
    import json

    assert 2_400 < sum(len(json.dumps(one.attributes)) for one in many) / len(many) < 3_200
    with ledger.begin() as connection:
        before = _size(connection)
    record_states(ledger, "lamps", many)
    with ledger.begin() as connection:
        grown = (_size(connection) - before) / len(many)
        content = connection.scalar(select(func.avg(func.length(item_states.c.content))))
        assert connection.scalar(select(func.count()).select_from(dictionaries)) == 1
    print(f"{ledger.dialect.name}: {grown:.0f} bytes an item, {content:.0f} of them content")  # noqa: T201
    assert grown < 2_048


def _size(connection):
    if connection.dialect.name == "sqlite":
        pages, free, size = (
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * size
    return connection.scalar(
        text("SELECT pg_total_relation_size('item_states') + pg_total_relation_size('dictionaries')")
    )


def test_a_dictionary_is_replaced_when_another_is_much_better(ledger):
    record_states(ledger, "lamps", [state("variants/first")])
    record_states(ledger, "lamps", [realistic(number) for number in range(100)])
    with ledger.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(dictionaries)) == 2
    assert len(found(ledger)) == 101  # what was packed with the first is read with it


def test_memory_stays_flat(ledger, monkeypatch):
    monkeypatch.setattr(states, "CHUNK", 100)
    # Made before, and a few of them: with every allocation traced, making them takes the longest.
    some = [realistic(number) for number in range(50)]

    def peak(count):
        tracemalloc.start()
        many = (replace(some[number % 50], pim_id=f"variants/{number}") for number in range(count))
        record_states(ledger, "lamps", many)
        read = sum(1 for _ in find_states(ledger, "lamps"))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert read == count
        return most

    few = peak(200)  # two parts: while one is packed, the one before is still there
    assert peak(400) < 1.3 * few


def test_compressed_needs_its_dictionary():
    assert len(compressed([b"abcdefgh" * 4], b"abcdefgh" * 4)[0]) < 16
