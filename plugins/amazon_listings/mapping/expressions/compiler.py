"""From the syntax tree of an expression to closures over a `ItemRow`.

Every part of an expression is compiled once, to a function of the row. What it gives is known to be a
value before it runs: records (`item`), lists of records (`variants`), `tables`, `loop` and `range` may
only be asked for their members, so that nothing but values is ever shown or sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import nodes

from amazon_listings.mapping.expressions import members
from amazon_listings.mapping.expressions.failures import WrongSyntax, failure_of
from amazon_listings.mapping.expressions.filters import compile_filter, compile_test
from amazon_listings.mapping.expressions.kinds import VALUE, Kind, Variable
from amazon_listings.mapping.expressions.members import plain
from amazon_listings.mapping.expressions.missing import NOTHING, Missing
from amazon_listings.mapping.expressions.operators import compared, computed
from amazon_listings.mapping.expressions.reads import Reads
from amazon_listings.mapping.expressions.rows import RecordView
from amazon_listings.mapping.expressions.statements import compile_text, joined, stored_names
from amazon_listings.mapping.expressions.syntax import CONTEXT_NAMES
from amazon_listings.mapping.formulas.limits import check_list, check_text, shown
from amazon_listings.mapping.values.value import is_empty
from amazon_product_types.matching import closest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from amazon_listings.mapping.expressions.kinds import Part
    from amazon_listings.mapping.expressions.rows import ItemRow
    from amazon_listings.mapping.values.notation import SourceNotation
    from amazon_listings.mapping.values.value import Value

_MOST_NESTED = 100
_LOOP_NAMES = frozenset(("first", "index", "index0", "last", "length", "revindex"))


_CONTEXT: dict[str, tuple[Kind, Part]] = {
    "item": (Kind("record", "item"), lambda row: RecordView(row.values, row)),
    "product": (Kind("record", "product"), lambda row: row.product),
    "variant": (Kind("record", "variant"), lambda row: row.variant),
    "variants": (Kind("records", "variants"), lambda row: row.variants),
    "language": (VALUE, lambda row: row.language),
    "tables": (Kind("tables"), lambda _row: NOTHING),
    "connector": (Kind("connector"), lambda _row: NOTHING),
    "range": (Kind("function"), lambda _row: NOTHING),
}
#: What expressions can read of `connector`.
FACTS = ("id", "country", "product_type", "language", "locale", "requirements", "currency")


class ExpressionCompiler:
    """Compiles one expression, and notes what it reads.

    `fields` are the fields of `item`, `product` and `variant` in the order of the text.

    Args:
        notation: How the source writes the numbers and dates that filters read.
    """

    def __init__(self, notation: SourceNotation) -> None:
        self.notation = notation
        self.fields: dict[str, None] = {}
        self.asks = False
        self.any_field = False
        self.places = 0
        self._read: dict[str, set[str]] = {
            "item": set(), "product": set(), "variant": set(), "variants": set(), "tables": set(),
        }  # fmt: skip
        self.names: dict[str, Variable] = {}
        self._stored: frozenset[str] = frozenset()
        self._depth = 0

    @property
    def reads(self) -> Reads:
        """What the expression reads."""
        return Reads(
            **{name: frozenset(found) for name, found in self._read.items()}, any_field=self.any_field
        )

    def template(self, tree: nodes.Template) -> Callable[[ItemRow], Value]:
        """Compile a whole expression: one value by itself stays what it is, all else is text."""
        self._stored = stored_names([tree])
        parts = _output_parts(tree)
        if parts is not None and len(parts) == 1 and not isinstance(parts[0], nodes.TemplateData):
            if name := self._lone_field(parts[0]):
                return _field(name)
            return self._evaluation(self.value(parts[0]))
        return self._evaluation(compile_text(self, tree.body))

    def value(self, node: nodes.Node) -> Part:
        """Compile a part that must give a value.

        Raises:
            WrongSyntax: it gives a record, a table of tables, a function.
        """
        kind, made = self.part(node)
        if kind.name != "value":
            raise WrongSyntax(f"expression.whole_{kind.name}", node.lineno, name=_name_of(node, kind))
        return made

    def part(self, node: nodes.Node) -> tuple[Kind, Part]:
        """Compile any part, and say what it gives."""
        method = _METHODS.get(type(node))
        if method is None:
            raise WrongSyntax("expression.not_allowed", node.lineno, part=type(node).__name__.lower())
        self._depth += 1
        if self._depth > _MOST_NESTED:
            raise WrongSyntax("expression.nested", node.lineno)
        found: tuple[Kind, Part] = getattr(self, method)(node)
        self._depth -= 1
        return found

    def asking(self, node: nodes.Node) -> Part:
        """Compile a part of which only the truth is asked; a record is always true."""
        self.asks = True
        return self.part(node)[1]

    def reads_field(self, kind: Kind, name: object) -> None:
        """Note that a field of some record is read; a name that is no text may be any field."""
        if not isinstance(name, str):
            self.any_field = True
            return
        self._read[kind.owner].add(name)
        self.fields[name] = None

    # -- the whole -------------------------------------------------------------------------------------

    def _lone_field(self, node: nodes.Expr) -> str | None:
        """Return the name of the field, if a part is nothing but a field of `item`."""
        name = _constant_name(node)
        owner = getattr(node, "node", None)
        if name is None or not isinstance(owner, nodes.Name) or owner.name != "item":
            return None
        self.reads_field(_CONTEXT["item"][0], name)
        return name

    def _evaluation(self, made: Part) -> Callable[[ItemRow], Value]:
        places, asks = self.places, self.asks

        def evaluate(row: ItemRow) -> Value:
            if places:
                row.variables = [NOTHING] * places
            if asks:
                row.asked.clear()
            try:
                row.budget.begin()
                value = made(row)
                if value.__class__ is str:
                    check_text(len(value))
                elif value.__class__ is Missing:
                    value = plain(value)
            except Exception as error:
                raise failure_of(error) from error
            if asks and is_empty(value):
                row.unknown += row.asked
            return value  # type: ignore[no-any-return]  # a part of the kind `value`

        return evaluate

    def new_variable(self, name: str, kind: Kind) -> Variable:
        """Make room for a name that is set."""
        variable = self.names[name] = Variable(self.places, kind)
        self.places += 1
        return variable

    # -- parts -----------------------------------------------------------------------------------------

    def _name(self, node: nodes.Name) -> tuple[Kind, Part]:
        if variable := self.names.get(node.name):
            place = variable.place
            return variable.kind, lambda row: row.variables[place]
        if node.name in _CONTEXT:
            return _CONTEXT[node.name]
        if node.name not in self._stored:
            raise WrongSyntax("expression.unknown_name", node.lineno, name=node.name, known=CONTEXT_NAMES)
        return VALUE, _constant(NOTHING)  # it is set somewhere else

    def _getattr(self, node: nodes.Getattr) -> tuple[Kind, Part]:
        return self._member(node.node, node.attr, _constant(node.attr))

    def _getitem(self, node: nodes.Getitem) -> tuple[Kind, Part]:
        if isinstance(node.arg, nodes.Slice):
            return self._slice(node.node, node.arg)
        name = node.arg.value if isinstance(node.arg, nodes.Const) else None
        made = self.value(node.arg)
        return self._member(node.node, name, lambda row: plain(made(row)))

    def _member(self, owner: nodes.Expr, name: object, named: Part) -> tuple[Kind, Part]:
        """Return a member whose name is known here, or (None) only when an item is there."""
        kind, made = self.part(owner)
        if kind.name == "record":
            self.reads_field(kind, name)
            if kind.owner == "item" and isinstance(name, str):
                return VALUE, _item_field(name)
        elif kind.name == "records" and not isinstance(name, int):
            raise WrongSyntax("expression.whole_records", owner.lineno, name="variants")
        elif kind.name == "tables":
            if isinstance(name, str):
                self._read["tables"].add(name)
            return VALUE, lambda row: members.table_named(row, named(row))
        elif kind.name == "connector":
            return VALUE, _fact(name, owner.lineno or 1)
        elif kind.name == "loop":
            return VALUE, _loop_member(made, name, owner.lineno or 1)
        elif kind.name == "function":
            raise WrongSyntax("expression.range_has_not", owner.lineno, name=name)
        found = Kind("record", kind.owner) if kind.name == "records" else VALUE

        def member(row: ItemRow) -> Any:
            return members.member(made(row), named(row))

        return found, member

    def _slice(self, owner: nodes.Expr, cut: nodes.Slice) -> tuple[Kind, Part]:
        kind, made = self.part(owner)
        if kind.name not in {"value", "records"}:
            raise WrongSyntax("expression.only_lists_have_parts", owner.lineno)
        bounds = [
            _constant(None) if one is None else self.value(one) for one in (cut.start, cut.stop, cut.step)
        ]

        def part(row: ItemRow) -> Any:
            found = members.part(plain(made(row)), *(plain(bound(row)) for bound in bounds))
            row.budget.value(found)
            return found

        return kind, part

    def _call(self, node: nodes.Call) -> tuple[Kind, Part]:
        args = [self.value(one) for one in node.args]
        if node.kwargs or node.dyn_args or node.dyn_kwargs:
            raise WrongSyntax("expression.values_by_place", node.lineno)
        if isinstance(node.node, nodes.Name) and self._name(node.node)[0].name == "function":
            return VALUE, lambda row: _range(row, [plain(arg(row)) for arg in args])
        if not isinstance(node.node, nodes.Getattr) or node.node.attr not in members.TEXT_METHODS:
            raise WrongSyntax("expression.can_be_called", node.lineno, methods=sorted(members.TEXT_METHODS))
        name, owner = node.node.attr, self.value(node.node.node)

        def call(row: ItemRow) -> Value:
            value = plain(owner(row))
            row.budget.work(value)
            result = members.call_method(value, name, [plain(arg(row)) for arg in args])
            row.budget.value(result)
            return result

        return VALUE, call

    def _filter(self, node: nodes.Filter) -> tuple[Kind, Part]:
        assert node.node is not None  # noqa: S101 - only of a block's filter it is None
        kind, made = self.part(node.node)
        return compile_filter(self, node, kind, made)

    def _test(self, node: nodes.Test) -> tuple[Kind, Part]:
        return VALUE, compile_test(self, node)

    def _cond(self, node: nodes.CondExpr) -> tuple[Kind, Part]:
        test = self.asking(node.test)
        kind, yes = self.part(node.expr1)
        if node.expr2 is None:
            return kind, lambda row: yes(row) if test(row) else NOTHING
        other, no = self.part(node.expr2)
        return _one_kind(kind, other, node), lambda row: yes(row) if test(row) else no(row)

    def _and(self, node: nodes.And) -> tuple[Kind, Part]:
        self.asks = True
        (kind, left), (other, right) = self.part(node.left), self.part(node.right)
        return _one_kind(kind, other, node), lambda row: left(row) and right(row)

    def _or(self, node: nodes.Or) -> tuple[Kind, Part]:
        self.asks = True
        (kind, left), (other, right) = self.part(node.left), self.part(node.right)
        return _one_kind(kind, other, node), lambda row: left(row) or right(row)

    def _not(self, node: nodes.Not) -> tuple[Kind, Part]:
        made = self.asking(node.node)
        return VALUE, lambda row: not made(row)

    def _binary(self, node: nodes.BinExpr) -> tuple[Kind, Part]:
        left, right, operator = self.value(node.left), self.value(node.right), node.operator

        def compute(row: ItemRow) -> Value:
            row.budget.step()
            result = computed(operator, plain(left(row)), plain(right(row)))
            row.budget.value(result)
            return result

        return VALUE, compute

    def _sign(self, node: nodes.UnaryExpr) -> tuple[Kind, Part]:
        made, operator = self.value(node.node), node.operator
        return VALUE, lambda row: computed(operator, 0, plain(made(row)))

    def _compare(self, node: nodes.Compare) -> tuple[Kind, Part]:
        start = self.value(node.expr)
        others = [(one.op, self.value(one.expr)) for one in node.ops]

        def compare(row: ItemRow) -> bool:
            left = plain(start(row))
            for operator, made in others:
                right = plain(made(row))
                row.budget.step()
                row.budget.value(left)
                row.budget.value(right)
                if not compared(operator, left, right):
                    return False
                left = right
            return True

        return VALUE, compare

    def _concat(self, node: nodes.Concat) -> tuple[Kind, Part]:
        makers = [self.value(one) for one in node.nodes]
        return VALUE, lambda row: joined(row, [shown(plain(make(row))) for make in makers])

    def _const(self, node: nodes.Const) -> tuple[Kind, Part]:
        if isinstance(node.value, float) and node.value - node.value != 0:
            raise WrongSyntax("expression.finite", node.lineno)
        return VALUE, _constant(node.value)

    def _data(self, node: nodes.TemplateData) -> tuple[Kind, Part]:
        return VALUE, _constant(node.data)

    def _list(self, node: nodes.List | nodes.Tuple) -> tuple[Kind, Part]:
        makers = [self.value(one) for one in node.items]

        def made(row: ItemRow) -> list[Value]:
            found = [plain(make(row)) for make in makers]
            row.budget.value(found)
            return found

        return VALUE, made

    def _dict(self, node: nodes.Dict) -> tuple[Kind, Part]:
        pairs = [(self.value(pair.key), self.value(pair.value)) for pair in node.items]

        def made(row: ItemRow) -> dict[Any, Value]:
            found = {plain(key(row)): plain(value(row)) for key, value in pairs}
            row.budget.value(found)
            return found

        return VALUE, made


#: The method that compiles each kind of part.
_METHODS: dict[type[nodes.Node], str] = {
    nodes.Name: "_name", nodes.Getattr: "_getattr", nodes.Getitem: "_getitem", nodes.Call: "_call",
    nodes.Filter: "_filter", nodes.Test: "_test", nodes.CondExpr: "_cond", nodes.And: "_and",
    nodes.Or: "_or", nodes.Not: "_not", nodes.Neg: "_sign", nodes.Pos: "_sign", nodes.Compare: "_compare",
    nodes.Concat: "_concat", nodes.Const: "_const", nodes.TemplateData: "_data", nodes.List: "_list",
    nodes.Tuple: "_list", nodes.Dict: "_dict", nodes.Add: "_binary", nodes.Sub: "_binary",
    nodes.Mul: "_binary", nodes.Div: "_binary", nodes.FloorDiv: "_binary", nodes.Mod: "_binary",
    nodes.Pow: "_binary",
}  # fmt: skip


def _field(name: str) -> Callable[[ItemRow], Value]:
    """Return the most usual expression of all: one field of the item."""

    def field(row: ItemRow) -> Value:
        try:
            return row.values[name]
        except KeyError:
            value: Value = plain(members.item_field(row, name))
            return value

    return field


def _item_field(name: str) -> Part:
    """Return the same inside an expression, where a missing one is asked for before it is reported."""

    def field(row: ItemRow) -> Any:
        try:
            return row.values[name]
        except KeyError:
            return members.item_field(row, name)

    return field


def _constant(value: object) -> Part:
    return lambda _row: value


def _constant_name(node: nodes.Node) -> str | None:
    """Return the name of `a.b` and `a["b"]`; None if it is not known here."""
    if isinstance(node, nodes.Getattr):
        return node.attr
    if (
        isinstance(node, nodes.Getitem)
        and isinstance(node.arg, nodes.Const)
        and isinstance(node.arg.value, str)
    ):
        return node.arg.value
    return None


def _name_of(node: nodes.Node, kind: Kind) -> str:
    return node.name if isinstance(node, nodes.Name) else kind.owner or kind.name


def _one_kind(left: Kind, right: Kind, node: nodes.Node) -> Kind:
    if left.name != right.name:
        raise WrongSyntax("expression.two_kinds", node.lineno)
    return left if left.owner == right.owner else left._replace(owner="variants")


def _fact(name: object, line: int) -> Part:
    if not isinstance(name, str) or name not in FACTS:
        raise WrongSyntax(
            "expression.connector_has_not", line, closest(str(name), FACTS)[:1], name=name, known=FACTS
        )
    return lambda row: row.facts.get(name)


def _loop_member(made: Part, name: object, line: int) -> Part:
    if name not in _LOOP_NAMES:
        raise WrongSyntax("expression.loop_has_not", line, name=name, known=sorted(_LOOP_NAMES))

    def value(row: ItemRow) -> int | bool:
        position, length = made(row)
        facts: dict[str, int | bool] = {
            "first": position == 0,
            "last": position == length - 1,
            "index": position + 1,
            "index0": position,
            "revindex": length - position,
            "length": length,
        }
        return facts[str(name)]

    return value


def _range(row: ItemRow, bounds: Sequence[Any]) -> list[Value]:
    found = range(*bounds)
    check_list(len(found))
    result: list[Value] = list(found)
    row.budget.value(result)
    return result


def _output_parts(tree: nodes.Template) -> list[nodes.Expr] | None:
    """Return the pieces of a template that only outputs, None if it does more."""
    parts: list[nodes.Expr] = []
    for node in tree.body:
        if not isinstance(node, nodes.Output):
            return None
        parts += node.nodes
    return parts
