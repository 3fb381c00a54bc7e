"""Find the items of which two versions of a connector make different payloads; others keep their verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from amazon_listings.ledger.items.claims import claims_of_others
from amazon_listings.mapping.mapping import FieldMapping
from amazon_listings.runs.extract.siblings import variants_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from amazon_listings.checks.predicted import Predicted
    from amazon_listings.connectors.model import Connector
    from amazon_listings.item import Item
    from amazon_listings.mapping.plan.tree import Branch


class Remapped:
    """Compares two versions of a connector, family by family, in the attributes that they map otherwise.

    Args:
        now: One version.
        then: The other.
    """

    def __init__(self, now: Predicted, then: Predicted) -> None:
        self._now = now
        names = _differing(now, then) if _alike(now.connector, then.connector) else None
        self._parts = None if names is None else (_Part(now, names), _Part(then, names))

    def of(self, families: list[list[Item]]) -> list[list[Item]]:
        """Return those of some families that may get another verdict."""
        if self._parts is None:
            return families
        one, other = self._parts
        # Whether another connector's value stands in the way hangs on the line, not on the value alone.
        skus = [item["sku"] for family in families for item in family if item["sku"]]
        claimed = claims_of_others(self._now.known.ledger, self._now.listings, skus)
        return [
            family
            for family in families
            if any(item["sku"] in claimed for item in family) or one.of(family) != other.of(family)
        ]


class _Part:
    """What a connector makes of some attributes."""

    def __init__(self, predicted: Predicted, names: AbstractSet[str]) -> None:
        whole = predicted.mapping
        plan = {name: branch for name, branch in whole.plan.items() if name in names}
        self._mapping = FieldMapping(plan, whole.setting, whole.variations)
        self._columns = predicted.columns_of(self._mapping)

    def of(self, family: list[Item]) -> list[Any]:
        return list(self._made(family))

    def _made(self, family: list[Item]) -> Iterator[object]:
        siblings = variants_of(family)
        for item in self._mapping.expand_family(family):
            mapped = self._mapping.apply(item, siblings=siblings)
            issues = [(issue.code, issue.severity, issue.attribute) for issue in mapped.issues]
            yield item["pim_id"], item["sku"], mapped.attributes, issues
        for one in family:
            yield [(failed.code, failed.attribute) for failed in self._columns.failing(one, siblings)]


def _alike(now: Connector, then: Connector) -> bool:
    """Return whether two versions of a connector differ in their mappings alone."""
    return _without_mapping(now) == _without_mapping(then)


def _without_mapping(one: Connector) -> Connector:
    document = {name: value for name, value in one.document.items() if name != "mapping"}
    return replace(one, mapping={}, document=document)


def _differing(now: Predicted, then: Predicted) -> frozenset[str]:
    """Return the attributes that are mapped otherwise."""
    before, after = now.connector.mapping, then.connector.mapping
    keys = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    plans = now.mapping.plan, then.mapping.plan
    return frozenset(
        name
        for name in plans[0].keys() | plans[1].keys()
        if len({_lines(plan[name]) if name in plan else () for plan in plans}) > 1
        or any(keys & {key for key, *_ in _lines(plan[name])} for plan in plans if name in plan)
    )


def _lines(branch: Branch) -> tuple[tuple[str, str, str, Any], ...]:
    return tuple(
        (cell.line.key, leaf.field.path, cell.expression.text, cell.treatment)
        for template in branch.templates
        for leaf in template.leaves()
        for cell in leaf.cells
    )
