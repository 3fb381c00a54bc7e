"""The same issue from several sources is one issue."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from amazon_listings.validation.issue import Issue, Severity, Source

#: Who explains an issue best, first: what we found ourselves leads to a place and a value.
ORDER: tuple[Source, ...] = ("mapping", "schema", "quality", "submission", "preview", "listing")
WORST: dict[Severity, int] = {"ERROR": 0, "WARNING": 1, "INFO": 2}


def merge_issues(issues: Iterable[Issue]) -> list[Issue]:
    """The issues of one item with those that say the same thing put together.

    Two issues of different sources are the same if family and attribute agree (`Issue.identity`);
    one that says "one of these attributes is missing" is the same as Amazon's about any of them.
    The source that explains best keeps its issues; those of the others are added to them as
    `sources`, `codes`, `categories` and `enforcements`, and the severity is the worst of all. Two
    issues of one source are different places and stay apart, unless they are equal.

    Returns:
        The merged issues, in the order in which their identity first came.
    """
    every = list(issues)
    alias = {
        (one.family, name): one.identity for one in every for name in (one.allowed or {}).get("one_of", ())
    }
    groups: dict[tuple[str, str], list[Issue]] = {}
    for issue in every:
        # An issue without attribute says too little to be recognised by its family alone.
        key = alias.get(issue.identity, issue.identity) if issue.attribute else (issue.code, "")
        groups.setdefault(key, []).append(issue)
    return [merged for group in groups.values() for merged in _merged(group)]


def _merged(group: list[Issue]) -> list[Issue]:
    best = min((issue.source for issue in group), key=ORDER.index)
    shown = {(one.code, one.path, one.message): one for one in group if one.source == best}
    others = [issue for issue in group if issue.source != best]
    return [_with(issue, others) for issue in shown.values()]


def _with(issue: Issue, others: list[Issue]) -> Issue:
    everyone = [issue, *others]
    sources = {source for one in everyone for source in one.sources}
    codes = {code: None for one in others for code in (one.code, *one.codes) if code != issue.code}
    return replace(
        issue,
        severity=min((one.severity for one in everyone), key=WORST.__getitem__),
        sources=tuple(source for source in ORDER if source in sources),
        codes=tuple(dict.fromkeys((*issue.codes, *codes))),
        categories=tuple(dict.fromkeys(category for one in everyone for category in one.categories)),
        enforcements=tuple(dict.fromkeys(action for one in everyone for action in one.enforcements)),
        exemption=next((one.exemption for one in everyone if one.exemption), ""),
        origin=next((one.origin for one in everyone if one.origin), None),
    )
