"""Statements of expressions, compiled: what is put out, `if`, `for` and `set`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import nodes

from amazon_listings.mapping.expressions.failures import WrongSyntax
from amazon_listings.mapping.expressions.filters import compile_filter
from amazon_listings.mapping.expressions.kinds import VALUE, Kind
from amazon_listings.mapping.expressions.members import plain
from amazon_listings.mapping.expressions.missing import NOTHING
from amazon_listings.mapping.expressions.sequences import elements
from amazon_listings.mapping.formulas.limits import check_list, check_text, shown
from amazon_listings.mapping.values.invalid import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from amazon_listings.mapping.expressions.kinds import Part, PartCompiler, Variable
    from amazon_listings.mapping.expressions.rows import ItemRow

    #: A compiled statement: adds the pieces of text that it puts out.
    Statement = Callable[[ItemRow, list[str]], None]


def compile_text(compiler: PartCompiler, body: Sequence[nodes.Node]) -> Part:
    """Compile statements to the text that they put out."""
    if all(isinstance(node, nodes.Output) for node in body):
        return _output_text(compiler, [part for node in body for part in node.nodes])  # type: ignore[attr-defined]
    statements = _statements(compiler, body)

    def text(row: ItemRow) -> str:
        pieces: list[str] = []
        for statement in statements:
            statement(row, pieces)
        return joined(row, pieces)

    return text


def _output_text(compiler: PartCompiler, parts: Sequence[nodes.Expr]) -> Part:
    makers = [
        _data(one.data) if isinstance(one, nodes.TemplateData) else compiler.value(one) for one in parts
    ]
    return lambda row: joined(row, [shown(plain(make(row))) for make in makers])


def _statements(compiler: PartCompiler, body: Sequence[nodes.Node]) -> list[Statement]:
    return [_statement(compiler, node) for node in body]


def _statement(compiler: PartCompiler, node: nodes.Node) -> Statement:
    if isinstance(node, nodes.Output):
        return _output(compiler, node)
    if isinstance(node, nodes.If):
        return _if(compiler, node)
    if isinstance(node, nodes.For):
        return _for(compiler, node)
    if isinstance(node, nodes.Assign):
        return _assign(compiler, node)
    if isinstance(node, nodes.AssignBlock):
        return _assign_block(compiler, node)
    raise WrongSyntax("expression.not_allowed", node.lineno, part=type(node).__name__.lower())


def _output(compiler: PartCompiler, node: nodes.Output) -> Statement:
    text = _output_text(compiler, node.nodes)
    return lambda row, pieces: pieces.append(text(row))


def _if(compiler: PartCompiler, node: nodes.If) -> Statement:
    branches = [(compiler.asking(one.test), _statements(compiler, one.body)) for one in (node, *node.elif_)]
    otherwise = _statements(compiler, node.else_)

    def choose(row: ItemRow, pieces: list[str]) -> None:
        for test, body in branches:
            row.budget.step()
            if test(row):
                chosen = body
                break
        else:
            chosen = otherwise
        for statement in chosen:
            statement(row, pieces)

    return choose


def _for(compiler: PartCompiler, node: nodes.For) -> Statement:
    kind, source = compiler.part(node.iter)
    if kind.name not in {"value", "records"}:
        raise WrongSyntax("expression.loop_over", node.lineno, name=kind.owner or kind.name)
    outer = dict(compiler.names)
    element = Kind("record", kind.owner) if kind.name == "records" else VALUE
    store = _target(compiler, node.target, element, fresh=True)
    test = compiler.asking(node.test) if node.test is not None else None
    loop = compiler.new_variable("loop", Kind("loop"))
    inherited = _inherited(compiler, node, outer)
    body = _statements(compiler, node.body)
    compiler.names = outer
    otherwise = _statements(compiler, node.else_)

    def run(row: ItemRow, pieces: list[str]) -> None:
        found = elements(plain(source(row)))
        check_list(len(found))
        if test is not None:
            found = [one for one in found if _passes(row, one, store, test)]
        for position, one in enumerate(found):
            row.budget.step()
            for place, from_place in inherited:
                row.variables[place] = NOTHING if from_place is None else row.variables[from_place]
            store(row, one)
            row.variables[loop.place] = (position, len(found))
            for statement in body:
                statement(row, pieces)
        if not found:
            for statement in otherwise:
                statement(row, pieces)

    return run


def _inherited(
    compiler: PartCompiler, loop: nodes.For, outer: dict[str, Variable]
) -> list[tuple[int, int | None]]:
    """Return the names that a loop's body sets: each pass begins with their value from outside."""
    own = {*stored_names([loop.target]), "loop"}
    found = []
    for name in stored_names(loop.body):
        if name not in own:
            before = outer.get(name)
            made = compiler.new_variable(name, before.kind if before else VALUE)
            found.append((made.place, before.place if before else None))
    return found


def _assign(compiler: PartCompiler, node: nodes.Assign) -> Statement:
    kind, made = compiler.part(node.node)
    store = _target(compiler, node.target, kind)

    def assign(row: ItemRow, _pieces: list[str]) -> None:
        row.budget.step()
        store(row, made(row))

    return assign


def _assign_block(compiler: PartCompiler, node: nodes.AssignBlock) -> Statement:
    made = compile_text(compiler, node.body)
    if node.filter is not None:
        made = compile_filter(compiler, node.filter, VALUE, made)[1]
    store = _target(compiler, node.target, VALUE)
    return lambda row, _pieces: store(row, made(row))


def _target(
    compiler: PartCompiler, node: nodes.Node, kind: Kind, *, fresh: bool = False
) -> Callable[[ItemRow, Any], None]:
    """Return a function that stores what is assigned under a name, or under several."""
    if isinstance(node, nodes.Name):
        known = None if fresh else compiler.names.get(node.name)
        variable = (
            known if known is not None and known.kind == kind else compiler.new_variable(node.name, kind)
        )
        place = variable.place

        def store(row: ItemRow, value: object) -> None:
            row.variables[place] = value

        return store
    if not isinstance(node, nodes.Tuple) or kind != VALUE:
        raise WrongSyntax("expression.only_names_set", node.lineno)
    stores = [_target(compiler, one, VALUE, fresh=fresh) for one in node.items]

    def unpack(row: ItemRow, value: object) -> None:
        found = elements(plain(value))
        if len(found) != len(stores):
            raise InvalidValue("expression.names_and_values", names=len(stores), values=len(found))
        for store_one, one in zip(stores, found, strict=True):
            store_one(row, one)

    return unpack


def _data(text: str) -> Part:
    return lambda _row: text


def _passes(row: ItemRow, one: object, store: Callable[[ItemRow, Any], None], test: Part) -> bool:
    row.budget.step()
    store(row, one)
    return bool(test(row))


def joined(row: ItemRow, texts: Sequence[str]) -> str:
    """Return the texts as one, charged.

    Raises:
        TooLarge: it would be longer than any text may be, or takes too much work.
    """
    length = sum(map(len, texts))
    check_text(length)
    row.budget.spend(length)
    return "".join(texts)


def stored_names(found: Sequence[nodes.Node]) -> frozenset[str]:
    """Return the names that are set somewhere in these parts."""
    names = [name for node in found for name in (node, *node.find_all(nodes.Name))]
    return frozenset(name.name for name in names if isinstance(name, nodes.Name) and name.ctx == "store")
