"""An issue that was kept, in the language of another reader."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from amazon_product_types.validation.amazon import explained
from amazon_product_types.validation.values import named

if TYPE_CHECKING:
    from collections.abc import Iterable

    from amazon_product_types.messages import Catalogue, IssueTexts
    from amazon_product_types.validation.issue import Issue

_OF_AMAZON = frozenset(("preview", "submission", "listing"))


def reworded(issue: Issue, wanted: Catalogue, known: Iterable[Catalogue]) -> Issue:
    """Return an issue with its message and action in the language of a catalogue.

    Sentences are kept, not what they were made of. Where the rest of the issue makes the sentence that was
    kept, in one of the languages, it makes it in the one that is wanted, too; any other issue stays as it
    is. So does why a rule applies: its conditions are not kept.

    Args:
        issue: The issue, as it was kept.
        wanted: The reader's language.
        known: The languages in which it may have been kept.
    """
    if issue.source in _OF_AMAZON:
        return explained(issue, wanted.language)
    texts = _texts(issue, wanted)
    if texts is None or texts["message"] == issue.message:
        return issue
    for one in known:
        made = _texts(issue, one)
        if made is not None and made["message"] == issue.message:
            return replace(issue, **texts)
    return issue


def _texts(issue: Issue, catalogue: Catalogue) -> IssueTexts | None:
    """Return what an issue says in a language; None if it does not hold what that takes."""
    facts = _facts(issue, catalogue)
    is_part = facts.get("total", 0) > len((issue.allowed or {}).get("options", ()))
    variant = "nearest" if is_part and catalogue.knows(issue.code, "nearest") else ""
    action = f"{variant}_action" if variant else "action"
    try:
        return {
            "message": catalogue.message(issue.code, variant, **facts),
            "action": catalogue.message(issue.code, action, **facts),
        }
    except KeyError:  # a fact that is not kept
        return None


def _facts(issue: Issue, catalogue: Catalogue) -> dict[str, Any]:
    allowed = issue.allowed or {}
    facts: dict[str, Any] = {"keyword": issue.keyword, **(issue.measured or {})}
    facts["label"] = catalogue.quoted(issue.label) if issue.label else catalogue.phrase("phrase.item")
    if issue.found is not None:
        facts["found"] = catalogue.quoted(issue.found)
    if "options" in allowed:
        facts |= {"options": named(allowed["options"]), "total": allowed["options_total"]}
    sizes = [
        catalogue.phrase(f"phrase.{unit}", count=allowed[f"{end}_{unit}"])
        for end in ("max", "min")
        for unit in ("characters", "bytes")
        if f"{end}_{unit}" in allowed
    ]
    limits = [value for name, value in allowed.items() if name not in {"options", "options_total", "type"}]
    if limits:
        facts["limit"] = catalogue.all_of(sizes) or limits[0]
    return facts
