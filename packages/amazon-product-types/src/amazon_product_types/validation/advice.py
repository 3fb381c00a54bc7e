"""What a definition only advises: values it suggests, values about to go, values that cannot change.

Warnings never make a payload invalid. Advice is read where a definition gives it for a place
without condition, as Amazon's do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from amazon_product_types.definition import Definition, Node, Schema
    from amazon_product_types.json_pointer import Pointer


class Advised(NamedTuple):
    """A place that goes against advice, the keyword that gives it, and the value there."""

    path: Pointer
    keyword: str
    value: Any


@dataclass(slots=True)
class Advice:
    """The advice for one place of a payload, and for the places below it.

    Args:
        suggested: Values that are suggested; None if any text is as good.
        deprecated: Values that Amazon is going to withdraw.
        fixed: True if an existing listing cannot change the value. What identifies an element
            (its selectors) or is hidden from people is not meant.
        items: The advice for the elements.
        properties: The advice for the fields.
    """

    suggested: frozenset[str] | None = None
    deprecated: frozenset[str] = frozenset()
    fixed: bool = False
    items: Advice | None = None
    properties: dict[str, Advice] = field(default_factory=dict)
    fixes: bool = field(init=False)

    @property
    def speaks(self) -> bool:
        """Whether there is any advice, here or below."""
        return bool(self.suggested or self.deprecated or self.fixed or self.items or self.properties)

    def __post_init__(self) -> None:
        below = [*self.properties.values(), *([self.items] if self.items else ())]
        #: Whether anything here or below is fixed.
        self.fixes = self.fixed or any(one.fixes for one in below)


def advice(definition: Definition) -> Advice:
    """Read the advice of a definition."""
    read = {name: _read(attribute, frozenset()) for name, attribute in definition.attributes.items()}
    return Advice(properties={name: below for name, below in read.items() if below})


def against(advice: Advice, value: object, path: Pointer = ()) -> list[Advised]:
    """Return the places with a value that is not suggested or is deprecated."""
    found: list[Advised] = []
    _against(advice, value, path, found)
    return found


def _against(advice: Advice, value: object, path: Pointer, found: list[Advised]) -> None:
    if isinstance(value, str):
        found += _of_text(advice, value, path)
    elif isinstance(value, dict):
        properties = advice.properties
        for name, child in value.items():
            below = properties.get(name)
            if below is None:
                continue
            # Most are texts that are right: neither a path nor a call is made for them.
            if child.__class__ is str and child not in below.deprecated:
                suggested = below.suggested
                if suggested is None or child in suggested:
                    continue
            _against(below, child, (*path, name), found)
    elif isinstance(value, list) and advice.items is not None:
        for index, item in enumerate(value):
            _against(advice.items, item, (*path, index), found)


def _of_text(advice: Advice, text: str, path: Pointer) -> Iterator[Advised]:
    if text in advice.deprecated:
        yield Advised(path, "enumDeprecated", text)
    if advice.suggested is not None and text not in advice.suggested:
        yield Advised(path, "enum", text)


def unchangeable(advice: Advice, value: object, path: Pointer = ()) -> Iterator[Advised]:
    """Yield the places whose value an existing listing cannot change."""
    if not advice.fixes:
        return
    if advice.fixed:
        yield Advised(path, "editable", value)
    elif isinstance(value, dict):
        for name, child in value.items():
            if name in advice.properties:
                yield from unchangeable(advice.properties[name], child, (*path, name))
    elif isinstance(value, list) and advice.items is not None:
        for index, item in enumerate(value):
            yield from unchangeable(advice.items, item, (*path, index))


def suggestions(node: Node) -> list[Any]:
    """Return the values a node suggests while it takes any other text too."""
    return [option.value for option in node.options] if node.is_open else []


def current(node: Node) -> list[Any]:
    """Return the values of a node that stay: allowed or suggested, and not deprecated."""
    return [option.value for option in node.options if not option.deprecated]


def replacements(node: Node, value: object) -> list[Any]:
    """Return what the definition names in place of a deprecated value, if it does."""
    return [new for option in node.options if option.value == value for new in option.replacements]


def _texts(values: Iterable[object]) -> frozenset[str]:
    return frozenset(value for value in values if isinstance(value, str))


def _read(node: Node, identifying: frozenset[str]) -> Advice | None:
    """Read the advice of a node; `identifying` are the selectors of the list it is in."""
    inside = frozenset(node.selectors) if node.is_array else identifying
    element = Advice(
        suggested=_texts(suggestions(node)) or None,
        deprecated=_texts(option.value for option in node.options if option.deprecated),
        fixed=_is_fixed(node.element) and (node.is_array or node.name not in identifying),
        properties={name: below for name, member in node.members.items() if (below := _read(member, inside))},
    )
    found: Advice | None = element if element.speaks else None
    if node.is_array:
        whole = Advice(fixed=_is_fixed(node.schema) and node.name not in identifying, items=found)
        found = whole if whole.speaks else None
    return found


def _is_fixed(schema: Schema) -> bool:
    return schema.get("editable") is False and schema.get("hidden") is not True
