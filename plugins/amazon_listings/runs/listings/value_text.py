"""Word a value of a listing as a merchant reads it: prices with their dates, texts, measures; no JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_listings.messages import message
from amazon_product_types.messages.facts import Listed, Quoted, quoted
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
    return cut(one_line(messages.value(_fact(value, 0))), most)


def value_fact(value: object, messages: Catalogue) -> object:
    """Return a value of a listing as a fact of a message, which each reader's language words.

    What would have to be cut is worded at once: a message has no fact that is cut.
    """
    if value is None or isinstance(value, str):
        return "—" if value is None else quoted(value)
    fact = _fact(value, 0)
    text = one_line(messages.value(fact))
    return fact if len(text) <= LONGEST_SAID else cut(text, LONGEST_SAID)


def _fact(value: object, depth: int) -> object:
    if depth > _MOST_DEPTH:
        return "…"
    if isinstance(value, list):
        return Listed("commas", tuple(_fact(one, depth + 1) for one in value))
    if isinstance(value, dict):
        return _element(value, depth)
    if isinstance(value, str):
        return Quoted(one_line(value))
    return message("value.yes" if value else "value.no") if isinstance(value, bool) else value


def _element(element: Mapping[str, Any], depth: int) -> Listed:
    """Return an element: what it is, its unit, its dates, and the rest of it by name."""
    rest = {name: value for name, value in element.items() if name not in _UNSAID}
    main = next((name for name in _MAIN if rest.get(name) is not None), None)
    said = [] if main is None else [_fact(rest.pop(main), depth + 1)]
    if main is not None:
        said += [str(rest.pop(name)) for name in _BEHIND if isinstance(rest.get(name), str)]
        rest.pop("language_tag", None)
    more: list[object] = list(_dates(rest))
    more += [message("said_of", about=name, said=_fact(value, depth + 1)) for name, value in rest.items()]
    if more:
        others = Listed("commas", tuple(more))
        said.append(message("phrase.aside", text=others) if said else others)
    return Listed("sentences", tuple(said))


def _dates(rest: dict[str, Any]) -> Iterator[str]:
    """Yield from when to when, and take it out of the rest."""
    ends = [rest.pop(name, None) for name in (_FROM, _TO)]
    texts = [one.get("value") if isinstance(one, dict) else one for one in ends]
    if any(texts):
        yield _UNTIL.join(str(one or "…") for one in texts)
