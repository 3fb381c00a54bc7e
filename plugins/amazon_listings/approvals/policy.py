"""Why a change has to be allowed by a person: the connector's policy, and guards."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from amazon_listings.approvals.guards import ask_about, waits_for
from amazon_listings.approvals.withholding import with_coupled
from amazon_listings.runs.extract.field_names import texts_in
from amazon_listings.runs.extract.notations import turns_of
from amazon_listings.runs.plan import Method

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from amazon_listings.connectors.model import Connector
    from amazon_listings.mapping.values.notation import ColumnEvidence
    from amazon_listings.runs.plan import Change, Plan
    from amazon_listings.selling_partner.content.leaves import Layout, Leaf

FIRST, ALWAYS, REPLACE = "first", "always", "full_replace"
#: Reasons of the policy; all others are guards.
POLICIES = frozenset({FIRST, ALWAYS})


@dataclass(frozen=True)
class Reasons:
    """Which leaves of a plan have to be allowed, and why.

    Attributes:
        leaves: The reasons by leaf.
        whole: Reasons that hold for the item as a whole.
    """

    leaves: Mapping[Leaf, frozenset[str]] = field(default_factory=dict)
    whole: frozenset[str] = frozenset()

    @property
    def names(self) -> frozenset[str]:
        """Every reason."""
        return self.whole.union(*self.leaves.values())


@dataclass(frozen=True)
class Policy:
    """What a connector asks about, given what was approved before.

    Args:
        connector: The connector.
        approved: The hashes of its mapping lines that were approved for the account, country and type.
        layout: The layout of the product type's definition.
        defaults: Selector values that Amazon fills in.
        columns: How the columns of the source are written.
    """

    connector: Connector
    approved: frozenset[str]
    layout: Layout
    defaults: Mapping[str, Any]
    columns: Mapping[str, ColumnEvidence] = field(default_factory=dict)
    _lines: dict[tuple[str, str], str] = field(default_factory=dict, init=False, repr=False, compare=False)

    def reasons(self, plan: Plan, wanted: Mapping[str, Any]) -> Reasons:
        """Return what has to be allowed of a plan, by the policy and the guards on an item.

        Args:
            plan: The plan.
            wanted: The item's attributes as they are to be.
        """
        found: dict[Leaf, set[str]] = {}
        policy = self.connector.approval.policy
        for change in plan.changes:
            if policy == ALWAYS or (policy == FIRST and not self._is_approved(change)):
                found.setdefault(change.leaf, set()).add(policy)
        if plan.method == Method.PATCH:
            guarded = ask_about(
                plan.changes, wanted, self.connector.guards, layout=self.layout, defaults=self.defaults
            )
            for leaf, names in guarded.items():
                found.setdefault(leaf, set()).update(names)
        whole: set[str] = set()
        if plan.method == Method.PUT:
            # A listing is created, or replaced, as a whole or not at all.
            whole.update(*found.values())
            if self.connector.sync.full_replace and any(change.before is not None for change in plan.changes):
                whole.add(REPLACE)
            return Reasons({}, frozenset(whole))
        return Reasons(self._coupled(plan, found), frozenset(whole))

    def with_run(self, reasons: Reasons, plan: Plan, asked: frozenset[str]) -> Reasons:
        """Return the reasons with those of the guards on the run.

        Args:
            reasons: Those of the item.
            plan: The plan.
            asked: The guards on the run that ask.
        """
        if not asked:
            return reasons
        creates = plan.method == Method.PUT
        found = {leaf: set(names) for leaf, names in reasons.leaves.items()}
        whole = set(reasons.whole)
        for change in plan.changes:
            names = waits_for(change, asked, creates=creates)
            if names and creates:
                whole |= names
            elif names:
                found.setdefault(change.leaf, set()).update(names)
        return Reasons(self._coupled(plan, found), frozenset(whole))

    def line_of(self, change: Change) -> str:
        """Return the hash of the mapping line behind a change: the attribute it fills, and its expression.

        How the line names the attribute does not count: a label that moves into a layer, or into another
        language, is the same line. A line whose columns are read otherwise than before counts as changed.
        """
        return self._hash_of(change, change.leaf.attribute)

    def lines_behind(self, changes: Iterable[Change]) -> tuple[str, ...]:
        """Return the lines that a person allows with changes.

        The first approval of a connector allows what becomes of items that leave, too: the document says it
        as it says the lines. Another answer to that is a new line, and asked about when an item leaves.
        """
        lines = {self.line_of(change) for change in changes}
        if not self.approved:
            lines.add(self.removal_line())
        return tuple(sorted(lines))

    def _is_approved(self, change: Change) -> bool:
        """Return whether the line behind a change was approved, now or when lines were kept by their key."""
        if self.line_of(change) in self.approved:
            return True
        return change.origin is not None and self._hash_of(change, change.origin.key) in self.approved

    def _hash_of(self, change: Change, name: str) -> str:
        origin = change.origin
        if origin is None:
            return _hash(["", change.leaf.attribute])
        found = self._lines.get((origin.key, name))
        if found is None:
            expression = self._expression(origin.key)
            turns = sum(turns_of(text, self.columns) for text in texts_in(expression))
            found = _hash([name, expression, *([turns] if turns else [])])
            self._lines[origin.key, name] = found
        return found

    def removal_line(self) -> str:
        """Return what is approved where listings of items that left may be taken off sale."""
        return _hash(["when_removed", self.connector.sync.when_removed])

    def _expression(self, key: str) -> object:
        mapping = self.connector.mapping
        if key in mapping:
            return mapping[key]
        # A nested line: the mapping has the key that its own begins with.
        return next((value for name, value in mapping.items() if key.startswith(name)), None)

    def _coupled(self, plan: Plan, found: Mapping[Leaf, set[str]]) -> dict[Leaf, frozenset[str]]:
        """Add the leaves that go together with those that are asked about."""
        if not found:
            return {}
        everything = frozenset().union(*found.values())
        return {leaf: frozenset(found.get(leaf, everything)) for leaf in with_coupled(found, plan.changes)}


def _hash(content: object) -> str:
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
