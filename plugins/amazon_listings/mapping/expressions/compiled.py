"""Expressions: the values of a mapping, in Jinja's syntax, compiled once and run for every item.

`{{ item.weight }}` alone gives the value itself (a number stays a number, a list a list); with
text around it gives text. Text without braces is a constant.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from jinja2 import TemplateSyntaxError

from amazon_listings.errors import ActionRequiredError
from amazon_listings.mapping.expressions.compiler import ExpressionCompiler
from amazon_listings.mapping.expressions.failures import UnknownPimFieldError, WrongSyntax
from amazon_listings.mapping.expressions.reads import Reads, all_reads
from amazon_listings.mapping.expressions.rows import ItemRow
from amazon_listings.mapping.expressions.syntax import syntax_tree
from amazon_listings.mapping.formulas.limits import shown
from amazon_listings.mapping.values.notation import SourceNotation
from amazon_product_types.messages import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from amazon_listings.item import Item
    from amazon_listings.mapping.values.value import Value

#: What is shown of an expression in a message.
_SHOWN = 200
#: What Jinja's parser says of the usual mistakes.
_SAID_BY_JINJA = (
    (
        re.compile(r"expected token '(?P<wanted>[^']+)', got '(?P<found>.+)'$", re.DOTALL),
        "expression.expected",
    ),
    (re.compile(r"unexpected '(?P<found>[^']+)'"), "expression.unexpected"),
    (re.compile(r"unexpected char ['\"](?P<found>.+)['\"] at \d+$", re.DOTALL), "expression.unexpected"),
    (re.compile(r"[Uu]nexpected end of template"), "expression.ends_early"),
    (re.compile(r"Encountered unknown tag '(?P<found>[^']+)'"), "expression.unknown_tag"),
)


class BadExpression(ActionRequiredError):
    """An expression that is not one: its code says what, `line` where in its text.

    `problem` is what is wrong at that place; None if it is not one place.
    """

    def __init__(self, code: str, /, *, line: int = 1, problem: Message | None = None, **facts: Any) -> None:
        super().__init__(code, **(facts if problem is None else {"problem": problem, **facts}))
        self.line = line
        self.problem = problem


class Expression:
    """A compiled value.

    `text` is what the author wrote, `fields` the PIM fields it reads in the order of the text, `reads` the
    same by record, `constant` whether it reads nothing (then `evaluate` gives the same for every item).
    `evaluate(row)` gives the value, None or empty text for empty; calling the expression does that for an
    item in one language.
    """

    __slots__ = ("constant", "evaluate", "fields", "reads", "rule", "text")

    def __init__(
        self,
        text: str,
        evaluate: Callable[[ItemRow], Value],
        *,
        fields: tuple[str, ...] = (),
        reads: Reads = Reads(),  # noqa: B008 - frozen
        constant: bool = False,
        rule: str = "",
    ) -> None:
        self.text = text
        self.evaluate = evaluate
        self.fields = fields
        self.reads = reads
        self.constant = constant
        self.rule = rule

    def __call__(self, item: Item, language: str = "", facts: Mapping[str, str] | None = None) -> Value:
        """Return the value for `item`, its texts in `language`, with the connector's facts.

        Raises:
            ExpressionError: it fails on this item.
            UnknownPimFieldError: it names a field that the item does not have.
        """
        row = ItemRow(item, language, facts=facts)
        value = self.evaluate(row)
        if row.unknown:
            raise UnknownPimFieldError("no_pim_field", field=row.unknown[0])
        return value

    def derived(self, evaluate: Callable[[ItemRow], Value], rule: str) -> Expression:
        """Return an expression that reads the same and gives something else."""
        return Expression(
            self.text, evaluate, fields=self.fields, reads=self.reads, constant=self.constant, rule=rule
        )

    def then(self, function: Callable[[Value], Value], rule: str) -> Expression:
        """Return this expression with `function` behind it; empty stays empty."""
        evaluate = self.evaluate

        def applied(row: ItemRow) -> Value:
            value = evaluate(row)
            return None if value is None or value == "" else function(value)

        return self.derived(applied, rule)


def combined(parts: Sequence[Expression], function: Callable[[list[Value]], Value], rule: str) -> Expression:
    """Return what `function` makes of the values of several expressions."""
    fields = dict.fromkeys(name for part in parts for name in part.fields)
    return Expression(
        ", ".join(part.text for part in parts),
        lambda row: function([part.evaluate(row) for part in parts]),
        fields=tuple(fields),
        reads=all_reads(part.reads for part in parts),
        constant=all(part.constant for part in parts),
        rule=rule,
    )


def as_expression(value: Value | Expression, notation: SourceNotation | None = None) -> Expression:
    """Return a value of a mapping as an expression: text is compiled, the rest is a constant.

    Args:
        value: The value as written.
        notation: How the source writes the numbers and dates that filters read.

    Raises:
        BadExpression: the text is no expression.
    """
    if isinstance(value, Expression):
        return value
    return compile_expression(value, notation) if isinstance(value, str) else constant(value)


def constant(value: Value) -> Expression:
    """Return the expression that is always `value`."""
    return Expression(shown(value), lambda _row: value, constant=True)


def compile_expression(text: str, notation: SourceNotation | None = None) -> Expression:
    """Compile the expression in `text`.

    Args:
        text: The expression as written.
        notation: How the source writes the numbers and dates that filters read.

    Raises:
        BadExpression: wrong syntax, an unknown name or filter, or something no mapping may do.
    """
    if "{{" not in text and "{%" not in text and "{#" not in text:
        return constant(text)
    compiler = ExpressionCompiler(notation or SourceNotation())
    try:
        evaluate = compiler.template(syntax_tree(text))
    except WrongSyntax as error:
        raise _bad(text, error.lineno, error.problem, error.meant) from None
    except TemplateSyntaxError as error:
        raise _bad(text, error.lineno, _problem_of_jinja(error.message or "")) from None
    except RecursionError:
        raise BadExpression("expression.nested") from None
    except ValueError:  # Python reads no number of more than 4,300 digits
        raise _bad(text, 1, Message("expression.many_digits")) from None
    return Expression(text, evaluate, fields=tuple(compiler.fields), reads=compiler.reads)


def _bad(text: str, line: int, problem: Message, meant: Sequence[str] = ()) -> BadExpression:
    facts = {name: _short(fact) if isinstance(fact, str) else fact for name, fact in problem.facts.items()}
    wrong, shown_text = Message(problem.code, facts), _short(text)
    if not meant:
        return BadExpression("expression.bad", line=line, problem=wrong, expression=shown_text)
    return BadExpression(
        "expression.bad_meant", line=line, problem=wrong, expression=shown_text, meant=tuple(meant)
    )


def _problem_of_jinja(said: str) -> Message:
    """Return what Jinja says about the syntax, as one of our codes where it is one of the usual mistakes."""
    for pattern, code in _SAID_BY_JINJA:
        if found := pattern.match(said):
            return Message(code, found.groupdict())
    return Message("expression.syntax", {"problem": said.rstrip(".")})


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
