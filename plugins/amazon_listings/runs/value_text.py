"""Word a value of a listing as a merchant reads it: prices with their dates, texts, measures; no JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_product_types.messages.facts import quoted
from amazon_product_types.messages.printable import LONGEST_SAID, cut, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from amazon_listings.messages import Catalogue

#: Properties that hold what an element is; the first that it has comes first.
_MAIN = ("value", "value_with_tax", "media_location", "name", "schedule")
#: Properties that stand behind it without their name.
_BEHIND = ("unit", "currency")
_FROM, _TO = "start_at", "end_at"
#: Properties that are the same for everything beside them.
_UNSAID = frozenset(("marketplace_id",))
_MOST_DEPTH = 8
_UNTIL = " \u2013 "


def value_text(value: object, messages: Catalogue, most: int = LONGEST_SAID) -> str:
    """Return a value of a listing for a sentence: on one line, cut.

    `[{"schedule": [{"value_with_tax": 8, "start_at": "2026-11-20", "end_at": "2026-12-31"}]}]` is
    8, with both days behind it; `[{"value": "Oak"}]` is `“Oak”`; no value is a dash.

    Args:
        value: The value of a leaf, as Amazon has it.
        messages: In whose language numbers and quotation marks are.
        most: Characters.
    """
    if value is None:
        return "—"
    if isinstance(value, str) and most == LONGEST_SAID:
        return messages.quoted(value)
    return cut(one_line(_worded(value, messages, 0)), most)


def value_fact(value: object, messages: Catalogue) -> object:
    """Return a value of a listing as a fact of a message: a text is quoted in the reader's language."""
    return quoted(value) if isinstance(value, str) else value_text(value, messages)


def _worded(value: object, messages: Catalogue, depth: int) -> str:
    if depth > _MOST_DEPTH:
        return "…"
    if isinstance(value, list):
        return ", ".join(_worded(one, messages, depth + 1) for one in value)
    if isinstance(value, dict):
        return _element(value, messages, depth)
    if isinstance(value, str):
        return messages.message("quote", text=value)
    if isinstance(value, bool):
        return messages.phrase("value.yes" if value else "value.no")
    return messages.value(value)


def _element(element: Mapping[str, Any], messages: Catalogue, depth: int) -> str:
    """Return an element: what it is, its unit, its dates, and the rest of it by name."""
    rest = {name: value for name, value in element.items() if name not in _UNSAID}
    main = next((name for name in _MAIN if rest.get(name) is not None), None)
    said = [] if main is None else [_worded(rest.pop(main), messages, depth + 1)]
    if main is not None:
        said += [str(rest.pop(name)) for name in _BEHIND if isinstance(rest.get(name), str)]
        rest.pop("language_tag", None)
    more = list(_dates(rest))
    more += [f"{name}: {_worded(value, messages, depth + 1)}" for name, value in rest.items()]
    if more:
        said.append(f"({', '.join(more)})" if said else ", ".join(more))
    return " ".join(said)


def _dates(rest: dict[str, Any]) -> Iterator[str]:
    """Yield from when to when, and take it out of the rest."""
    ends = [rest.pop(name, None) for name in (_FROM, _TO)]
    texts = [one.get("value") if isinstance(one, dict) else one for one in ends]
    if any(texts):
        yield _UNTIL.join(str(one or "…") for one in texts)
