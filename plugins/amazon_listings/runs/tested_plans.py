"""The plans of what a run tested, with their changes: what people look at, and what guards judge."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from amazon_listings.runs.creations import Creations
from amazon_listings.runs.extract.notations import columns_of
from amazon_listings.runs.map_fields import compiled
from amazon_listings.runs.plan import MappingLines, Method, Plan
from amazon_listings.runs.records import MAPPED
from amazon_listings.selling_partner.content.leaves import amazon_defaults

if TYPE_CHECKING:
    from collections.abc import Iterable

    from amazon_listings.connectors.model import Connector
    from amazon_listings.runs.definitions import Definitions
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.runs.records import TestedItem


class TestedPlans:
    """Reads the plans of the tested items of a run.

    The stage `tested` keeps the changes of a listing that exists. Those of one that is made are the leaves
    of its payload in the stage `mapped`: they are read for the items that are asked for.

    Args:
        connector: The connector that runs.
        definitions: What it was tested with.
        folder: The run's folder.
    """

    __test__ = False

    def __init__(self, connector: Connector, definitions: Definitions, folder: RunFolder) -> None:
        self._connector = connector
        self._definitions = definitions
        self._folder = folder

    def of(self, part: str, items: Iterable[TestedItem]) -> dict[str, Plan]:
        """Return the plans of items of a part that have one, by the PIM's identity.

        What was mapped again since the test has no plan any more.
        """
        plans: dict[str, Plan] = {}
        made: dict[str, TestedItem] = {}
        for item in items:
            if item.plan is not None:  # earlier versions kept the changes of what is made, too
                plans[item.pim_id] = item.plan
            elif item.makes:
                made[item.pim_id] = item
        if made:
            for mapped in self._folder.read(MAPPED, part):
                one = made.get(mapped.pim_id)
                if one is not None and one.hash == mapped.hash:
                    plans[one.pim_id] = self._creations.with_changes(one.sku or "", mapped.attributes)
        return plans

    @cached_property
    def _creations(self) -> Creations:
        connector, layout = self._connector, self._definitions.layout
        mapping = compiled(connector, self._definitions, columns=columns_of(self._folder))
        lines = MappingLines(mapping, connector.where)
        return Creations(layout, amazon_defaults(connector.marketplace), lines.of)


def without_changes(item: TestedItem) -> Plan | None:
    """Return the plan of an item; that of a listing that it makes has no changes."""
    return Plan(item.sku or "", Method.PUT) if item.makes else item.plan
