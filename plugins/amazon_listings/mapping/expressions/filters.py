"""Filters and tests of expressions: which there are, and how their use is compiled.

Their names are known before anything runs, those that `map` and `select` take too, and every use is charged.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from jinja2 import nodes

from amazon_listings.mapping.expressions import sequences
from amazon_listings.mapping.expressions.failures import WrongSyntax
from amazon_listings.mapping.expressions.members import plain
from amazon_listings.mapping.expressions.missing import Missing
from amazon_listings.mapping.formulas import registry
from amazon_listings.mapping.formulas.limits import check_list, check_text
from amazon_listings.mapping.formulas.regex import PATTERNED, cost
from amazon_product_types.matching import closest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from amazon_listings.mapping.expressions.kinds import Kind, Part, PartCompiler
    from amazon_listings.mapping.expressions.rows import ItemRow

    #: A filter at work: the row, the value, the arguments by place and by name.
    Function = Callable[[ItemRow, Any, list[Any], dict[str, Any]], Any]

FILTERS: dict[str, Callable[..., Any]] = {**sequences.FILTERS, **registry.FILTERS}
TESTS: dict[str, Callable[..., bool]] = {**sequences.TESTS, **registry.TESTS}
#: Those that take the name of a filter, of a test, or of a field.
_BY_NAME = ("map", "select", "selectattr", "reject", "rejectattr")
#: Those that ask whether a value is there, so that an unknown field before them is no mistake.
_ASKING = frozenset(("default", "d", "empty"))
_PRESENCE = frozenset(("defined", "undefined"))
#: Filters of a list of records that give records again, or one of them.
_OF_RECORDS = {
    "first": "record", "last": "record", "list": "records", "reverse": "records", "sort": "records",
    "unique": "records", "max": "record", "min": "record", "selectattr": "records", "rejectattr": "records",
    "select": "records", "reject": "records", "length": "value", "count": "value", "map": "value",
    "sum": "value", "variants_values": "value",
}  # fmt: skip
#: Of these, what needs `attribute`, because records have no order and are no numbers.
_BY_ATTRIBUTE = frozenset(("map", "max", "min", "sort", "sum", "unique"))


class _Arguments:
    """The arguments of a filter or test, each compiled to a value."""

    def __init__(self, compiler: PartCompiler, node: nodes.Filter | nodes.Test, skip: int = 0) -> None:
        if node.dyn_args or node.dyn_kwargs:
            raise WrongSyntax("expression.arguments", node.lineno)
        self.args = [compiler.value(one) for one in node.args[skip:]]
        self.options = {str(pair.key): compiler.value(pair.value) for pair in node.kwargs}
        every = [*node.args[skip:], *(pair.value for pair in node.kwargs)]
        self._constant: tuple[list[Any], dict[str, Any]] | None = None
        if all(isinstance(one, nodes.Const) for one in every):
            self._constant = (
                [one.value for one in node.args[skip:]],  # type: ignore[attr-defined]
                {str(pair.key): pair.value.value for pair in node.kwargs},  # type: ignore[attr-defined]
            )

    def of(self, row: ItemRow) -> tuple[list[Any], dict[str, Any]]:
        """Return the arguments for one row, charged."""
        if self._constant is not None:
            return self._constant
        args = [plain(arg(row)) for arg in self.args]
        options = {name: plain(made(row)) for name, made in self.options.items()}
        for value in (*args, *options.values()):
            row.budget.value(value)
        return args, options


def compile_filter(compiler: PartCompiler, node: nodes.Filter, kind: Kind, made: Part) -> tuple[Kind, Part]:
    """Compile `value | filter(…)`.

    Raises:
        WrongSyntax: there is no such filter, or it takes no such thing.
    """
    name = node.name
    if name not in FILTERS and name not in _BY_NAME:
        raise _no_filter(name, node.lineno, (*FILTERS, *_BY_NAME))
    result = _kind_of_result(compiler, node, kind)
    function, skip = _function(compiler, node)
    arguments = _Arguments(compiler, node, skip)
    asking = name in _ASKING
    patterned = name in PATTERNED

    def filtered(row: ItemRow) -> object:
        value = made(row)
        if value.__class__ is Missing:
            value = None if asking else plain(value)
        args, options = arguments.of(row)
        row.budget.work(value)
        if patterned:
            row.budget.spend(_cost_of_pattern(args, options))
        made_of_it = function(row, value, args, options)
        _charge_result(row, made_of_it)
        return made_of_it

    return result, filtered


def compile_test(compiler: PartCompiler, node: nodes.Test) -> Part:
    """Compile `value is test(…)`.

    Raises:
        WrongSyntax: there is no such test.
    """
    kind, made = compiler.part(node.node)
    if kind.name != "value" and node.name not in {*_PRESENCE, "none", "empty"}:
        compiler.value(node.node)  # says that it is no value
    if node.name in _PRESENCE:
        wanted = node.name == "undefined"
        return lambda row: (type(made(row)) is Missing) is wanted
    test = _reading(compiler, _test_named(node.name, node.lineno))
    arguments = _Arguments(compiler, node)
    asking = node.name in _ASKING
    patterned = node.name in PATTERNED

    def tested(row: ItemRow) -> bool:
        value = made(row)
        if type(value) is Missing:
            value = None if asking else plain(value)
        args, options = arguments.of(row)
        row.budget.work(value)
        if patterned:
            row.budget.spend(_cost_of_pattern(args, options))
        return bool(test(value, *args, **options))

    return tested


def _no_filter(name: str, line: int, known: Iterable[str]) -> WrongSyntax:
    return WrongSyntax("expression.no_filter", line, _near(name, known), name=name)


def _near(name: str, known: Iterable[str]) -> list[str]:
    """Return the names that one which does not exist may stand for."""
    return closest(name, list(known), most=3, alike=0.7)


def _cost_of_pattern(args: list[Any], options: dict[str, Any]) -> int:
    """Return what a use of the pattern among the arguments of a filter or test costs."""
    pattern = args[0] if args else options.get("pattern")
    return cost(pattern) if isinstance(pattern, str) else 0


def _charge_result(row: ItemRow, result: object) -> None:
    if isinstance(result, str):
        check_text(len(result))
        row.budget.spend(len(result))
    elif isinstance(result, list):
        check_list(len(result))
        row.budget.value(result)


def _test_named(name: str, line: int) -> Callable[..., bool]:
    if name not in TESTS:
        raise WrongSyntax("expression.no_test", line, _near(name, (*TESTS, *_PRESENCE)), name=name)
    return TESTS[name]


def _kind_of_result(compiler: PartCompiler, node: nodes.Filter, kind: Kind) -> Kind:
    """Return what a filter gives; of records it may only give records, their number, or their fields."""
    if kind.name == "value":
        return kind
    if kind.name != "records" or node.name not in _OF_RECORDS:
        if node.node is not None:
            compiler.value(node.node)
        raise WrongSyntax("expression.needs_values", node.lineno, filter=node.name)
    attribute = _attribute(node)
    if attribute is None and node.name in _BY_ATTRIBUTE:
        raise WrongSyntax("expression.needs_field", node.lineno, filter=node.name)
    if attribute is not None:
        name = attribute.value if isinstance(attribute, nodes.Const) else None
        compiler.reads_field(kind, name.partition(".")[0] if isinstance(name, str) else name)
    return kind._replace(name=_OF_RECORDS[node.name])


def _attribute(node: nodes.Filter) -> nodes.Expr | None:
    """Return the argument that names a field."""
    if node.name in {"selectattr", "rejectattr", "variants_values"} and node.args:
        return node.args[0]
    return next((pair.value for pair in node.kwargs if pair.key in {"attribute", "field"}), None)


def _function(compiler: PartCompiler, node: nodes.Filter) -> tuple[Function, int]:
    """Return the function of a filter, and how many of its arguments are names that are used up here."""
    if node.name == "map" and not any(pair.key == "attribute" for pair in node.kwargs):
        filter_name = _filter_named(node)
        return _on_each(_reading(compiler, FILTERS[filter_name]), patterned=filter_name in PATTERNED), 1
    if node.name == "map":
        return _on_value(sequences.attribute_of), 0
    if node.name in {"select", "reject"}:
        return _selection(node, by_attribute=False), min(1, len(node.args))
    if node.name in {"selectattr", "rejectattr"}:
        return _selection(node, by_attribute=True), 0
    return _on_value(_reading(compiler, FILTERS[node.name])), 0


def _reading(compiler: PartCompiler, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that reads numbers or dates, told how the fields before it are written."""
    if function in registry.READ_NUMBERS:
        return partial(function, notation=compiler.notation.numbers(compiler.fields))
    if function in registry.READ_DATES:
        return partial(function, dates=compiler.notation.dates_of(compiler.fields))
    return function


def _on_value(function: Callable[..., Any]) -> Function:
    return lambda _row, value, args, options: function(value, *args, **options)


def _on_each(function: Callable[..., Any], *, patterned: bool) -> Function:
    """`map("upper")`: every element is charged as if the filter stood behind it."""

    def mapped(row: ItemRow, value: object, args: list[Any], options: dict[str, Any]) -> list[Any]:
        found = []
        each = row.budget.share_of(args) + (_cost_of_pattern(args, options) if patterned else 0)
        for one in sequences.elements(value):
            row.budget.work(one)
            row.budget.spend(each)
            found.append(plain(function(one, *args, **options)))
            _charge_result(row, found[-1])
        return found

    return mapped


def _selection(node: nodes.Filter, *, by_attribute: bool) -> Function:
    wanted = node.name.startswith("select")
    position = 1 if by_attribute else 0
    name = _constant_text(node, position) if len(node.args) > position else None
    test = None if name is None else _test_of(name, node.lineno)
    patterned = name in PATTERNED

    def selected(row: ItemRow, value: object, args: list[Any], options: dict[str, Any]) -> list[Any]:
        attribute, rest = (args[0], args[2:]) if by_attribute else (None, args)
        each = row.budget.share_of(rest) + (_cost_of_pattern(rest, options) if patterned else 0)

        def passes(one: object) -> bool:
            row.budget.work(one)
            row.budget.spend(each)
            return bool(one) if test is None else test(one, *rest, **options)

        return sequences.chosen(value, passes, attribute=attribute, wanted=wanted)

    return selected


def _test_of(name: str, line: int) -> Callable[..., bool]:
    """Return a test of what may be missing."""
    if name in _PRESENCE:
        return lambda one: (type(one) is Missing) is (name == "undefined")
    test = _test_named(name, line)
    return lambda one, *args, **options: bool(test(plain(one), *args, **options))


def _filter_named(node: nodes.Filter) -> str:
    name = _constant_text(node)
    if name not in FILTERS:
        raise _no_filter(name, node.lineno, FILTERS)
    return name


def _constant_text(node: nodes.Filter, position: int = 0) -> str:
    """Return the name of a filter or test that a filter takes; it must be known before anything runs."""
    argument = node.args[position] if len(node.args) > position else None
    if not isinstance(argument, nodes.Const) or not isinstance(argument.value, str):
        raise WrongSyntax("expression.needs_filter_name", node.lineno, filter=node.name)
    return argument.value
