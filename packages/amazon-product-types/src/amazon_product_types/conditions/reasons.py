"""Why a rule applies to an item: the conditions of its `if`s that hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_product_types.conditions.evaluation import term_holds, with_present_values
from amazon_product_types.conditions.formulas import UNREADABLE, Formula, Literal, Term, negated, shortest
from amazon_product_types.conditions.parsing import from_root, member_truth, truth
from amazon_product_types.dialect.schemas import MAPS, at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from amazon_product_types.definition import Definition, Names, Node
    from amazon_product_types.json_pointer import Pointer

#: Keywords whose value is a list of schemas, so that an index follows in a pointer.
_BRANCHES = frozenset(("allOf", "anyOf", "oneOf"))


class _Branch(NamedTuple):
    """A `then` or `else` on the way to a rule, and what its `if` is about.

    `holder` is the pointer of the schema with the `if`; `depth` how many steps of the payload lead to
    the place it is about: the list of `node` as a whole (`is_list`), or an element of it.
    """

    holder: Pointer
    is_then: bool
    node: Node
    is_list: bool
    depth: int


class Reasons:
    """Reads the `if`s of one definition, each at most once.

    Args:
        definition: The definition.
    """

    def __init__(self, definition: Definition) -> None:
        self._definition = definition
        self._cases: dict[tuple[Pointer, bool], tuple[Term, ...]] = {}

    def of(self, pointer: Pointer, path: Pointer, attributes: object) -> Term:
        """Return the conditions that made the keyword at `pointer` apply to the place at `path`.

        Returns:
            The fewest conditions that hold of the item; empty for a rule without condition. Where the
            item has another shape than the definition, so that the `if` cannot be told in these terms,
            `UNREADABLE` is among them.
        """
        found: set[Literal] = set()
        for branch in self._branches(pointer):
            here = _elements(attributes, path[: branch.depth])
            cases = (term for term in self._cases_of(branch) if term_holds(term, attributes, here))
            case = next(cases, frozenset([UNREADABLE]))
            found.update(with_present_values(item, attributes, here) for item in case)
        whole = frozenset(found)
        return next(iter(shortest(frozenset([whole]))), whole)

    def _cases_of(self, branch: _Branch) -> tuple[Term, ...]:
        """Return the cases in which a branch applies, those that say least first."""
        key = (branch.holder, branch.is_then)
        cases = self._cases.get(key)
        if cases is None:
            formula = self._formula(branch)
            cases = tuple(sorted(formula if branch.is_then else negated(formula), key=_length))
            self._cases[key] = cases
        return cases

    def _formula(self, branch: _Branch) -> Formula:
        schema, node = at(self._definition.document, (*branch.holder, "if")), branch.node
        if branch.is_list:
            return from_root(member_truth(schema, node), node.names[:-1])
        return from_root(truth(schema, node), node.names)

    def _branches(self, pointer: Pointer) -> Iterator[_Branch]:
        """Yield each `then` and `else` that a pointer goes through, from the outside in."""
        node: Node | None = self._definition.root
        is_list, depth = False, 0
        steps = iter(enumerate(pointer))
        for index, step in steps:
            if step in {"then", "else"} and node is not None:
                yield _Branch(pointer[:index], step == "then", node, is_list, depth)
            elif step in MAPS:
                _, name = next(steps)
                if step == "properties":
                    node = node.members.get(str(name)) if node else None
                    is_list, depth = bool(node and node.is_array), depth + 1
            elif step in _BRANCHES:
                next(steps, None)
            elif step == "items":
                is_list, depth = False, depth + 1


def _elements(attributes: Any, path: Pointer) -> Mapping[Names, Any]:
    """Return the element of each name on the way to a place."""
    here: dict[Names, Any] = {}
    names: Names = ()
    value = attributes
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            break
        if isinstance(step, str):
            names = (*names, step)
        here[names] = value
    return here


def _length(term: Term) -> tuple[int, int, str]:
    return len(term), sum(len(item.fact.values) for item in term), repr(sorted(term, key=repr))
