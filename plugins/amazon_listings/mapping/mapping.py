"""A compiled mapping: PIM items in, Amazon attributes out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from amazon_listings.connectors.languages import language_tags
from amazon_listings.mapping.expressions.reads import Reads, all_reads
from amazon_listings.mapping.expressions.rows import ItemRow
from amazon_listings.mapping.families.variations import read_variations
from amazon_listings.mapping.faults import Line, MappingErrors
from amazon_listings.mapping.findings import Setting
from amazon_listings.mapping.layered import MergedLines
from amazon_listings.mapping.plan.closures import compile_attribute, layout
from amazon_listings.mapping.plan.compiler import PlanCompiler
from amazon_listings.mapping.plan.evaluation import Evaluation, Made
from amazon_listings.mapping.values.notation import SourceNotation
from amazon_listings.mapping.values.related_table import RelatedTable
from amazon_listings.messages import DEFAULT, Message, catalogue, message
from amazon_product_types.validation.issue import Issue, Origin

if TYPE_CHECKING:
    from collections.abc import Mapping as Dict
    from collections.abc import Sequence

    from amazon_listings.item import Item, Record
    from amazon_listings.mapping.families.members import FamilyMember, Variations
    from amazon_listings.mapping.plan.closures import ArrayMaker
    from amazon_listings.mapping.plan.tree import Branch
    from amazon_listings.marketplaces import Marketplace
    from amazon_product_types.labels import FieldIndex

    #: What makes each attribute.
    Makers = Sequence[tuple[str, ArrayMaker]]

#: What stands beside an attribute.
_NOTHING: dict[str, Any] = {}


@dataclass
class MappedItem:
    """One item's attributes, as Amazon takes them, and what a person should know.

    An issue of severity ERROR blocks the item; its attribute is left out.
    """

    attributes: dict[str, Any]
    issues: list[Issue]
    _mapping: FieldMapping = field(repr=False)
    _item: Item = field(repr=False)
    _siblings: Sequence[Record] = field(default=(), repr=False)

    @cached_property
    def origins(self) -> dict[str, Origin]:
        """The line, PIM field and language behind each value, by its path (`item_weight/0/unit`)."""
        return {made.path: made.origin for made in self._mapping.explain(self._item, siblings=self._siblings)}

    def origin_of(self, path: str) -> Origin | None:
        """Return the origin of the value at `path`, or of the longest part of it that the mapping made."""
        wanted = path
        while wanted:
            if wanted in self.origins:
                return self.origins[wanted]
            below = next((o for known, o in self.origins.items() if known.startswith(f"{wanted}/")), None)
            if below is not None:
                return below
            wanted = wanted.rpartition("/")[0]
        return self._mapping.origin_of(path)


class FieldMapping:
    """A mapping compiled for one product type; `apply` may be called from several threads.

    Args:
        plan: The plan, by attribute.
        setting: Marketplace, languages and how the PIM writes.
        variations: How families are made, if the connector makes them.
        renamed: Labels that Amazon has changed, each with its line.
    """

    def __init__(
        self,
        plan: Dict[str, Branch],
        setting: Setting,
        variations: Variations | None = None,
        renamed: Sequence[Message] = (),
    ) -> None:
        self.plan = dict(plan)
        self.renamed = tuple(renamed)
        self.setting = setting
        self.variations = variations
        parent_plan = variations.plan_of_parent(self.plan) if variations else self.plan
        self._lines = _static_origins(self.plan)
        self._layout = layout(list(self.plan.values()))
        makers = {
            name: compile_attribute(branch, setting, self._layout) for name, branch in self.plan.items()
        }
        self._makers = list(makers.items())
        self._makers_of_parent = [(name, makers[name]) for name in parent_plan]

    @property
    def attributes(self) -> tuple[str, ...]:
        """The attributes that this mapping may fill."""
        return tuple(self.plan)

    @property
    def lines(self) -> Dict[str, Origin]:
        """The mapping line of each path that is made, such as `item_weight.unit`, and of what holds it."""
        return self._lines

    def reads(self) -> Reads:
        """Return the PIM fields that the mapping reads, known without an item."""
        expressions = [
            cell.expression
            for branch in self.plan.values()
            for template in branch.templates
            for leaf in template.leaves()
            for cell in leaf.cells
        ]
        if self.variations is not None:
            expressions += [self.variations.theme, self.variations.parent_sku]
        return all_reads(expression.reads for expression in expressions)

    def apply(self, item: Item, *, siblings: Sequence[Record] = ()) -> MappedItem:
        """Return the attributes of one item.

        Args:
            item: The item.
            siblings: The variants of the same product, where an expression asks for `variants`.
        """
        run = self._evaluation(item, siblings)
        attributes = self._attributes(run, self._makers_of(item))
        issues = run.issues
        if self.variations is not None:
            messages = catalogue(self.setting.language)
            issues += [
                issue if issue.origin else replace(issue, origin=self.origin_of(issue.path))
                for issue in self.variations.complete(item, attributes, messages)
            ]
        return MappedItem(attributes, issues, self, item, siblings)

    def expand_family(self, items: Sequence[Item]) -> list[FamilyMember]:
        """Return the items of one product as the connector sells them: parent first, or each alone.

        Args:
            items: All items of one product (they have one `group`), in their order.
        """
        if self.variations is None:
            return [cast("FamilyMember", item) for item in items]
        return self.variations.expand(items, self.setting.wanted[0])

    def _makers_of(self, item: Item) -> Makers:
        return self._makers_of_parent if item.get("role") == "parent" else self._makers

    @staticmethod
    def _attributes(run: Evaluation, makers: Makers) -> dict[str, Any]:
        attributes = {}
        first, start = run.rows[0], 0
        for name, make in makers:
            elements = make(run, first, _NOTHING)
            if run.failed:
                run.failed = False
                run.forget(start)
            elif elements is not None:
                attributes[name] = elements
            if run.trace is not None:
                start = len(run.trace)
        return attributes

    def explain(self, item: Item, *, siblings: Sequence[Record] = (), attribute: str = "") -> list[Made]:
        """Return how each value of the item's attributes came about, in the order of the payload.

        Args:
            item: The item.
            siblings: The variants of the same product.
            attribute: Of this attribute only.
        """
        trace: list[Made] = []
        run = self._evaluation(item, siblings, trace)
        makers = self._makers_of(item)
        self._attributes(run, [one for one in makers if attribute in {"", one[0]}])
        return trace

    def origin_of(self, path: str) -> Origin | None:
        """Return the mapping line for a path of an item (`item_weight/0/unit`), by its longest known part."""
        names = [part for part in path.split("/") if part and not part.isdigit()]
        while names:
            if found := self._lines.get(".".join(names)):
                return found
            names.pop()
        return None

    def _evaluation(
        self, item: Item, siblings: Sequence[Record], trace: list[Made] | None = None
    ) -> Evaluation:
        unknown: list[str] = []
        rows = [
            ItemRow(
                item,
                language,
                fallback=self.setting.fallback,
                siblings=siblings,
                unknown=unknown,
                tables=self.setting.tables,
                facts=self.setting.facts,
            )
            for language in self.setting.wanted
        ]
        return Evaluation(
            self.setting, rows, leaves=len(self._layout.places), depth=self._layout.depth, trace=trace
        )


def compile_mapping(
    mapping: Dict[str, Any] | MergedLines,
    *,
    index: FieldIndex,
    definition: Dict[str, Any],
    marketplace: Marketplace,
    languages: Dict[str, str],
    lines: Dict[str, int] | None = None,
    fallback_language: str | None = None,
    notation: SourceNotation | None = None,
    report_missing_languages: bool = False,
    requirements: str = "LISTING",
    variations: Dict[str, Any] | None = None,
    connector: str = "",
    language: str = DEFAULT,
    tables: Dict[str, Dict[str, Sequence[dict[str, Any]]]] = MappingProxyType({}),
    facts: Dict[str, str] = MappingProxyType({}),
) -> FieldMapping:
    """Return the mapping, ready to be applied to any number of items.

    Args:
        mapping: The connector's `mapping`, as written, or the merged lines of its layers.
        index: The fields of the definition, with labels in the connector's locale.
        definition: The definition in the marketplace's own locale.
        marketplace: Where to sell.
        languages: The value languages as the PIM calls them, with their Amazon tags; the first is
            the one of fields without language.
        lines: The line of each key in the connector file.
        fallback_language: The PIM language whose text stands in, under its own tag, where the
            wanted language has none.
        notation: How the PIM writes numbers and dates; None: as the marketplace writes.
        report_missing_languages: Whether a language without text is a warning.
        requirements: The requirement set of `definition`; a key for a field outside it is an error.
        variations: The connector's `variations`, to make families.
        connector: The connector's id, for messages.
        language: Language of the issues: of those who read the report.
        tables: The rows of each related table, by PIM language.
        facts: What expressions read of `connector`.

    Raises:
        MappingErrors: one or more lines are wrong; it has all of them.
    """
    compiler = PlanCompiler(
        index, notation or SourceNotation.of(marketplace), marketplace=marketplace, definition=definition
    )
    if isinstance(mapping, MergedLines):
        compiler.faults += mapping.faults
        compiler.renamed |= mapping.renamed
        for one in mapping.written:
            compiler.add(one.line, one.path, one.value)
    else:
        for key, value in mapping.items():
            compiler.add(Line((lines or {}).get(key), key), key, value)
    plan = compiler.plan()
    families = None
    if variations is not None:
        families = read_variations(variations, compiler, marketplace.id)
    compiler.check_tables(plan, tables)
    if compiler.faults:
        raise MappingErrors(compiler.faults, connector=connector, requirements=requirements)
    tags = dict(languages)
    if fallback_language and fallback_language not in tags:
        tags[fallback_language] = language_tags([fallback_language], marketplace)[0][1] or ""
    setting = Setting(
        marketplace_id=marketplace.id,
        wanted=tuple(languages),
        tags=tags,
        required=frozenset(definition.get("required", ())),
        fallback=fallback_language,
        report_missing=report_missing_languages,
        tables={
            name: {spoken: RelatedTable(rows) for spoken, rows in by_language.items()}
            for name, by_language in tables.items()
        },
        connector=connector,
        language=language,
        facts=facts,
    )
    renamed = [
        message("said_of", about=line, said=said)
        for line, sentences in compiler.renamed.items()
        for said in sentences
    ]
    return FieldMapping(plan, setting, families, renamed)


def _static_origins(plan: Dict[str, Branch]) -> dict[str, Origin]:
    """Return the line of each place, without positions: the first that reads the PIM, else the first."""
    found: dict[str, Origin] = {}
    for branch in plan.values():
        leaves = [leaf for template in branch.templates for leaf in template.leaves()]
        for leaf in sorted(leaves, key=lambda leaf: leaf.constant):
            cell = leaf.cells[0]
            origin = Origin(
                cell.line.number, cell.line.key, ", ".join(cell.expression.fields), file=cell.line.file
            )
            names = leaf.field.path.split(".")
            for depth in range(len(names), 0, -1):
                found.setdefault(".".join(names[:depth]), origin)
    return found
