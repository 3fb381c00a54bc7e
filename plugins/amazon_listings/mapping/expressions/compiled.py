"""Expressions: the values of a mapping, in Jinja, compiled once and run for every item.

`{{ item.weight }}` alone gives the value itself (a number stays a number, a list a list); with
text around it gives text. Text without braces is a constant.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import TemplateError, TemplateSyntaxError, Undefined, nodes

from amazon_listings.errors import ActionRequiredError
from amazon_listings.mapping.expressions.rows import LOOP_PASSES, Row, View, is_empty
from amazon_listings.mapping.expressions.sandbox import ExpressionEnvironment
from amazon_listings.mapping.formulas.limits import check_text, shown
from amazon_listings.mapping.plan.direct import ExpressionError, direct, output_parts, reason

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from amazon_listings.item import Item

_RECORDS = ("item", "product", "variant")


class BadExpression(ActionRequiredError):
    """An expression that is not one: `message` says what, `line` where in its text."""

    def __init__(self, message: str, *, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


class UnknownPimFieldError(ExpressionError):
    """An expression that asked for a field which the item's records do not have."""


class Expression:
    """A compiled value.

    `text` is what the author wrote, `fields` the PIM fields it reads, `tables` the related tables that it
    names, `constant` whether it reads nothing (then `evaluate` gives the same for every item).
    `evaluate(row)` gives the value, None or empty text for empty; calling the expression does that for an
    item in one language.
    """

    __slots__ = ("constant", "evaluate", "fields", "rule", "tables", "text")

    def __init__(
        self,
        text: str,
        evaluate: Callable[[Row], Any],
        *,
        fields: tuple[str, ...] = (),
        tables: tuple[str, ...] = (),
        constant: bool = False,
        rule: str = "",
    ) -> None:
        self.text = text
        self.evaluate = evaluate
        self.fields = fields
        self.tables = tables
        self.constant = constant
        self.rule = rule

    def __call__(self, item: Item, language: str = "") -> Any:
        """The value for `item`, its texts in `language`.

        Raises:
            ExpressionError: it fails on this item.
            UnknownPimFieldError: it names a field that the item does not have.
        """
        row = Row(item, language)
        value = self.evaluate(row)
        if row.unknown:
            raise UnknownPimFieldError(f"the PIM sends no field called {row.unknown[0]!r}")
        return value

    def then(self, function: Callable[[Any], Any], rule: str) -> Expression:
        """This expression with `function` behind it; empty stays empty."""
        evaluate = self.evaluate

        def applied(row: Row) -> Any:
            value = evaluate(row)
            return None if value is None or value == "" else function(value)

        return Expression(
            self.text, applied, fields=self.fields, tables=self.tables, constant=self.constant, rule=rule
        )


def combined(parts: Sequence[Expression], function: Callable[[list[Any]], Any], rule: str) -> Expression:
    """What `function` makes of the values of several expressions."""
    fields = dict.fromkeys(name for part in parts for name in part.fields)
    return Expression(
        ", ".join(part.text for part in parts),
        lambda row: function([part.evaluate(row) for part in parts]),
        fields=tuple(fields),
        tables=tuple(name for part in parts for name in part.tables),
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
        fields, tables = _names(tree, _RECORDS), _names(tree, ("tables",))
        evaluate = direct(tree) or _through_jinja(environment, tree)
    except TemplateSyntaxError as error:
        said = (error.message or "").rstrip(".")
        raise BadExpression(f"{said} in {text!r}{environment.meant(said)}", line=error.lineno) from None
    except TemplateError as error:
        raise BadExpression(f"{error.message or error} in {text!r}") from None
    except RecursionError:
        raise BadExpression("the expression is nested too deeply") from None
    return Expression(text, evaluate, fields=fields, tables=tables)


@cache
def _environment() -> ExpressionEnvironment:
    return ExpressionEnvironment()


def _names(tree: nodes.Template, owners: Sequence[str]) -> tuple[str, ...]:
    """The fields (or tables) that an expression names of some of its context, in its order."""
    found: dict[str, None] = {}
    for node in tree.find_all((nodes.Getattr, nodes.Getitem)):
        owner = getattr(node, "node", None)
        if isinstance(owner, nodes.Name) and owner.name in owners:
            name = (
                node.attr
                if isinstance(node, nodes.Getattr)
                else getattr(getattr(node, "arg", None), "value", None)
            )
            if isinstance(name, str):
                found[name] = None
    return tuple(found)


def reads_any_field(text: str) -> bool:
    """Whether an expression may read fields that its text does not name: of `variants`, by `item[name]`.

    Raises:
        jinja2.TemplateError: the text is no expression.
    """
    tree = _environment().syntax_tree(text)
    naming = {
        id(node.node)
        for node in tree.find_all((nodes.Getattr, nodes.Getitem))
        if isinstance(node, nodes.Getattr)
        or (isinstance(node, nodes.Getitem) and isinstance(getattr(node.arg, "value", None), str))
    }
    return any(
        node.name == "variants" or (node.name in _RECORDS and id(node) not in naming)
        for node in tree.find_all(nodes.Name)
    )


def _through_jinja(environment: ExpressionEnvironment, tree: nodes.Template) -> Callable[[Row], Any]:
    """The expression run by Jinja."""
    parts = output_parts(tree)
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
        row.asked.clear()
        context = template.new_context(
            {
                "item": row.record("item"),
                "product": row.record("product"),
                "variant": row.record("variant"),
                "variants": row.variants(),
                "tables": row.related(),
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
            result = _native(context.vars["result"]) if single else "".join(pieces)
        except Exception as error:
            raise ExpressionError(reason(error)) from error
        if is_empty(result):
            row.unknown += row.asked
        return result

    return evaluate


def _native(value: Any) -> Any:
    if isinstance(value, Undefined):
        str(value)  # tells its row
        return None
    if isinstance(value, str):
        check_text(len(value))
        return value
    if isinstance(value, list | tuple | range) and not any(isinstance(one, View) for one in value):
        return list(value)
    if value is None or isinstance(value, int | float | dict):
        return value
    raise TypeError("this is no value, but a thing of the expression itself")


__all__ = [
    "BadExpression",
    "Expression",
    "ExpressionError",
    "UnknownPimFieldError",
    "as_expression",
    "combined",
    "compile_expression",
    "constant",
    "reads_any_field",
]
