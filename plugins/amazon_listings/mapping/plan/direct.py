"""The quick way for simple expressions: a chain of plain functions instead of Jinja.

Most lines of a mapping are a field, filters behind it, text around it; Jinja costs each of them
several microseconds an item. A property test holds both ways together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import nodes

from amazon_listings.mapping import formulas
from amazon_listings.mapping.expressions.rows import MISSING
from amazon_listings.mapping.formulas.limits import check_text, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from amazon_listings.mapping.expressions.rows import Row

#: Filters that ask whether a value is there, so that an unknown field before them is no mistake.
_ASKING = frozenset(("default", "d"))


class ExpressionError(ValueError):
    """An expression that failed on one item; the message says why, without the item."""


def direct(tree: nodes.Template) -> Callable[[Row], Any] | None:
    """The expression as a chain of plain functions, None if it is more than fields, filters and text."""
    parts = output_parts(tree)
    if not parts:
        return None
    if len(parts) == 1 and not isinstance(parts[0], nodes.TemplateData):
        return _guarded(_value(parts[0]), parts[0])
    getters = [_text(part) for part in parts]
    if any(getter is None for getter in getters):
        return None

    def joined(row: Row) -> str:
        text = "".join([getter(row) for getter in getters])  # type: ignore[misc]
        check_text(len(text))
        return text

    return _guarded(joined, tree)


def _guarded(evaluate: Callable[[Row], Any] | None, node: nodes.Node) -> Callable[[Row], Any] | None:
    """`evaluate` with its errors named; reading a field cannot fail and stays as it is."""
    if evaluate is None or isinstance(node, nodes.Getattr | nodes.Getitem):
        return evaluate

    def guarded(row: Row) -> Any:
        try:
            return evaluate(row)
        except Exception as error:
            raise ExpressionError(reason(error)) from error

    return guarded


def _text(part: nodes.Expr) -> Callable[[Row], str] | None:
    if isinstance(part, nodes.TemplateData):
        return lambda _row, text=part.data: text  # type: ignore[misc]
    value = _value(part)
    return (lambda row: shown(value(row))) if value else None


def _value(node: nodes.Expr, *, asking: bool = False) -> Callable[[Row], Any] | None:
    if isinstance(node, nodes.Const):
        return lambda _row, value=node.value: value  # type: ignore[misc]
    if isinstance(node, nodes.Filter) and node.node is not None:
        return _filtered(node)
    name = None
    if isinstance(node, nodes.Getattr):
        name = node.attr
    elif (
        isinstance(node, nodes.Getitem)
        and isinstance(node.arg, nodes.Const)
        and isinstance(node.arg.value, str)
    ):
        name = node.arg.value
    owner = getattr(node, "node", None)
    if name is None or not isinstance(owner, nodes.Name) or owner.name != "item":
        return None
    return _field(name, asking=asking)


def _field(name: str, *, asking: bool) -> Callable[[Row], Any]:
    def field(row: Row) -> Any:
        try:
            return row.values[name]
        except KeyError:
            value = row.get(name)
            if value is not MISSING:
                return value
            if not asking:
                row.unknown.append(name)
            return None

    return field


def _filtered(node: nodes.Filter) -> Callable[[Row], Any] | None:
    function = formulas.FILTERS.get(node.name)
    inner = _value(node.node, asking=node.name in _ASKING) if node.node is not None else None
    args = [argument.value for argument in node.args if isinstance(argument, nodes.Const)]
    options = {str(pair.key): pair.value.value for pair in node.kwargs if isinstance(pair.value, nodes.Const)}
    constant_only = len(args) == len(node.args) and len(options) == len(node.kwargs)
    if function is None or inner is None or not constant_only or node.dyn_args or node.dyn_kwargs:
        return None
    if not args and not options:
        return lambda row: function(inner(row))
    return lambda row: function(inner(row), *args, **options)


def output_parts(tree: nodes.Template) -> list[nodes.Expr] | None:
    """The pieces of a template that only outputs, None if it does more."""
    if not all(isinstance(node, nodes.Output) for node in tree.body):
        return None
    return [part for node in tree.body for part in node.nodes]  # type: ignore[attr-defined]


def reason(error: Exception) -> str:
    """What an error says, for a sentence."""
    if isinstance(error, KeyError):
        return f"nothing is called {error}"
    return str(error) or type(error).__name__
