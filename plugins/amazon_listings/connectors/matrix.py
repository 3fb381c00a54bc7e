"""The matrix of a document, `for`: one connector for each combination of its values."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.connectors.problems import Problem, nearest, shown
from amazon_listings.messages import message
from amazon_product_types import json_pointer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: Names of a matrix that set something of the connector, and what.
SETS = {
    "country": ("amazon", "country"),
    "product_type": ("amazon", "product_type"),
    "requirements": ("amazon", "requirements"),
    "locale": ("amazon", "locale"),
    "connection": ("amazon", "connection"),
}
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
#: Sections whose texts are expressions or belong to Amazon: braces in them are no placeholders.
_VERBATIM = frozenset({"mapping", "variations", "quality", "tests", "overrides", "for", "extends"})
#: More connectors than a company has; a matrix beyond is a slip.
MOST = 5_000


class Combination(NamedTuple):
    """One combination: its values by name, and where in the file each stands, by JSON pointer."""

    values: dict[str, str]
    places: dict[str, str]

    @property
    def patch(self) -> dict[str, Any]:
        """What the combination sets of the connector."""
        patch: dict[str, Any] = {}
        for name, (section, key) in SETS.items():
            if name in self.values:
                patch.setdefault(section, {})[key] = self.values[name]
        return patch

    @property
    def patch_places(self) -> dict[str, str]:
        """Where in the file what the combination sets stands."""
        return {
            f"/{section}/{key}": self.places[name]
            for name, (section, key) in SETS.items()
            if name in self.values
        }


NONE = Combination({}, {})


def combinations(matrix: Any) -> tuple[list[Combination], list[Problem]]:
    """Return the combinations of a document's `for`, and what is wrong with it.

    Args:
        matrix: An object of names and their values, or a list of such objects.
    """
    problems: list[Problem] = []
    found: list[Combination] = []
    several = isinstance(matrix, list)
    for number, one in enumerate(matrix if several else [matrix]):
        pointer = f"/for/{number}" if several else "/for"
        axes = _axes(one, pointer, problems)
        lists = [[(name, value, place) for value, place in values] for name, values in axes.items()]
        if lists:
            size = 1
            for values in lists:
                size *= len(values)
            if size > MOST:
                problems.append(
                    Problem(pointer, message("document.too_many_combinations", size=size, most=MOST))
                )
                continue
            found += [
                Combination(
                    {name: value for name, value, _ in chosen}, {name: place for name, _, place in chosen}
                )
                for chosen in itertools.product(*lists)
            ]
    if not found and not problems:
        problems.append(Problem("/for", message("document.empty"), hint=message("document.write_matrix")))
    return found, problems


def _axes(one: object, pointer: str, problems: list[Problem]) -> dict[str, list[tuple[str, str]]]:
    if not isinstance(one, dict):
        problems.append(
            Problem(
                pointer,
                message("document.no_object", value=shown(one)),
                hint=message("document.write_matrix"),
            )
        )
        return {}
    axes: dict[str, list[tuple[str, str]]] = {}
    for name, values in one.items():
        below = json_pointer.below(pointer, name)
        if not _NAME.fullmatch(name):
            problems.append(
                Problem(
                    below,
                    message("document.no_name", value=shown(name)),
                    key=True,
                    allowed=message("document.name_form"),
                )
            )
            continue
        near = "" if name in SETS else nearest(name, SETS)
        if near:
            problems.append(
                Problem(below, message("document.unknown_matrix_name"), key=True, suggestion=near)
            )
            continue
        listed = (
            [(value, f"{below}/{number}") for number, value in enumerate(values)]
            if isinstance(values, list)
            else [(values, below)]
        )
        axes[name] = list(_values(listed, below, problems))
    return axes if all(axes.values()) else {}


def _values(listed: list[tuple[Any, str]], below: str, problems: list[Problem]) -> Iterator[tuple[str, str]]:
    if not listed:
        problems.append(Problem(below, message("document.empty"), hint=message("document.name_one_value")))
    seen: set[str] = set()
    for value, place in listed:
        if not isinstance(value, str) or not value:
            problems.append(Problem(place, message("document.no_text", value=shown(value))))
        elif value in seen:
            problems.append(
                Problem(
                    place,
                    message("document.listed_twice", value=shown(value)),
                    hint=message("document.remove_one"),
                )
            )
        else:
            seen.add(value)
            yield value, place


def filled(patch: dict[str, Any], combination: Combination) -> dict[str, Any]:
    """Return an object with its placeholders (`{country}`) filled; `id` and `was` in lower case."""
    if not combination.values:
        return patch
    lower = {name: value.lower() for name, value in combination.values.items()}
    return {
        key: value
        if key in _VERBATIM
        else _filled(value, lower if key in {"id", "was"} else combination.values)
        for key, value in patch.items()
    }


def _filled(value: object, values: Mapping[str, str]) -> object:
    if isinstance(value, str):
        if "{" not in value or "{{" in value or "{%" in value:
            return value
        return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), value)
    if isinstance(value, dict):
        return {key: _filled(below, values) for key, below in value.items()}
    if isinstance(value, list):
        return [_filled(below, values) for below in value]
    return value


def unknown_placeholder(text: object, combination: Combination, pointer: str) -> Problem | None:
    """Return what is wrong with an id that has a placeholder which its matrix does not name.

    Args:
        text: The id, or several.
        combination: A combination of the matrix.
        pointer: Where the id stands.
    """
    if isinstance(text, list):
        told = (
            unknown_placeholder(one, combination, f"{pointer}/{number}") for number, one in enumerate(text)
        )
        return next(filter(None, told), None)
    if not isinstance(text, str):
        return None
    for name in _PLACEHOLDER.findall(text):
        if name not in combination.values:
            known = ", ".join(f"{{{one}}}" for one in combination.values)
            near = nearest(name, combination.values)
            return Problem(
                pointer,
                message("document.no_matrix_name", name=f"{{{name}}}"),
                allowed=known,
                suggestion=f"{{{near}}}" if near else "",
                hint="" if known else message("document.placeholders"),
            )
    return None
