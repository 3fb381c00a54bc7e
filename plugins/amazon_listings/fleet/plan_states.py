"""A connector in one state of the configuration, compiled, and how two states differ."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from amazon_listings.checks.predicted import MappedColumns
from amazon_listings.ledger.items.states import digest
from amazon_listings.mapping.expressions.compiled import compile_expression
from amazon_listings.mapping.expressions.failures import ExpressionError
from amazon_listings.mapping.expressions.rows import ItemRow
from amazon_listings.mapping.faults import Line
from amazon_listings.mapping.mapping import FieldMapping
from amazon_listings.runs.extract.notations import RowNotation, source_notation
from amazon_listings.runs.finish.item_states import definition_digest, mapping_digest, rules_digest
from amazon_listings.runs.map_fields import compiled, merged_lines
from amazon_product_types.rules import TITLES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from amazon_listings.connectors.model import Connector
    from amazon_listings.item import Item
    from amazon_listings.mapping.plan.tree import PlanLeaf
    from amazon_listings.mapping.values.notation import ColumnEvidence
    from amazon_listings.runs.definitions import Definitions
    from amazon_product_types.rules import RuleCheck


@dataclass(frozen=True)
class State:
    """A connector in one state of the configuration, with what its items are judged by.

    Attributes:
        connector: The connector.
        definitions: Its definitions.
        mapping: Its mapping, compiled.
        lines: What each line of the mapping writes.
        rules: The rules beyond the definitions.
        notation: How the columns of its source are read.
        tables: The digest of its related tables.
    """

    connector: Connector
    definitions: Definitions
    mapping: FieldMapping
    lines: Mapping[Line, Any]
    rules: RuleCheck
    notation: RowNotation
    tables: int = 0

    @cached_property
    def shared(self) -> dict[str, int]:
        """The parts of a fingerprint that an item has whose payload this state has made."""
        definitions = self.definitions
        return {
            "mapping": mapping_digest(self.connector),
            "definition": definition_digest(definitions.checksum, definitions.labels_checksum),
            "rules": rules_digest(),
            "tables": self.tables,
        }

    @cached_property
    def in_scope(self) -> Callable[[Sequence[Item]], list[Item]]:
        """Returns the items of a family that `filter` lets through, with the SKUs of `sku`."""
        connector = self.connector
        language = next(iter(dict(connector.language_tags)), "")
        sku = compile_expression(connector.source.sku)
        wanted = compile_expression(connector.source.filter) if connector.source.filter else None
        fallback, facts = connector.source.fallback_language, connector.facts

        def scoped(family: Sequence[Item]) -> list[Item]:
            found: list[Item] = []
            for item in family:
                row = ItemRow(item, language, fallback=fallback, facts=facts)
                try:
                    named = sku.evaluate(row)
                    fits = wanted is None or bool(wanted.evaluate(row))
                except ExpressionError:
                    continue
                if fits:
                    found.append({**item, "sku": None if named is None or named == "" else str(named)})
            return found

        return scoped

    @cached_property
    def columns(self) -> MappedColumns:
        """Checks what a quality check expects of the columns that the mapping reads."""
        return MappedColumns(self.connector, self.mapping, self.definitions)

    def is_valid(self, attributes: Mapping[str, Any]) -> bool:
        """Return whether a payload keeps the definition, as a run of the connector judges it."""
        judged = self.definitions
        return (judged.is_valid_part if self.connector.contributes else judged.is_valid)(attributes)

    def keeps_rules(self, attributes: Mapping[str, Any], held: Mapping[str, Any]) -> bool:
        """Return whether a payload keeps the rules beyond the definition.

        Args:
            attributes: The payload.
            held: The payload that Amazon has: its title is not sent again, and may be longer than new ones.
        """
        if self.rules.is_right(attributes):
            return True
        if not held or any(held.get(name) != attributes.get(name) for name in TITLES):
            return False
        return self.rules.is_right({name: one for name, one in attributes.items() if name not in TITLES})

    def part(self, names: AbstractSet[str]) -> FieldMapping:
        """Return the mapping for some attributes alone."""
        plan = {name: branch for name, branch in self.mapping.plan.items() if name in names}
        return FieldMapping(plan, self.mapping.setting, None)

    def _content(self) -> dict[str, list[Any]]:
        """Return what each attribute is made of: what its lines write, whatever their places."""
        return {
            name: [
                [(leaf.field.path, self._written(leaf)) for leaf in template.leaves()]
                for template in branch.templates
            ]
            for name, branch in self.mapping.plan.items()
        }

    def _written(self, leaf: PlanLeaf) -> list[Any]:
        return [(cell.expression.text, self.lines.get(cell.line)) for cell in leaf.cells]

    def changed_attributes(self, other: State) -> set[str]:
        """Return the attributes that another state of the mapping makes by different lines."""
        first, second = self._content(), other._content()
        return {name for name in first.keys() | second.keys() if first.get(name) != second.get(name)}


def differ_by_lines(base: State, head: State) -> bool:
    """Return whether two states differ in nothing but lines of the mapping: items can be judged in part."""
    if base.connector.variations or head.connector.variations:
        return False  # what a family has depends on the payload as a whole
    first, second = base.connector, head.connector
    same_setting = (first.source, first.amazon, first.language_tags, first.facts, first.rules_off) == (
        second.source,
        second.amazon,
        second.language_tags,
        second.facts,
        second.rules_off,
    )
    return same_setting and first.tables == second.tables and base.definitions is head.definitions


def state_of(
    connector: Connector,
    definitions: Definitions,
    tables: Mapping[str, Any] | None = None,
    columns: Mapping[str, ColumnEvidence] = MappingProxyType({}),
) -> State:
    """Return a connector's state, compiled.

    Args:
        connector: The connector.
        definitions: Its definitions.
        tables: The rows of its related tables.
        columns: What the columns of its source show of their notation.

    Raises:
        MappingErrors: its mapping is wrong.
    """
    lines: dict[Line, Any] = {}
    merged = None
    if connector.is_merged:
        merged = merged_lines(connector, definitions, source_notation(connector, columns))
        for one in merged.written:
            lines.setdefault(one.line, []).append([one.path, one.value])
    else:
        numbers = connector.where.mapping_lines()
        lines = {Line(numbers.get(key), key): value for key, value in connector.mapping.items()}
    rows = dict(tables) if tables else None
    made = compiled(connector, definitions, rows, columns=columns, merged=merged)
    return State(
        connector,
        definitions,
        made,
        lines,
        definitions.rules(connector.rules_off.keys()),
        RowNotation(columns),
        digest(rows) if connector.tables else 0,
    )
