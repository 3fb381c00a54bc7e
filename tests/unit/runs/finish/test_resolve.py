from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amazon_listings.errors import RunAbortedError
from amazon_listings.ledger.writes.submissions import Sent
from amazon_listings.messages import catalogue, languages, message
from amazon_listings.remarks import remark, remark_as_is
from amazon_listings.runs.damage import DamagedFile
from amazon_listings.runs.finish.resolve import Resolver, check_sum
from amazon_listings.runs.folder import RunFolder, part_name
from amazon_listings.runs.notes import ApprovalNote, LiveNote, StopNote, TestedNote
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.records import (
    APPROVED,
    EXTRACT,
    LIVE,
    MAPPED,
    PROBLEMS,
    QUALITY,
    TESTED,
    ApprovedItem,
    ReadingProblem,
)
from amazon_product_types.validation.issue import Issue
from support.run_records import (
    extract_note,
    judged_item,
    mapped,
    note_of,
    quality,
    resolved_items,
    scope_of,
    written,
)

ERROR = Issue(code="too_long", severity="ERROR", source="schema", message="Too long.", attribute="item_name")
WARNING = Issue(code="odd", severity="WARNING", source="mapping", message="Odd.")


def resolved(folder):
    return {item.pim_id: item for item in resolved_items(folder)}


def test_the_last_stage_decides_and_every_stage_adds_its_issues(folder, extracted, item):
    extracted([item(n) for n in range(1, 7)])
    folder.note(scope_of("live"))
    part = part_name(1)
    folder.write(QUALITY, part, [quality("products/1", issues=[ERROR])])
    folder.write(
        MAPPED, part, [mapped(f"products/{n}", issues=[WARNING] if n == 1 else []) for n in range(1, 7)]
    )
    outcomes = ["blocked", "unchanged", "ready", "rejected", "ready", "extracted"]
    folder.write(
        TESTED, part, [judged_item(f"products/{n}", o, asin="B0") for n, o in enumerate(outcomes, 1)]
    )
    folder.write(LIVE, part, [written("products/3", "accepted")])
    items = resolved(folder)
    assert [items[f"products/{n}"].outcome for n in range(1, 7)] == [
        "blocked",
        "unchanged",
        "accepted",
        "rejected",
        "failed",  # ready, and never submitted
        "failed",  # Amazon had not answered
    ]
    assert [issue.code for issue in items["products/1"].issues] == ["too_long", "odd"]
    assert items["products/3"].asin == "B0"


def test_in_a_test_run_ready_is_the_end(folder, extracted, item):
    extracted([item(1)])
    folder.note(scope_of("test"))
    folder.write(TESTED, part_name(1), [judged_item("products/1", "ready")])
    assert resolved(folder)["products/1"].outcome == "ready"


@pytest.mark.parametrize(
    ("decision", "why"),
    [
        ("waiting", "this run's plan is not the one that was approved"),
        ("refused", "a person refused the plan of this run"),
    ],
)
def test_an_item_of_a_plan_that_is_not_sent_says_why(folder, extracted, item, decision, why):
    extracted([item(1)])
    folder.note(scope_of("live"))
    passed = judged_item("products/1", "ready", note=remark("note.passed_before"))
    folder.write(TESTED, part_name(1), [passed])
    folder.note(ApprovalNote(ready=1, decision=decision))
    found = resolved(folder)["products/1"]
    assert found.outcome == decision
    assert note_of(found, "en") == f"{why}; nothing of it was sent", "not what it passed"
    assert note_of(found, "fr").endswith("rien n'en a été envoyé")


def test_what_a_stopped_run_did_not_send_says_so_in_each_language(folder, extracted, item):
    extracted([item(1)])
    folder.note(scope_of("live"))
    folder.write(TESTED, part_name(1), [judged_item("products/1", "ready")])
    why = message("approval.stopped_test", connector="lamps")
    folder.note(StopNote(why=remark_as_is(why)))
    found = resolved(folder)["products/1"]
    assert found.outcome == "waiting"
    for language in languages():
        assert note_of(found, language) == catalogue(language).word(why)


@pytest.mark.parametrize(
    ("outcome", "found"),
    [("ready", ("refused", "")), ("waiting", ("waiting", "why")), ("blocked", ("blocked", "why"))],
)
def test_what_was_decided_of_an_item_comes_before_what_was_decided_of_its_plan(
    folder, extracted, item, outcome, found
):
    extracted([item(1)])
    folder.note(scope_of("live"))
    folder.write(TESTED, part_name(1), [judged_item("products/1", "ready")])
    decided = ApprovedItem(
        pim_id="products/1", sku="PRODUCTS/1", outcome=Outcome(outcome), note=remark_as_is("why")
    )
    folder.write(APPROVED, part_name(1), [decided])
    folder.note(ApprovalNote(ready=1, decision="refused"))
    one = resolved(folder)["products/1"]
    assert (one.outcome, "why" if one.note == remark_as_is("why") else "") == found


def test_an_item_no_stage_finished_failed_unless_something_blocks_it(folder, extracted, item):
    extracted([item(1), item(2)])
    folder.write(QUALITY, part_name(1), [quality("products/1", issues=[ERROR])])
    assert [one.outcome for one in resolved_items(folder)] == ["blocked", "failed"]


def test_unreadable_records_are_items_too(folder, extracted):
    extracted(problems=[ReadingProblem(sku="row 7", message="No id.", action="Do.")])
    (one,) = resolved_items(folder)
    assert (one.sku, one.outcome, one.issues[0].message) == ("row 7", "blocked", "No id.")


def test_parts_of_an_extract_that_was_cut_short_do_not_count(folder, item):
    folder.write(EXTRACT, part_name(1), [item(1)])
    assert list(resolved_items(folder)) == []


def test_a_parent_that_the_mapping_made_is_told_apart(folder, extracted, item):
    extracted([item(1, group="9", variant={})])
    folder.write(MAPPED, part_name(1), [mapped("products/9"), mapped("variants/1")])
    assert {one.pim_id: one.parent for one in resolved_items(folder)} == {
        "variants/1": False,
        "products/9": True,
    }


@pytest.fixture
def live_run(folder, extracted, item):
    """A live run of three items that are submitted; its last part is `live`."""
    extracted([item(n) for n in range(1, 4)])
    folder.note(scope_of("live"))
    part = part_name(1)
    numbers = range(1, 4)
    folder.write(QUALITY, part, [])
    folder.write(MAPPED, part, [mapped(f"products/{n}", f"A-{n}") for n in numbers])
    folder.write(TESTED, part, [judged_item(f"products/{n}", "ready", f"A-{n}", hash="h") for n in numbers])
    folder.note(TestedNote(calls={}))
    folder.write(LIVE, part, [written(f"products/{n}", "accepted", f"A-{n}") for n in numbers])
    folder.note(LiveNote(calls={}))
    return folder.root / "live" / part


def damage_truncated(path):
    path.write_bytes(path.read_bytes()[:-20])


def damage_emptied(path):
    path.write_bytes(b"")


def damage_deleted(path):
    path.unlink()


def damage_changed(path):
    path.write_bytes(path.read_bytes().replace(b"accepted", b"rejected"))


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (damage_truncated, "is cut off: 2 of 3 rows are left"),
        (damage_emptied, "is empty; 3 rows were written to it"),
        (damage_deleted, "is missing"),
        (damage_changed, "is not what the run wrote"),
    ],
)
def test_where_a_live_part_is_damaged_the_ledger_says_what_became_of_items(folder, live_run, damage, what):
    damage(live_run)
    known = {
        "A-1": Sent("PUT", "ACCEPTED", "h", "s1"),
        "A-2": Sent("PUT", "INVALID", "h", "s2"),
    }
    resolver = Resolver(folder, lambda skus: {sku: known[sku] for sku in skus if sku in known})
    outcomes = {one.sku: one.outcome for _, items in resolver.parts() for one in items}
    assert outcomes == {"A-1": Outcome.ACCEPTED, "A-2": Outcome.REJECTED, "A-3": Outcome.FAILED}
    sentence = str(*resolver.damage)
    assert str(live_run) in sentence
    assert what in sentence
    assert "Clear the run from live_sync" in sentence


def test_a_write_of_another_payload_decides_nothing(folder, live_run):
    damage_emptied(live_run)
    resolver = Resolver(folder, lambda skus: {sku: Sent("PUT", "ACCEPTED", "old", None) for sku in skus})
    assert {one.outcome for _, items in resolver.parts() for one in items} == {Outcome.FAILED}


@pytest.mark.usefixtures("live_run")
@pytest.mark.parametrize("stage", [EXTRACT, QUALITY, MAPPED, TESTED])
def test_nothing_stands_for_another_damaged_part(folder, stage):
    name = "part-00001.index.jsonl" if stage.has_index else "part-00001.jsonl"
    (folder.root / stage.name / name).write_bytes(b"{}")
    with pytest.raises(DamagedFile, match=f"Clear the run from {stage.task}"):
        list(resolved_items(folder))


STAGE = st.dictionaries(st.integers(0, 7), st.sampled_from(list(Outcome)), max_size=8) | st.none()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    parts=st.lists(st.tuples(st.integers(0, 5), STAGE, STAGE, STAGE, STAGE), max_size=4),
    problems=st.integers(0, 3),
    parents=st.integers(0, 2),
    live=st.booleans(),
)
def test_whatever_the_stages_left_the_outcomes_add_up(tmp_path_factory, parts, problems, parents, live):
    """Any stage may be missing, cut short, or speak of items that are not there."""
    folder = RunFolder(tmp_path_factory.mktemp("run"))
    names, extracted = [], problems
    for number, (count, checked, made, judged, sent) in enumerate(parts, 1):
        names.append(part_name(number))
        items = [
            {"pim_id": one, "sku": one, "group": "g", "status": "", "modified": None, "variant": None}
            | {"product": {**dict.fromkeys(("id", "ref", "status"), ""), "modified": None}}
            for one in (f"v/{number}/{n}" for n in range(count))
        ]
        for one in items:
            one["product"] |= {"fields": {}, "texts": {}, "images": {}}
        folder.write(EXTRACT, names[-1], items)
        extracted += count
        if checked is not None:
            folder.write(QUALITY, names[-1], [quality(f"v/{number}/{n}") for n in checked])
        if judged is not None:
            folder.write(TESTED, names[-1], [judged_item(f"v/{number}/{n}", o) for n, o in judged.items()])
        if sent is not None:
            folder.write(LIVE, names[-1], [written(f"v/{number}/{n}", o) for n, o in sent.items()])
        if made is not None:
            records = [mapped(f"v/{number}/{n}") for n in made if n < count]
            folder.write(MAPPED, names[-1], records + [mapped(f"p/{number}/{n}") for n in range(parents)])
    problem = ReadingProblem(sku="", message="x", action="")
    folder.write(PROBLEMS, part_name(1), [problem] * problems)
    folder.note(scope_of("live" if live else "test"))
    folder.note(extract_note(*names, extracted=extracted))
    items = list(resolved_items(folder))
    counts = Counter(item.outcome for item in items)
    added = sum(item.parent for item in items)
    assert sum(check_sum(extracted, added, 0, counts).values()) == extracted + added
    assert len({item.pim_id for item in items if item.pim_id}) == len(items) - problems
    if extracted:
        with pytest.raises(RunAbortedError, match="items were extracted"):
            check_sum(extracted + 1, added, 0, counts)


def test_items_of_an_unknown_outcome_are_missed():
    with pytest.raises(RunAbortedError, match=r"2 items were extracted and 0 added .*, but 1 have"):
        check_sum(2, 0, 0, Counter({"ready": 1, "lost": 1}))
    assert check_sum(1, 0, 5, Counter({"ready": 1}))["out_of_scope"] == 5
