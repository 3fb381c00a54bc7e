"""Settle: one outcome per item, from what the stages of a run left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.errors import RunAbortedError
from amazon_listings.runs.folder import part_name
from amazon_listings.runs.outcomes import ENDS, REPORTED, Outcome
from amazon_product_types.validation.issue import Issue
from amazon_product_types.validation.merging import merge_issues

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from amazon_listings.runs.folder import RunFolder
    from amazon_product_types.validation.issue import Source


#: What was seen of an accepted item later.
CONFIRMED = "confirmed"
#: The stages that say something of an item, in their order.
STAGES = ("quality", "mapped", "tested", "live", CONFIRMED)


class SettledItem(NamedTuple):
    """One item at the end of a run.

    `pim_id` is the PIM's identity of the item, `note` a remark on its outcome, `answered` the calls by
    which Amazon has judged it in this run. Two kinds were not extracted: a `parent` of a family, made
    by the mapping, and a `departed` item, which left the PIM's selection and whose listing is taken off
    Amazon; its `pim_id` may be empty.
    """

    sku: str
    pim_id: str
    outcome: Outcome
    asin: str
    note: str
    issues: list[Issue]
    parent: bool = False
    departed: bool = False
    answered: tuple[Source, ...] = ()


def settled_items(folder: RunFolder) -> Iterator[SettledItem]:
    """Every item of the run with its outcome, in the order of the extract.

    Only parts that the extract's note names count: an extract that was cut short extracted nothing.
    An item that no stage finished (the run stopped before) is `failed`: the next run tries it again.
    """
    extract = folder.noted("extract")
    if extract is None:
        return
    live = (folder.noted("scope") or {}).get("operation") == "live"
    for problem in folder.read("problems", part_name(1)):
        issue = Issue(
            code="unreadable",
            severity="ERROR",
            source="quality",
            message=problem["message"],
            action=problem["action"],
        )
        yield SettledItem(problem["sku"] or "", "", Outcome.BLOCKED, "", "", [issue])
    for part in extract["parts"]:
        stages = {stage: {row["pim_id"]: row for row in folder.read(stage, part)} for stage in STAGES}
        known = set()
        for item in folder.read("extract", part):
            known.add(item["pim_id"])
            yield _settled(item["pim_id"], item["sku"], stages, live=live)
        # Parents of families are made by the mapping; the PIM has no row of their own.
        for row in stages["mapped"].values():
            if row["pim_id"] not in known:
                yield _settled(row["pim_id"], row["sku"], stages, live=live)._replace(parent=True)
    # Listings whose items left the PIM's selection, where the connector takes them off Amazon.
    for part in folder.parts("departed"):
        for row in folder.read("departed", part):
            yield _departed(row, live=live)


def _settled(pim_id: str, sku: str | None, stages: dict[str, dict[str, Any]], *, live: bool) -> SettledItem:
    rows = [stages[stage].get(pim_id) for stage in STAGES]
    issues = [Issue.from_dict(issue) for row in rows if row for issue in row.get("issues", ())]
    *_, sent, confirmed = rows
    outcome, note = _outcome(rows[:-1], issues, live=live)
    if confirmed is not None and sent is not None and outcome == "accepted":
        outcome, note = Outcome(confirmed["outcome"]), confirmed["note"] or note
    return SettledItem(
        sku or "",
        pim_id,
        outcome,
        next((row["asin"] for row in reversed(rows) if row and row.get("asin")), ""),
        note,
        merge_issues(issues),
        answered=_answered(rows[2], sent),
    )


def _answered(tested: dict[str, Any] | None, sent: dict[str, Any] | None) -> tuple[Source, ...]:
    answered: list[Source] = []
    if tested and tested.get("previewed"):
        answered.append("preview")
    if sent and sent["outcome"] in {"accepted", "rejected"}:
        answered.append("submission")
    return tuple(answered)


def _departed(row: dict[str, Any], *, live: bool) -> SettledItem:
    sent = None if row["outcome"] == "ready" else row
    issues = [Issue.from_dict(issue) for issue in row["issues"]]
    outcome, note = _outcome([None, None, row, sent], issues, live=live)
    return SettledItem(row["sku"], row["pim_id"], outcome, "", note, merge_issues(issues), departed=True)


def _outcome(rows: list[dict[str, Any] | None], issues: list[Issue], *, live: bool) -> tuple[Outcome, str]:
    """What the last stage said of an item, and its remark; a stage that never spoke passed nothing."""
    _, _, tested, sent = rows
    decided = sent or tested
    if decided is None:
        blocked = any(issue.severity == "ERROR" for issue in issues)
        return (Outcome.BLOCKED if blocked else Outcome.FAILED), ""
    if decided["outcome"] not in ENDS:
        return Outcome.FAILED, ""  # it still waited for Amazon's answer
    if live and sent is None and decided["outcome"] == "ready":
        return Outcome.FAILED, decided.get("note", "")  # it passed, and was never submitted
    return Outcome(decided["outcome"]), decided.get("note", "")


def check_sum(extracted: int, added: int, out_of_scope: int, counts: Counter[str]) -> dict[str, int]:
    """Every outcome with its number of items; none of the extracted may be missing.

    Args:
        extracted: Items read in scope, with those that could not be read.
        added: Parents that the mapping made, and items that left the PIM's selection.
        out_of_scope: Items read but not in the run's scope.
        counts: Number of settled items by outcome.

    Raises:
        RunAbortedError: the outcomes do not add up to what was extracted.
    """
    if (total := sum(counts[outcome] for outcome in ENDS)) != extracted + added:
        raise RunAbortedError(
            "runs.sum_wrong",
            extracted=extracted,
            added=added,
            total=total,
        )
    return {str(outcome): counts[outcome] for outcome in REPORTED} | {"out_of_scope": out_of_scope}
