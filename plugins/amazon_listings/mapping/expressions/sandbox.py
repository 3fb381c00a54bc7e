"""The Jinja environment of expressions: it reads item data, computes, and can do nothing else.

Jinja's own sandbox blocks attributes by a list of what is dangerous. Here it is the other way
round: nothing has attributes but what is listed, and the language is cut down to expressions,
`if`, `set` and `for`. What a template may produce and how often it may loop is bounded, because
Jinja's sandbox leaves that to its user.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from jinja2 import TemplateSyntaxError, Undefined, pass_context
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS as JINJA_FILTERS
from jinja2.meta import find_undeclared_variables
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS as JINJA_TESTS

from amazon_listings.mapping import formulas
from amazon_listings.mapping.expressions.allowed_syntax import LOOP_OVER, TEXT_OF, bounded
from amazon_listings.mapping.expressions.arithmetic import computed, kind
from amazon_listings.mapping.expressions.rows import MISSING, RelatedTables, Row, View
from amazon_listings.mapping.formulas.limits import TooLarge, check_list, check_text, shown
from amazon_product_types.matching import closest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jinja2 import nodes
    from jinja2.runtime import Context

MAX_TEMPLATE = 10_000
CONTEXT_NAMES = ("item", "product", "variant", "variants", "language", "tables")

_TEXT_METHODS = frozenset((
    "capitalize", "count", "endswith", "find", "isdigit", "lower", "lstrip", "removeprefix", "removesuffix",
    "rstrip", "split", "splitlines", "startswith", "strip", "upper",
))  # fmt: skip
_LOOP_NAMES = frozenset(("first", "index", "index0", "last", "length", "revindex"))
_JINJA_FILTERS = ("first", "last", "length", "count", "list", "map", "max", "min", "reject", "rejectattr",
                  "reverse", "select", "selectattr", "sort", "string", "sum", "unique")  # fmt: skip
_JINJA_TESTS = ("defined", "undefined", "none", "string", "mapping", "sequence", "odd", "even", "in", "eq",
                "==", "ne", "!=", "lt", "<", "le", "<=", "gt", ">", "ge", ">=", "true", "false")  # fmt: skip


class NoValue(Undefined):
    """What a name without a value gives: empty, and told to its row when it is used.

    So `item.typo is defined` asks in peace, and `{{ item.typo }}` is reported.
    """

    __slots__ = ()

    def told(self) -> None:
        """Report the use of an unknown PIM field."""
        view = self._undefined_obj
        if isinstance(view, View) and self._undefined_name is not None:
            view.row.unknown.append(str(self._undefined_name))

    def __str__(self) -> str:
        self.told()
        return ""

    def __iter__(self) -> Any:
        self.told()
        return iter(())

    def __bool__(self) -> bool:
        # `item.a or item.b` asks; it is a mistake only if nothing comes of it.
        view = self._undefined_obj
        if isinstance(view, View):
            view.row.asked.append(str(self._undefined_name))
        return False

    def __len__(self) -> int:
        self.told()
        return 0

    def __eq__(self, other: object) -> bool:
        self.told()
        return other is None or isinstance(other, Undefined)

    __hash__ = Undefined.__hash__


class ExpressionEnvironment(ImmutableSandboxedEnvironment):
    """Jinja for mapping values. `item`, `product` and `variant` are `View`s of a `Row`."""

    intercepted_binops = frozenset(["+", "-", "*", "/", "//", "%", "**"])
    intercepted_unops = frozenset(["+", "-"])

    def __init__(self) -> None:
        super().__init__(
            undefined=NoValue, autoescape=False, finalize=_finalized, optimized=False, cache_size=0
        )
        self.globals = {"range": _range}
        self.filters = {name: _empty_aware(JINJA_FILTERS[name]) for name in _JINJA_FILTERS}
        self.filters |= {name: _empty_aware(function) for name, function in formulas.FILTERS.items()}
        self.filters |= {LOOP_OVER: _loop_over, TEXT_OF: _text_of}
        self.tests = {name: JINJA_TESTS[name] for name in _JINJA_TESTS}
        self.tests |= {name: _empty_aware(function) for name, function in formulas.TESTS.items()}

    def syntax_tree(self, source: str) -> nodes.Template:
        """The template as a tree, once it is known to hold nothing but what is allowed.

        Raises:
            TemplateSyntaxError: it is no template, uses an unknown name, or does what no mapping needs.
        """
        if len(source) > MAX_TEMPLATE:
            raise TemplateSyntaxError(f"an expression has at most {MAX_TEMPLATE} characters", 1)
        try:
            tree = self.parse(source)
            bounded(tree)
            names = find_undeclared_variables(tree) - {*CONTEXT_NAMES, "range"}
        except RecursionError:
            raise TemplateSyntaxError("the expression is nested too deeply", 1) from None
        if names:
            raise TemplateSyntaxError(f"{min(names)!r} is not known; there are {', '.join(CONTEXT_NAMES)}", 1)
        return tree

    def meant(self, message: str) -> str:
        """What a filter or test that does not exist may have been meant to be, as the end of a sentence."""
        found = re.match(r"No (filter|test) named '(.+)'", message)
        if not found:
            return ""
        known = [name for name in (self.filters if found[1] == "filter" else self.tests) if " " not in name]
        near = closest(found[2], known, most=3, alike=0.7)
        return f"; did you mean {' or '.join(near)}?" if near else ""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """`obj.attribute` of an expression: a PIM field, a column, or one of few harmless methods."""
        if type(obj) is View:
            return self._field(obj, attribute)
        if isinstance(obj, dict):
            return self._member(obj, attribute)
        if (isinstance(obj, str) and attribute in _TEXT_METHODS) or (
            isinstance(obj, LoopContext) and attribute in _LOOP_NAMES
        ):
            return getattr(obj, attribute)
        if isinstance(obj, Undefined):
            str(obj)
            return self.undefined(name=attribute)
        raise SecurityError(f"{kind(obj)} has nothing called {attribute!r}")

    def getitem(self, obj: Any, argument: Any) -> Any:
        """`obj[argument]` of an expression."""
        if type(obj) is View:
            return self._field(obj, str(argument))
        if isinstance(obj, dict):
            return self._member(obj, argument)
        if isinstance(obj, Undefined) or obj is None:
            str(obj)
            return self.undefined(name=argument)
        if isinstance(obj, str | list | tuple) and isinstance(argument, int | slice):
            try:
                return obj[argument]
            except IndexError:
                return self.undefined(name=str(argument))
        if isinstance(argument, str):
            return self.getattr(obj, argument)
        raise SecurityError(f"{kind(obj)} has nothing called {argument!r}")

    def _member(self, values: dict[Any, Any], name: Any) -> Any:
        if name in values:
            return values[name]
        if isinstance(values, RelatedTables):  # a mistake of the mapping, never empty
            known = ", ".join(values) or "none"
            raise SecurityError(f"the connector's `tables` name no {name!r}; there are: {known}")
        return self.undefined(name=name)

    def _field(self, view: View, name: str) -> Any:
        value = view.values.get(name, MISSING)
        if value is MISSING:
            value = view.row.get(name)
            if value is MISSING:
                return self.undefined(obj=view, name=name)
            # A field that only the other record has is empty here; `item` has them all.
            return value if view.values is view.row.values else None
        return value

    def is_safe_callable(self, obj: Any) -> bool:
        """Only what `getattr` hands out, and `range`."""
        owner = getattr(obj, "__self__", None)
        return obj is _range or (isinstance(owner, str) and obj.__name__ in _TEXT_METHODS)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ARG002 - Jinja's
        """Arithmetic, exact in decimals, refusing what would fill the memory."""
        left, right = _operand(left), _operand(right)
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            check_text(len(left) + len(right))
            return left + right
        if operator == "+" and isinstance(left, list) and isinstance(right, list):
            check_list(len(left) + len(right))
            return left + right
        return computed(operator, left, right)

    def call_unop(self, context: Context, operator: str, arg: Any) -> Any:  # noqa: ARG002 - Jinja's
        """A sign before a number."""
        return computed("-" if operator == "-" else "+", 0, _operand(arg))


def _text_of(parts: Iterable[Any]) -> str:
    texts = [shown(_operand(part)) for part in parts]
    check_text(sum(map(len, texts)))
    return "".join(texts)


@pass_context
def _loop_over(context: Context, value: Any) -> Any:
    row: Row = context.parent["_row"]
    for element in value if isinstance(value, list | tuple | range | str | dict) else list(value or ()):
        row.passes -= 1
        if row.passes < 0:
            raise TooLarge("the loops of one expression take too many passes")
        yield element


def _range(*bounds: int) -> range:
    found = range(*bounds)
    check_list(len(found))
    return found


def _finalized(value: Any) -> str:
    return str(value) if isinstance(value, Undefined) else shown(value)


def _empty_aware(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, given None for a name without a value, and giving a list for a generator."""
    if function in {JINJA_TESTS["defined"], JINJA_TESTS["undefined"]}:
        return function
    quiet = function is formulas.FILTERS["default"] or function is formulas.TESTS["empty"]

    def plain(value: Any) -> Any:
        if isinstance(value, Undefined):
            if not quiet:
                str(value)
            return None
        return value

    if hasattr(function, "jinja_pass_arg"):  # the environment or context comes before the value

        def applied(place: Any, value: Any, *args: Any, **options: Any) -> Any:
            return _listed(function(place, plain(value), *args, **options))

        applied.jinja_pass_arg = function.jinja_pass_arg  # type: ignore[attr-defined]
        return applied
    return lambda value, *args, **options: _listed(function(plain(value), *args, **options))


def _listed(result: Any) -> Any:
    return list(result) if hasattr(result, "__next__") else result


def _operand(value: Any) -> Any:
    if isinstance(value, NoValue):
        value.told()
        return None
    return value
