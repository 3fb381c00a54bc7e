"""Where Amazon's preview and the real call are known to disagree, as data.

A gap through which a green preview becomes a red submission is checked here, before anything is sent,
and noted beside the preview. A refusal that only the preview makes is explained; it still counts,
because it cannot be told from a real one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.selling_partner.content.patches import COST_PRICE
from amazon_product_types.validation.issue import Issue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from amazon_listings.messages import Catalogue
    from amazon_listings.planning.wanted import PlannedWrite
    from amazon_listings.runs.records import Role

#: "An internal error has occurred. Please try again.", with the status INVALID.
INTERNAL_ERROR = "4000000"


class Gap(NamedTuple):
    """A green preview that may become a red submission. What is said of it is in `messages/`.

    Args:
        code: Code of the error if it would be refused.
        noted: Code of the note beside a green preview if it would not.
        attribute: The attribute concerned.
        family: Kind of trouble, the one that Amazon's refusal has.
        concerns: Whether a submission is of the kind: its plan, the item's place in a family, whether of a
            vendor.
        open: Whether it would be refused.
        source: Where the gap was reported.
    """

    code: str
    noted: str
    attribute: str
    family: str
    concerns: Callable[[PlannedWrite, str, bool], bool]
    open: Callable[[PlannedWrite], bool]
    source: str


GAPS = (
    Gap(
        code="vendor_update_without_cost_price",
        noted="vendor_cost_price_repeated",
        attribute=COST_PRICE,
        family="missing",
        concerns=lambda plan, role, vendor: vendor and plan.method == "PATCH" and role != "parent",
        open=lambda plan: COST_PRICE not in plan.touched,
        source="amzn/selling-partner-api-models #5337 (2026-07)",
    ),
)

#: Where it was reported that only the preview gives an error code, where the real call does not.
ONLY_IN_PREVIEW = {"90004114": "amzn/selling-partner-api-models #4621"}


def gap_issues(plan: PlannedWrite, role: Role, *, vendor: bool, messages: Catalogue) -> list[Issue]:
    """Return what the preview of a submission does not see: errors where it would be refused, else notes.

    Args:
        plan: What is sent.
        role: The item's place in a family at Amazon.
        vendor: Whether it is a vendor's.
        messages: The sentences, in the language of the report.
    """
    found = []
    for gap in GAPS:
        if gap.concerns(plan, role, vendor):
            refused = gap.open(plan)
            code = gap.code if refused else gap.noted
            found.append(
                Issue(
                    code=code,
                    severity="ERROR" if refused else "INFO",
                    source="sending",
                    attribute=gap.attribute,
                    path=gap.attribute,
                    family=gap.family if refused else "",
                    **messages.issue_texts(code, source=gap.source),
                )
            )
    return found


def is_no_answer(issues: Iterable[Mapping[str, Any]]) -> bool:
    """Return whether the issues of an INVALID submission only say that something went wrong at Amazon."""
    codes = {issue.get("code") for issue in issues if issue.get("severity") == "ERROR"}
    return codes == {INTERNAL_ERROR}


def explained(issues: Iterable[Issue], sent: Iterable[str], messages: Catalogue) -> list[Issue]:
    """Return a note for each refusal that only previews are known to make, of attributes that were not sent.

    Args:
        issues: The issues of a preview.
        sent: The attributes that were sent.
        messages: The sentences, in the language of the issues.
    """
    ours = frozenset(sent)
    return [
        _only_in_preview(issue, messages)
        for issue in issues
        if issue.code in ONLY_IN_PREVIEW and issue.attribute not in ours
    ]


def _only_in_preview(issue: Issue, messages: Catalogue) -> Issue:
    code = f"only_in_preview_{issue.code}"
    return Issue(
        code=code,
        severity="INFO",
        source="preview",
        attribute=issue.attribute,
        path=issue.path,
        label=issue.label,
        **messages.issue_texts(code, source=ONLY_IN_PREVIEW[issue.code]),
    )
