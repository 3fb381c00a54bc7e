from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amazon_listings.errors import RunAbortedError
from amazon_listings.runs.folder import RunFolder, part_name
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.resolve import check_sum, settled_items
from amazon_product_types.validation.issue import Issue

ERROR = Issue(code="too_long", severity="ERROR", source="schema", message="Too long.", attribute="item_name")
WARNING = Issue(code="odd", severity="WARNING", source="mapping", message="Odd.")


def row(identity, **more):
    return {"pim_id": identity, "sku": identity.upper(), "issues": [], **more}


def settled(folder):
    return {item.pim_id: item for item in settled_items(folder)}


def test_the_last_stage_decides_and_every_stage_adds_its_issues(folder, extracted, item):
    extracted([item(n) for n in range(1, 7)])
    folder.note("scope", {"operation": "live"})
    part = part_name(1)
    folder.write("quality", part, [row("products/1", blocks=True, issues=[ERROR.to_dict()])])
    folder.write(
        "mapped",
        part,
        [row(f"products/{n}", issues=[WARNING.to_dict()] if n == 1 else []) for n in range(1, 7)],
    )
    outcomes = ["blocked", "unchanged", "ready", "rejected", "ready", "extracted"]
    folder.write(
        "tested", part, [row(f"products/{n}", outcome=o, asin="B0") for n, o in enumerate(outcomes, 1)]
    )
    folder.write("live", part, [row("products/3", outcome="accepted")])
    items = settled(folder)
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
    folder.note("scope", {"operation": "test"})
    folder.write("tested", part_name(1), [row("products/1", outcome="ready")])
    assert settled(folder)["products/1"].outcome == "ready"


def test_an_item_no_stage_finished_failed_unless_something_blocks_it(folder, extracted, item):
    extracted([item(1), item(2)])
    folder.write("quality", part_name(1), [row("products/1", issues=[ERROR.to_dict()], blocks=True)])
    assert [one.outcome for one in settled_items(folder)] == ["blocked", "failed"]


def test_unreadable_records_are_items_too(folder, extracted):
    extracted(problems=[{"sku": "row 7", "message": "No id.", "action": "Do."}])
    (one,) = settled_items(folder)
    assert (one.sku, one.outcome, one.issues[0].message) == ("row 7", "blocked", "No id.")


def test_parts_of_an_extract_that_was_cut_short_do_not_count(folder, item):
    folder.write("extract", part_name(1), [item(1)])
    assert list(settled_items(folder)) == []


def test_a_parent_that_the_mapping_made_is_told_apart(folder, extracted, item):
    extracted([item(1, group="9", variant={})])
    folder.write("mapped", part_name(1), [row("products/9"), row("variants/1")])
    assert {one.pim_id: one.parent for one in settled_items(folder)} == {
        "variants/1": False,
        "products/9": True,
    }


STAGE = st.dictionaries(st.integers(0, 7), st.sampled_from([*Outcome, "nonsense"]), max_size=8) | st.none()


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
    for number, (count, quality, mapped, tested, sent) in enumerate(parts):
        names.append(part_name(number))
        identities = [f"v/{number}/{n}" for n in range(count)]
        folder.write("extract", names[-1], ({"pim_id": one, "sku": one} for one in identities))
        extracted += count
        for stage, contents in (("quality", quality), ("tested", tested), ("live", sent)):
            if contents is not None:
                rows = [row(f"v/{number}/{n}", outcome=o, blocks=True) for n, o in contents.items()]
                folder.write(stage, names[-1], rows)
        if mapped is not None:
            rows = [row(f"v/{number}/{n}") for n in mapped if n < count]
            folder.write("mapped", names[-1], rows + [row(f"p/{number}/{n}") for n in range(parents)])
    folder.write(
        "problems", part_name(1), ({"sku": "", "message": "x", "action": ""} for _ in range(problems))
    )
    folder.note("scope", {"operation": "live" if live else "test"})
    folder.note("extract", {"parts": names, "extracted": extracted})
    items = list(settled_items(folder))
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
