"""The same issue from several sources is one issue."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from amazon_product_types.validation.issue import SENTENCES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from amazon_product_types.validation.issue import Issue, Severity, Source

#: Who explains an issue best, first: what we found ourselves leads to a PIM field, a place and a value.
ORDER: tuple[Source, ...] = (
    "mapping",
    "quality",
    "schema",
    "sending",
    "ownership",
    "submission",
    "preview",
    "listing",
)
WORST: dict[Severity, int] = {"ERROR": 0, "WARNING": 1, "INFO": 2}
#: What the best explanation may lack and another have.
LENT = ("why", "allowed", "measured", "label", "action", "exemption", "origin")
#: What equal issues of one source have in common.
EQUAL = ("source", "code", "severity", "attribute", "others", "path", "message", "family")

Key = tuple[str, str]


@dataclass
class _Kept:
    """An issue that is shown, what it is recognised by, and the issues of other sources that are the same."""

    place: int
    issue: Issue
    keys: set[Key]
    same: list[Issue] = field(default_factory=list)


def merge_issues(issues: Iterable[Issue]) -> list[Issue]:
    """Return the issues of one item with those that say the same thing put together.

    Two issues of different sources are the same if family and attribute agree (`Issue.identity`).
    Besides, what the mapping could not fill is missing from the payload for no other reason, and an
    issue that says "one of these attributes is missing" is the same as one about any of them. An
    issue of Amazon's that names several attributes is part of each issue about one of them; where
    no other issue is about some of them, it stands for those.

    The source that explains best keeps its issues; those of the others are added to them as
    `sources`, `codes`, `categories` and `enforcements`, the severity is the worst of all, and what
    the best explanation lacks comes from the others. Two issues of one source are different places
    and stay apart, unless they are equal.

    Returns:
        The merged issues, in the order in which they first came.
    """
    kept: list[_Kept] = []
    for place, issue in sorted(enumerate(issues), key=lambda pair: ORDER.index(pair[1].source)):
        if issue.others:
            _spread(place, issue, kept)
            continue
        keys = _keys(issue)
        same = _same(issue, keys, kept)
        _add(place, issue, same)
        for one in same:
            one.keys |= keys
        if not same and not _is_told(issue, kept):
            kept.append(_Kept(place, issue, keys))
    # Issues that differed in severity may be equal once both are as bad as another source says.
    unique: dict[tuple[Any, ...], Issue] = {}
    for one in sorted(kept, key=lambda one: one.place):
        issue = _with(one.issue, one.same)
        key = tuple(getattr(issue, name) for name in EQUAL)
        unique[key] = _with(unique[key], [issue]) if key in unique else issue
    merged = list(unique.values())
    # A warning of the mapping that is an error by another source stands for a missing value as well.
    worse = any(_keys(one.issue) != _keys(_with(one.issue, one.same)) for one in kept if one.same)
    return merge_issues(merged) if worse else merged


def _spread(place: int, issue: Issue, kept: list[_Kept]) -> None:
    """Give an issue that names several attributes, to those that are about one of them."""
    family = issue.identity[0]
    rest = []
    found: list[_Kept] = []
    for name in (issue.attribute, *issue.others):
        same = _same(issue, {(family, name)}, kept)
        found += (one for one in same if one not in found)
        if not same:
            rest.append(name)
    _add(place, issue, found)
    if not rest:
        return
    alone = replace(issue, attribute=rest[0], path=rest[0], others=tuple(rest[1:])) if found else issue
    if not _is_told(alone, kept):
        kept.append(_Kept(place, alone, {(family, name) for name in rest}))


def _keys(issue: Issue) -> set[Key]:
    """Return what an issue is recognised by."""
    names = (issue.allowed or {}).get("one_of", ())
    keys = {(issue.family, name) for name in names}
    if issue.attribute:
        keys.add(issue.identity)
    elif not names:
        # An issue without attribute says too little to be recognised by its family.
        keys.add((issue.code, ""))
    if issue.source == "mapping" and issue.severity == "ERROR" and issue.attribute:
        keys.add(("missing", issue.attribute))
    return keys


def _same(issue: Issue, keys: set[Key], kept: list[_Kept]) -> list[_Kept]:
    return [one for one in kept if one.issue.source != issue.source and keys & one.keys]


def _add(place: int, issue: Issue, same: list[_Kept]) -> None:
    for one in same:
        one.same.append(issue)
        one.place = min(one.place, place)


def _is_told(issue: Issue, kept: list[_Kept]) -> bool:
    """Return whether an equal issue of the same source is there."""
    return any(all(getattr(issue, name) == getattr(one.issue, name) for name in EQUAL) for one in kept)


def _with(issue: Issue, others: list[Issue]) -> Issue:
    if not others:
        return issue
    everyone = [issue, *others]
    sources = {source for one in everyone for source in one.sources}
    codes = {code: None for one in others for code in (one.code, *one.codes) if code != issue.code}
    lent: dict[str, Any] = {
        name: next((value for one in everyone if (value := getattr(one, name))), getattr(issue, name))
        for name in LENT
    }
    phrases = {
        name: found
        for name in SENTENCES
        for one in everyone
        if getattr(one, name) == lent.get(name, issue.message) and (found := (one.phrases or {}).get(name))
    }
    return replace(
        issue,
        severity=min((one.severity for one in everyone), key=WORST.__getitem__),
        sources=tuple(source for source in ORDER if source in sources),
        codes=tuple(dict.fromkeys((*issue.codes, *codes))),
        categories=tuple(dict.fromkeys(category for one in everyone for category in one.categories)),
        enforcements=tuple(dict.fromkeys(action for one in everyone for action in one.enforcements)),
        phrases=phrases or None,
        **lent,
    )
