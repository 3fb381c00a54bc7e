"""Expressions: the values of a mapping, in Jinja, compiled once and run for every item.

`{{ item.weight }}` alone gives the value itself (a number stays a number, a list a list); with
text around it gives text. Text without braces is a constant.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import TemplateError, TemplateSyntaxError, Undefined, nodes

from amazon_listings.errors import PersonMustAct
from amazon_listings.mapping import formulas
from amazon_listings.mapping.formulas.limits import check_text, shown
from amazon_listings.mapping.rows import LOOP_PASSES, MISSING, Row
from amazon_listings.mapping.jinja_sandbox import ExpressionEnvironment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from amazon_listings.item import Item

_RECORDS = ("item", "product", "variant")
#: Filters that ask whether a value is there, so that an unknown field before them is no mistake.
_ASKING = frozenset(("default", "d"))


class BadExpression(PersonMustAct):
    """An expression that is not one: `message` says what, `line` where in its text."""

    def __init__(self, message: str, *, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


class ExpressionError(ValueError):
    """An expression that failed on one item; the message says why, without the item."""


class UnknownPimField(ExpressionError):
    """An expression that asked for a field which the item's records do not have."""


class Expression:
    """A compiled value.

    `text` is what the author wrote, `fields` the PIM fields it reads, `constant` whether it reads
    none (then `evaluate` gives the same for every item). `evaluate(row)` gives the value, None or
    empty text for empty; calling the expression does that for an item in one language.
    """

    __slots__ = ("constant", "evaluate", "fields", "rule", "text")

    def __init__(
        self,
        text: str,
        evaluate: Callable[[Row], Any],
        *,
        fields: tuple[str, ...] = (),
        constant: bool = False,
        rule: str = "",
    ) -> None:
        self.text = text
        self.evaluate = evaluate
        self.fields = fields
        self.constant = constant
        self.rule = rule

    def __call__(self, item: Item, language: str = "") -> Any:
        """The value for `item`, its texts in `language`.

        Raises:
            ExpressionError: it fails on this item.
            UnknownPimField: it names a field that the item does not have.
        """
        row = Row(item, language)
        value = self.evaluate(row)
        if row.unknown:
            raise UnknownPimField(f"the PIM sends no field called {row.unknown[0]!r}")
        return value

    def then(self, function: Callable[[Any], Any], rule: str) -> Expression:
        """This expression with `function` behind it; empty stays empty."""
        evaluate = self.evaluate

        def applied(row: Row) -> Any:
            value = evaluate(row)
            return None if value is None or value == "" else function(value)

        return Expression(self.text, applied, fields=self.fields, constant=self.constant, rule=rule)


def combined(parts: Sequence[Expression], function: Callable[[list[Any]], Any], rule: str) -> Expression:
    """What `function` makes of the values of several expressions."""
    fields = dict.fromkeys(name for part in parts for name in part.fields)
    return Expression(
        ", ".join(part.text for part in parts),
        lambda row: function([part.evaluate(row) for part in parts]),
        fields=tuple(fields),
        constant=all(part.constant for part in parts),
        rule=rule,
    )


def as_expression(value: Any) -> Expression:
    """A value of a mapping as an expression: text is compiled, the rest is a constant.

    Raises:
        BadExpression: the text is no expression.
    """
    if isinstance(value, Expression):
        return value
    return compile_expression(value) if isinstance(value, str) else constant(value)


def constant(value: Any) -> Expression:
    """The expression that is always `value`."""
    return Expression(shown(value), lambda _row: value, constant=True)


def compile_expression(text: str) -> Expression:
    """The expression in `text`.

    Raises:
        BadExpression: wrong syntax, an unknown name or filter, or something no mapping may do.
    """
    if "{{" not in text and "{%" not in text and "{#" not in text:
        return constant(text)
    environment = _environment()
    try:
        tree = environment.syntax_tree(text)
        fields = _fields(tree)
        evaluate = _direct(tree) or _through_jinja(environment, tree)
    except TemplateSyntaxError as error:
        raise BadExpression(f"{error.message} in {text!r}", line=error.lineno) from None
    except TemplateError as error:
        raise BadExpression(f"{error.message or error} in {text!r}") from None
    except RecursionError:
        raise BadExpression("the expression is nested too deeply") from None
    return Expression(text, evaluate, fields=fields)


@cache
def _environment() -> ExpressionEnvironment:
    return ExpressionEnvironment()


def _fields(tree: nodes.Template) -> tuple[str, ...]:
    """The PIM fields that an expression names, in its order."""
    found = {}
    for node in tree.find_all((nodes.Getattr, nodes.Getitem)):
        if isinstance(node.node, nodes.Name) and node.node.name in _RECORDS:
            name = node.attr if isinstance(node, nodes.Getattr) else getattr(node.arg, "value", None)
            if isinstance(name, str):
                found[name] = None
    return tuple(found)


def _parts(tree: nodes.Template) -> list[nodes.Expr] | None:
    """The pieces of a template that only outputs, None if it does more."""
    if not all(isinstance(node, nodes.Output) for node in tree.body):
        return None
    return [part for node in tree.body for part in node.nodes]  # type: ignore[attr-defined]


def _through_jinja(environment: ExpressionEnvironment, tree: nodes.Template) -> Callable[[Row], Any]:
    """The expression run by Jinja."""
    parts = _parts(tree)
    single = parts is not None and len(parts) == 1 and not isinstance(parts[0], nodes.TemplateData)
    if single and parts:
        tree = nodes.Template([nodes.Assign(nodes.Name("result", "store"), parts[0], lineno=1)], lineno=1)
    tree.set_environment(environment)
    template = environment.template_class.from_code(
        environment, environment.compile(tree), environment.make_globals(None)
    )
    render = template.root_render_func

    def evaluate(row: Row) -> Any:
        row.passes = LOOP_PASSES
        context = template.new_context(
            {
                "item": row.record("item"),
                "product": row.record("product"),
                "variant": row.record("variant"),
                "variants": row.variants(),
                "language": row.language,
                "_row": row,
            }
        )
        try:
            pieces, length = [], 0
            for piece in render(context):
                length += len(piece)
                check_text(length)
                pieces.append(piece)
            return _native(context.vars["result"]) if single else "".join(pieces)
        except Exception as error:
            raise ExpressionError(_reason(error)) from error

    return evaluate


def _native(value: Any) -> Any:
    if isinstance(value, Undefined):
        str(value)  # tells its row
        return None
    if isinstance(value, str):
        check_text(len(value))
        return value
    if value is None or isinstance(value, int | float | list | dict):
        return value
    if isinstance(value, tuple | range) or hasattr(value, "__next__"):
        return list(value)
    raise TypeError("this is no value, but a thing of the expression itself")


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"nothing is called {error}"
    return str(error) or type(error).__name__


def _direct(tree: nodes.Template) -> Callable[[Row], Any] | None:
    """The expression as a chain of plain functions, if it is just fields, filters and text.

    Most lines of a mapping are, and Jinja costs each of them several microseconds an item.
    """
    parts = _parts(tree)
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
            raise ExpressionError(_reason(error)) from error

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
    options = {pair.key: pair.value.value for pair in node.kwargs if isinstance(pair.value, nodes.Const)}
    constant_only = len(args) == len(node.args) and len(options) == len(node.kwargs)
    if function is None or inner is None or not constant_only or node.dyn_args or node.dyn_kwargs:
        return None
    if not args and not options:
        return lambda row: function(inner(row))
    return lambda row: function(inner(row), *args, **options)
