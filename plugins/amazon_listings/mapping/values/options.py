"""Options of a leaf: from what a PIM writes to the code that Amazon takes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from amazon_listings.mapping.values.invalid import InvalidValue
from amazon_listings.mapping.values.units import unit_code
from amazon_product_types.definition import Definition
from amazon_product_types.matching import normal
from amazon_product_types.options import OptionList

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from amazon_product_types.fields import Field

_SHOWN = 5
#: Texts remembered per leaf: item data must not grow the memory for ever.
_REMEMBERED = 10_000


class ConversionError(InvalidValue):
    """A value that its leaf does not take.

    Args:
        code: A code of `messages/`.
        allowed: What the leaf takes, as `Issue.allowed` has it; its options are in the sentences too.
        facts: The values of the sentences.
    """

    def __init__(self, code: str, allowed: dict[str, Any] | None = None, /, **facts: object) -> None:
        offer = allowed or {}
        if "options" in offer:
            facts |= {"options": offer["options"], "total": offer.get("options_total", len(offer["options"]))}
        super().__init__(code, **facts)
        self.allowed = allowed


@dataclass(frozen=True)
class Remarked:
    """A value with a warning: that something was left out of it, or repaired.

    Args:
        value: What is sent.
        variant: The variant of the sentence.
        facts: The facts of the sentence.
        code: The code of the warning.
    """

    value: object
    variant: str
    facts: Mapping[str, Any]
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

    def code(self, value: object) -> Any:
        """Return the code for a value; for suggested options any text passes.

        Raises:
            ConversionError: it is no option, or the name of several.
        """
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ConversionError("not_listed", self._offered(str(value)), found=value)
        text = value if isinstance(value, str) else str(value)
        found = self._known.get(text)
        if found is None:
            found = self._find(text)
            if len(self._known) < _REMEMBERED:
                self._known[text] = found
        return found

    def lists(self, text: str) -> bool:
        """Return whether a text is the code or the name of an option, or of several."""
        plain = text.strip()
        return plain in self._codes or plain in self._exact or normal(plain) in self._names

    def _find(self, text: str) -> object:
        plain = text.strip()
        if plain in self._codes:
            return self._codes[plain]
        name = normal(plain)
        for found in (self._exact.get(plain), self._names.get(name), self._names.get(f"{name}s")):
            if found and len(set(found)) == 1:
                return found[0]
            if found:
                several = [{"value": code, "name": plain} for code in dict.fromkeys(found)]
                raise ConversionError("several_options", {"options": several[:_SHOWN]}, found=text)
        if self._leaf.is_unit and (code := unit_code(plain, self._codes)):
            return code
        if self._leaf.open:
            return text if plain else ""
        raise ConversionError("not_listed", self._offered(text), found=text)

    def _offered(self, text: str) -> dict[str, Any]:
        return nearest(self._listed, text)

    @cached_property
    def _listed(self) -> OptionList:
        return OptionList.of(self._leaf.options)


def own_option_names(definition: Mapping[str, Any]) -> Callable[[str], list[tuple[str, Any]]]:
    """Return what gives a path's options, their names as the definition has them with their codes."""
    own = Definition(definition)

    def names_of(path: str) -> list[tuple[str, Any]]:
        leaf = own.find(tuple(path.split(".")))
        return [(option.name, option.value) for option in leaf.own_options] if leaf else []

    return names_of


def nearest(options: OptionList, text: str) -> dict[str, Any]:
    """Return the options nearest to a text, as `Issue.allowed` has them."""
    return {"options": options.nearest(text), "options_total": len(options)}


def _gathered(pairs: Iterable[tuple[str, Any]]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for name, code in pairs:
        found.setdefault(name, []).append(code)
    return found
