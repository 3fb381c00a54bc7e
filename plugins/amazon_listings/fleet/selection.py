"""Choose connectors: by id, tag, country, product type, layer, owner."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from amazon_listings.errors import ActionRequiredError
from amazon_listings.marketplaces import ALIASES
from amazon_listings.messages import message
from amazon_product_types.matching import closest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from amazon_listings.connectors.declaration import Declaration
    from amazon_listings.connectors.model import Connector
    from amazon_product_types.messages import Message

#: What a choice asks for, before the colon; a choice without one is an id.
METHODS = ("state", "tag", "country", "product_type", "layer", "owner", "id")


class UnknownSelection(ActionRequiredError):
    """A choice of connectors that cannot be understood, or that fits none."""


def selected(
    connectors: Sequence[Connector],
    select: Sequence[str],
    *,
    declared: Mapping[str, Declaration] | None = None,
    modified: Collection[str] | None = None,
) -> list[Connector]:
    """Return the connectors that any of the choices fits; all without a choice.

    Args:
        connectors: Those to choose from.
        select: Choices: `fr_*`, `tag:summer`, `country:DE`, `layer:company`, `state:modified`; those that
            a comma joins must all fit.
        declared: What the connectors were loaded from, for `layer:`.
        modified: Ids of those that changed, for `state:modified`.

    Raises:
        UnknownSelection: a choice has a name that there is not, or fits no connector.
    """
    if not select:
        return list(connectors)
    wanted: set[str] = set()
    for choice in select:
        tests = [_test(part.strip(), declared or {}, modified) for part in choice.split(",")]
        found = {one.id for one in connectors if all(test(one) for test in tests)}
        if not found and not choice.startswith("state:"):
            near = closest(choice, [one.id for one in connectors], most=3)
            raise UnknownSelection("fleet.selection_empty", hint=_meant(near), choice=choice)
        wanted |= found
    return [one for one in connectors if one.id in wanted]


def _test(
    part: str, declared: Mapping[str, Declaration], modified: Collection[str] | None
) -> Callable[[Connector], bool]:
    method, colon, value = part.partition(":")
    if not colon:
        return lambda one: fnmatchcase(one.id, part)
    if method not in METHODS or (method == "state" and (value != "modified" or modified is None)):
        near = closest(part, ["state:modified"] if method == "state" else METHODS)
        raise UnknownSelection("fleet.selection_unknown", hint=_meant(near), choice=part, methods=METHODS)
    tests: dict[str, Callable[[Connector], bool]] = {
        "id": lambda one: fnmatchcase(one.id, value),
        "state": lambda one: one.id in (modified or ()),
        "tag": lambda one: value in one.tags,
        "country": lambda one: one.amazon.country == ALIASES.get(value.upper(), value.upper()),
        "product_type": lambda one: one.amazon.product_type == value.upper(),
        "owner": lambda one: one.owner == value,
        "layer": lambda one: f"layer {value}" in _titles(declared.get(one.id)),
    }
    return tests[method]


def _titles(declaration: Declaration | None) -> Iterable[str]:
    return {part.title for part in declaration.parts} if declaration else ()


def _meant(near: Sequence[str]) -> Message | None:
    return message("did_you_mean", names=near) if near else None
