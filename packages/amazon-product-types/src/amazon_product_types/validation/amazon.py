"""Amazon's own issues, from previews, submissions, listings and feed reports, as issues of ours.

Which codes are known is data (`amazon_codes.json`); what they mean and what to do about them is in the
catalogue (`messages/<language>.po`, `amazon.<code>`). Amazon publishes no list of its codes and has
changed those of the preview, so an unknown code is understood by its `categories`.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_product_types.messages import Catalogue, Message, catalogue
from amazon_product_types.messages.facts import Listed
from amazon_product_types.validation.issue import Issue, Severity, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SEVERITIES: dict[str, Severity] = {"ERROR": "ERROR", "WARNING": "WARNING", "INFO": "INFO"}


def amazon_issues(
    issues: Iterable[Mapping[str, Any]],
    *,
    source: Source,
    language: str = "en",
    labels: Mapping[str, str] | None = None,
) -> list[Issue]:
    """Amazon's issues as issues of ours.

    Args:
        issues: `issues` of a Listings Items answer (2021-08-01) with `attributeNames`, or of a listings
            feed's processing report, with one dotted path in `attributeName` (`attributePath` where
            the report was read by `selling_partner.feed_reports`).
        source: Which call answered with them.
        language: Language of explanation and action. The message stays as Amazon wrote it.
        labels: What people call attributes and the places in them, by name or dotted path.

    Returns:
        One issue each. `code` is Amazon's; `why` explains it and tells what Amazon does about it.
        Of several attribute names the first is `attribute`, the rest are `others`, all are in `label`.
    """
    texts = catalogue(language)
    return [_issue(issue, source, texts, labels or {}) for issue in issues]


class _Known(NamedTuple):
    """A code or category of Amazon's that is known: the family of its trouble, and its message's code."""

    family: str
    message: str


def _issue(issue: Mapping[str, Any], source: Source, texts: Catalogue, labels: Mapping[str, str]) -> Issue:
    code = str(issue.get("code") or "")
    categories = tuple(map(str, issue.get("categories") or ()))
    known = _known(code, categories)
    paths = _paths(issue)
    names = [path.partition(".")[0] for path in paths]
    enforcements, exemption, effects = _enforced(issue.get("enforcements") or {}, texts)
    about = [Message(known.message)] if known else []
    said = texts.texts_of(
        Message(known.message if known else ""),
        action=Message(known.message, variant="action") if known else None,
        why=Listed("sentences", (*about, *effects)),
    )
    written = str(issue.get("message") or "")
    # What Amazon wrote stays as it is.
    phrases = {name: one for name, one in said["phrases"].items() if name != "message" or not written}
    return Issue(
        code=code or "unknown",
        # An unknown severity blocks, so that a person looks at it.
        severity=SEVERITIES.get(str(issue.get("severity")), "ERROR"),
        source=source,
        message=written or said["message"] or code,
        attribute=names[0] if names else "",
        path=paths[0].replace(".", "/") if paths else "",
        label=", ".join(
            labels.get(path) or labels.get(name, name) for path, name in zip(paths, names, strict=True)
        ),
        why=said["why"],
        action=said["action"],
        phrases=phrases or None,
        family=known.family if known else "",
        categories=categories,
        enforcements=enforcements,
        exemption=exemption,
        others=tuple(dict.fromkeys(name for name in names[1:] if name != names[0])),
    )


def _paths(issue: Mapping[str, Any]) -> list[str]:
    """Return the attributes that an issue names, or the dotted path of a feed report."""
    path = issue.get("attributePath") or issue.get("attributeName")
    names = [path] if path else issue.get("attributeNames") or ()
    return list(dict.fromkeys(str(name) for name in names if name))


def _known(code: str, categories: tuple[str, ...]) -> _Known | None:
    data = _data()
    return data["codes"].get(code) or next(
        (data["categories"][name] for name in categories if name in data["categories"]), None
    )


def _enforced(
    enforcements: Mapping[str, Any], texts: Catalogue
) -> tuple[tuple[str, ...], str, list[Message]]:
    """Amazon's measures, the exemption as one text, and the messages of both."""
    actions = tuple(str(one["action"]) for one in enforcements.get("actions") or () if one.get("action"))
    enforced = [f"amazon.enforcement.{action}" for action in actions]
    effects = [Message(code) for code in enforced if texts.knows(code)]
    exempt = enforcements.get("exemption") or {}
    status, date = str(exempt.get("status") or ""), str(exempt.get("expiryDate") or "")
    if effects and texts.knows(code := f"amazon.exemption.{status}"):
        effects.append(Message(code, {"date": date}))
    return actions, f"{status} {date}".strip(), effects


@cache
def _data() -> Mapping[str, Mapping[str, _Known]]:
    """Return what is known of Amazon's codes and categories; several may be explained by the same message."""
    file = files("amazon_product_types.validation") / "amazon_codes.json"
    data: dict[str, dict[str, dict[str, str]]] = json.loads(file.read_text(encoding="utf-8"))
    return {
        kind: {
            name: _Known(entry["family"], f"amazon.{entry.get('explained_as', name)}")
            for name, entry in entries.items()
        }
        for kind, entries in data.items()
    }
