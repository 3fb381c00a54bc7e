"""The options of a field: the codes Amazon takes, the names people see, and those nearest to a text."""

from __future__ import annotations

import json
from functools import cached_property, lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_product_types.matching import Ranking, similarity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

#: Lists may have 1,700 values; a person reads no more than these.
SHOWN = 5
#: From this similarity on, one text may be a slip for the other.
_SLIP = 0.75
_REMEMBERED = 4096


class Option(NamedTuple):
    """One allowed (or suggested) value: the code to send, and its displayed name.

    `deprecated` options are going away; `replacements` are the codes Amazon proposes instead.
    """

    value: Any
    name: str
    deprecated: bool = False
    replacements: tuple[str, ...] = ()


def listed(schema: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
    """Return the schema that lists the options, and whether they are only suggestions."""
    if "enum" in schema:
        return schema, False
    for key in ("anyOf", "oneOf"):
        branches = [branch for branch in schema.get(key, ()) if isinstance(branch, dict)]
        for branch in branches:
            if "enum" in branch:
                return branch, any("enum" not in other and "const" not in other for other in branches)
    return {}, False


def options(schema: Mapping[str, Any], spoken: Mapping[str, Any] | None = None) -> tuple[Option, ...]:
    """Return the options of a schema.

    A code is never taken from the labels: codes of another locale are refused by Amazon (issue
    90244), however alike the lists look.

    Args:
        schema: The schema of the value.
        spoken: The same schema in the locale people read; it names the codes that it knows too.
    """
    values, _ = listed(schema)
    names = dict(_named(values))
    if spoken is not None:
        names.update({key: name for key, name in _named(listed(spoken)[0]) if key in names})
    lifecycle = {**schema.get("$lifecycle", {}), **values.get("$lifecycle", {})}
    gone = {_key(code) for code in lifecycle.get("enumDeprecated", ())}
    instead = {
        _key(entry.get("value")): tuple(entry.get("replacements", ()))
        for entry in lifecycle.get("enumReplacement", ())
    }
    # Real definitions repeat some codes; one option each is enough.
    codes = {_key(code): code for code in values.get("enum", ())}
    return tuple(
        Option(code, names[key], deprecated=key in gone, replacements=instead.get(key, ()))
        for key, code in codes.items()
    )


def _named(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each code once, as `_key` writes it, with its first name."""
    names = values.get("enumNames") or ()
    seen: set[str] = set()
    for index, code in enumerate(values.get("enum", ())):
        key = _key(code)
        if key not in seen:
            seen.add(key)
            yield key, str(names[index] if index < len(names) else code)


def _key(code: Any) -> str:
    """Return a code as text that tells `1`, `true` and `"1"` apart."""
    return json.dumps(code)


class OptionList:
    """The values of one list with their displayed names, searched for those nearest to a text.

    Args:
        values: The values, as the definition lists them; repeated ones count once.
        names: Displayed names by value (its JSON text).
    """

    def __init__(self, values: Sequence[Any], names: Mapping[str, str]) -> None:
        unique = {_key(value): value for value in values}
        self.options = [{"value": value, "name": names.get(key, str(value))} for key, value in unique.items()]
        self.nearest = lru_cache(_REMEMBERED)(self._nearest)
        self.close = lru_cache(_REMEMBERED)(self._close)

    @classmethod
    def of(cls, known: Sequence[Option]) -> OptionList:
        """Return the list of a field's options."""
        return cls([option.value for option in known], {_key(option.value): option.name for option in known})

    def __len__(self) -> int:
        return len(self.options)

    def _nearest(self, written: str) -> list[dict[str, Any]]:
        """Return at most five options, the most alike first, by code or by name."""
        # Texts are numbered: 2n is option n's value, 2n + 1 its name.
        ranked = self._ranking.nearest(written, 2 * SHOWN)
        best = list(dict.fromkeys(place >> 1 for place in ranked))[:SHOWN]
        rest = (index for index in range(len(self.options)) if index not in best)
        return [self.options[index] for index in (*best, *islice(rest, SHOWN - len(best)))]

    @cached_property
    def _ranking(self) -> Ranking:
        return Ranking([text for option in self.options for text in (str(option["value"]), option["name"])])

    def _close(self, written: str) -> list[Any]:
        """Return the values of `nearest` that are so alike that `written` may be a slip for them."""
        return [
            option["value"]
            for option in self.nearest(written)
            if any(similarity(written, text) >= _SLIP for text in (str(option["value"]), option["name"]))
        ]
