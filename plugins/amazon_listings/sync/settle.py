"""Settle: one outcome per item, from what the stages of a run left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.errors import RunRefused
from amazon_listings.sync.outcome import OUTCOMES, Outcome
from amazon_listings.validation.issue import Issue
from amazon_listings.validation.merging import merge_issues

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from amazon_listings.sync.run_folder import RunFolder


class SettledItem(NamedTuple):
    """One item at the end of a run.

    `pim_id` is the PIM's identity of the item, `note` a remark on its outcome.
    """

    sku: str
    pim_id: str
    outcome: Outcome
    asin: str
    note: str
    issues: list[Issue]


def settled_items(folder: RunFolder) -> Iterator[SettledItem]:
    """Every item of the run with its outcome, in the order of the extract.

    An item that no stage finished (the run stopped before) is `failed`: the next run tries it again.
    """
    for problem in folder.read("problems", "part-00001.jsonl"):
        issue = Issue(code="unreadable", severity="ERROR", source="quality", message=problem["message"])
        yield SettledItem(problem["sku"] or "", "", "blocked", "", "", [issue])
    for part in folder.parts("extract"):
        stages = {
            stage: {row["id"]: row for row in folder.read(stage, part)}
            for stage in ("quality", "mapped", "tested", "live")
        }
        known = set()
        for item in folder.read("extract", part):
            known.add(item["id"])
            yield _settled(item["id"], item["sku"], stages)
        # Parents of families are made by the mapping; the PIM has no row of their own.
        for row in stages["mapped"].values():
            if row["id"] not in known:
                yield _settled(row["id"], row["sku"], stages)


def _settled(pim_id: str, sku: str | None, stages: dict[str, dict[str, Any]]) -> SettledItem:
    rows = [stages[stage].get(pim_id) for stage in ("quality", "mapped", "tested", "live")]
    issues = [Issue.from_dict(issue) for row in rows if row for issue in row.get("issues", ())]
    decided = next((row for row in reversed(rows[2:]) if row), None)
    outcome: Outcome
    if decided:
        outcome = decided["outcome"]
    elif any(issue.severity == "ERROR" for issue in issues):
        outcome = "blocked"
    else:
        outcome = "failed"
    return SettledItem(
        sku or "",
        pim_id,
        outcome,
        next((row["asin"] for row in rows if row and row.get("asin")), ""),
        (decided or {}).get("note", ""),
        merge_issues(issues),
    )


def check_sum(extracted: int, added: int, out_of_scope: int, counts: Counter[str]) -> dict[str, int]:
    """Every outcome with its number of items; none of the extracted may be missing.

    Args:
        extracted: Items read in scope, with those that could not be read.
        added: Parents that the mapping made.
        out_of_scope: Items read but not in the run's scope.
        counts: Number of settled items by outcome.

    Raises:
        RunRefused: the outcomes do not add up to what was extracted.
    """
    if (total := counts.total()) != extracted + added:
        raise RunRefused(
            f"{extracted:,} items were extracted and {added:,} parents made, but {total:,} have an outcome.",
            hint="The run's folder is damaged: clear the run and let it start again.",
        )
    return {str(outcome): counts[outcome] for outcome in OUTCOMES} | {"out_of_scope": out_of_scope}
