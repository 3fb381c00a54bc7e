"""Where Amazon's preview and the real call are known to disagree, as data.

A gap through which a green preview becomes a red submission is checked here, before anything is sent,
and noted beside the preview. A refusal that only the preview makes is explained; it still counts,
because nobody can tell it from a real one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.selling_partner.patches import COST_PRICE
from amazon_listings.validation.issue import Issue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from amazon_listings.sync.submission_plan import Plan

#: "An internal error has occurred. Please try again.", with the status INVALID.
INTERNAL_ERROR = "4000000"


class Gap(NamedTuple):
    """A green preview that may become a red submission.

    Args:
        code: Our stable name of it.
        attribute: The attribute concerned.
        concerns: Whether a submission is of the kind: its plan, its mapped row, whether of a vendor.
        open: Whether it would be refused.
        trouble: What is said if it would.
        action: What to do then.
        noted: What is said beside a green preview if it would not.
        source: Where the gap was reported.
    """

    code: str
    attribute: str
    concerns: Callable[[Plan, Mapping[str, Any], bool], bool]
    open: Callable[[Plan], bool]
    trouble: str
    action: str
    noted: str
    source: str


GAPS = (
    Gap(
        code="vendor_update_without_cost_price",
        attribute=COST_PRICE,
        concerns=lambda plan, row, vendor: vendor and plan.method == "PATCH" and row.get("role") != "parent",
        open=lambda plan: COST_PRICE not in plan.touched,
        trouble="An update of a vendor's listing is refused without its cost price, even if that did not "
        "change. Amazon's preview does not notice.",
        action="Map `cost_price`.",
        noted="Amazon's preview does not check that a vendor's update repeats the cost price; it does.",
        source="amzn/selling-partner-api-models issue 5337 (2026-07)",
    ),
)

#: What an error code means that the preview is known to give where the real call does not.
ONLY_IN_PREVIEW = {
    "90004114": "Amazon's preview is known to say this of an attribute that the product type has no longer, "
    "where the real call takes the listing. If your value is right, set `preview: none` for one run, or ask "
    "Amazon's support (amzn/selling-partner-api-models issue 4621).",
}


def gap_issues(plan: Plan, row: Mapping[str, Any], *, vendor: bool) -> list[Issue]:
    """What the preview of this submission does not see: an error where it would be refused, else a note."""
    found = []
    for gap in GAPS:
        if gap.concerns(plan, row, vendor):
            refused = gap.open(plan)
            found.append(
                Issue(
                    code=gap.code,
                    severity="ERROR" if refused else "INFO",
                    source="schema",
                    attribute=gap.attribute,
                    path=gap.attribute,
                    message=gap.trouble if refused else gap.noted,
                    why=f"Known gap between preview and submission: {gap.source}.",
                    action=gap.action if refused else "",
                )
            )
    return found


def is_no_answer(issues: Iterable[Mapping[str, Any]]) -> bool:
    """Whether Amazon's issues of an INVALID submission only say that something went wrong at Amazon."""
    codes = {issue.get("code") for issue in issues if issue.get("severity") == "ERROR"}
    return codes == {INTERNAL_ERROR}


def explained(issues: Iterable[Issue], sent: Iterable[str]) -> list[Issue]:
    """A note for each refusal that only previews are known to make, of attributes that were not sent.

    Args:
        issues: The issues of a preview.
        sent: The attributes that were sent.
    """
    ours = frozenset(sent)
    return [
        Issue(
            code=f"only_in_preview_{issue.code}",
            severity="INFO",
            source="preview",
            attribute=issue.attribute,
            path=issue.path,
            label=issue.label,
            message=ONLY_IN_PREVIEW[issue.code],
        )
        for issue in issues
        if issue.code in ONLY_IN_PREVIEW and issue.attribute not in ours
    ]
