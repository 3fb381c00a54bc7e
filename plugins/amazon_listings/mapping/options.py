"""Options of a leaf: from what a PIM writes to the code that Amazon takes."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amazon_listings.mapping.units import unit_code
from amazon_listings.product_types.labels import normal
from amazon_listings.product_types.tree import leaves

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from amazon_listings.product_types.fields import Field

_SHOWN = 5
#: Texts remembered per leaf: item data must not grow the memory for ever.
_REMEMBERED = 10_000


class Inconvertible(ValueError):  # noqa: N818 - it is what the value is
    """A value that its leaf does not take.

    `allowed` is what it takes, as `Issue.allowed` has it.
    """

    def __init__(self, message: str, allowed: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.allowed = allowed


@dataclass(frozen=True)
class Noted:
    """A value together with something a person should know about it."""

    value: Any
    note: str
    code: str = "left_out"


class Options:
    """The options of a leaf: found by code, by displayed name however typed, units by symbol too.

    Codes are those of the definition in the marketplace's own locale; names may be in another.

    Args:
        leaf: The field; the names of its options are those that people see.
        own_names: The same options' names in the marketplace's own locale, with their codes: values
            of the PIM are in the language of the marketplace more often than in that of the labels.
    """

    def __init__(self, leaf: Field, own_names: Sequence[tuple[str, Any]] = ()) -> None:
        self._leaf = leaf
        self._codes = {str(option.value): option.value for option in leaf.options}
        named = [*((option.name, option.value) for option in leaf.options), *own_names]
        self._exact = _gathered((name.strip(), code) for name, code in named)
        self._names = _gathered(
            (name, code) for shown, code in named for name in {normal(shown), normal(str(code))}
        )
        self._known: dict[str, Any] = {}

    def code(self, value: Any) -> Any:
        """The code for a value; for suggested options any text passes, with a note.

        Raises:
            Inconvertible: it is no option, or the name of several.
        """
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise Inconvertible(f"{quoted(value)} is not among the options", offered(self._leaf))
        text = value if isinstance(value, str) else str(value)
        found = self._known.get(text)
        if found is None:
            found = self._find(text)
            if len(self._known) < _REMEMBERED:
                self._known[text] = found
        return found

    def _find(self, text: str) -> Any:
        plain = text.strip()
        if plain in self._codes:
            return self._codes[plain]
        name = normal(plain)
        for found in (self._exact.get(plain), self._names.get(name), self._names.get(f"{name}s")):
            if found and len(set(found)) == 1:
                return found[0]
            if found:
                several = [{"value": code, "name": plain} for code in dict.fromkeys(found)]
                raise Inconvertible(
                    f"{quoted(text)} is the name of several options: write the code",
                    {"options": several[:_SHOWN]},
                )
        if self._leaf.is_unit and (code := unit_code(plain, self._codes)):
            return code
        close = self._close(name)
        if self._leaf.open:
            return Noted(text, _suggestion(self._leaf, text, close), "not_suggested")
        raise Inconvertible(f"{quoted(text)} is not among the options", offered(self._leaf, close))

    def _close(self, name: str) -> list[Any]:
        near = difflib.get_close_matches(name, self._names, n=_SHOWN, cutoff=0.5)
        return list(dict.fromkeys(code for found in near for code in self._names[found]))


def own_option_names(definition: Mapping[str, Any]) -> dict[str, list[tuple[str, Any]]]:
    """The displayed names of options with their codes, by path, as the definition itself has them."""
    found = {}
    for leaf in leaves(definition):
        schema = leaf.steps[-1].element
        branches = [schema, *schema.get("anyOf", ()), *schema.get("oneOf", ())]
        named = [
            (str(name), code)
            for branch in branches
            for code, name in zip(branch.get("enum", ()), branch.get("enumNames", ()), strict=False)
        ]
        if named:
            found[".".join(leaf.names)] = named
    return found


def offered(leaf: Field, close: Sequence[Any] = ()) -> dict[str, Any]:
    """The options as `Issue.allowed` has them, the closest first."""
    names = {option.value: option.name for option in leaf.options}
    shown = list(dict.fromkeys([*close, *names]))[:_SHOWN]
    return {
        "options": [{"value": code, "name": names[code]} for code in shown],
        "options_total": len(names),
    }


def quoted(value: Any) -> str:
    """A value inside a sentence; a long one is cut."""
    text = f"“{value}”" if isinstance(value, str) else repr(value)
    return text if len(text) <= 80 else text[:79] + "…"  # noqa: PLR2004 - one line of a report


def _suggestion(leaf: Field, text: str, close: Sequence[Any]) -> str:
    names = {option.value: option.name for option in leaf.options}
    near = ", ".join(names[code] for code in close[:3])
    return f"{quoted(text)} is none of the {len(names)} suggested values" + (
        f"; close: {near}" if near else ""
    )


def _gathered(pairs: Iterable[tuple[str, Any]]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for name, code in pairs:
        found.setdefault(name, []).append(code)
    return found
