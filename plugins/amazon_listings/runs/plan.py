"""A plan: what is to become of one SKU at Amazon, leaf by leaf.

Test and live sync, removals, rollback and reports use this one record; so will whatever approves,
guards or shows changes.
"""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum
from functools import cached_property, lru_cache
from json.encoder import encode_basestring_ascii
from typing import TYPE_CHECKING, Any

import msgspec

from amazon_listings.runs.listings.quantities import AVAILABILITY
from amazon_listings.selling_partner.content.leaves import Leaf, compare, same_leaf, same_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from amazon_listings.connectors.model import Where
    from amazon_listings.mapping.mapping import FieldMapping
    from amazon_listings.selling_partner.content.leaves import Element, Layout


class Method(StrEnum):
    """How a plan is carried out: the request, or `NOTHING` if the listing is as it is wanted."""

    PUT = "PUT"
    PATCH = "PATCH"
    DELETE = "DELETE"
    NOTHING = "NOTHING"


class MappingLine(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The line of a mapping that makes a value.

    Args:
        document: The connector file, or `Variable NAME` where an Airflow Variable holds the line.
        line: The line in the file, from 1; None of a Variable.
        key: The mapping's key, as its author wrote it.
    """

    document: str
    line: int | None = None
    key: str = ""

    def __str__(self) -> str:
        return self.document if self.line is None else f"{self.document}:{self.line}"


def line_behind(leaf: Leaf, mapping: FieldMapping, where: Where) -> MappingLine | None:
    """Return the mapping line that makes a leaf; None if no line does.

    Args:
        leaf: The leaf.
        mapping: The compiled mapping.
        where: Where the connector is declared; a line that no file holds is of its Variable.
    """
    names = [leaf.attribute, *(step for step in leaf.path if isinstance(step, str))]
    origin = mapping.origin_of("/".join(names))
    if origin is None:
        return None
    if origin.line is None and where.variable is not None:
        return MappingLine(f"Variable {where.variable}", None, origin.key)
    return MappingLine(origin.file or str(where.path or ""), origin.line, origin.key)


class MappingLines:
    """The mapping lines that make leaves; may be used from several threads.

    Args:
        mapping: The compiled mapping.
        where: Where the connector is declared.
    """

    def __init__(self, mapping: FieldMapping, where: Where) -> None:
        self._mapping = mapping
        self._where = where
        self._lines: dict[tuple[str, ...], MappingLine | None] = {}

    def of(self, leaf: Leaf) -> MappingLine | None:
        """Return the line that makes a leaf; None if no line does."""
        path = (leaf.attribute, *[step for step in leaf.path if isinstance(step, str)])
        if path not in self._lines:
            self._lines[path] = line_behind(leaf, self._mapping, self._where)
        return self._lines[path]


class Change(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What becomes of one leaf.

    Args:
        leaf: The leaf.
        before: Its value now; None if the listing has none, or it is not known.
        after: Its value once the plan is carried out; None if it is removed.
        origin: The mapping line that makes the value; None if no line does.
    """

    leaf: Leaf
    before: Any = None
    after: Any = None
    origin: MappingLine | None = None


class Fate(StrEnum):
    """What becomes of something that others put into a listing."""

    #: A value of a leaf that we write differs from ours.
    REPLACED = "replaced"
    #: Elements that share their place with ours, and are not among them.
    DROPPED = "dropped"
    #: It goes, because the listing is put whole.
    REMOVED = "removed"


class Displaced(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Something that others put into a listing, and that is not there once a plan is carried out.

    Args:
        leaf: Its leaf.
        found: Its value now; of elements that are dropped, only those.
        fate: What becomes of it.
        after: The value that the leaf gets.
    """

    leaf: Leaf
    found: Any
    fate: Fate
    after: Any = None


class Plan(msgspec.Struct, frozen=True, dict=True):
    """The plan of one SKU.

    Args:
        sku: The SKU.
        method: How it is carried out.
        changes: The leaves that are written. Leaves of others that a request has to carry are no
            changes; a deletion has none, because the listing goes as a whole. A listing that is made has
            one for each leaf of its payload, and the hash of these: `Creations.with_changes` finds them
            where they are needed.
    """

    sku: str
    method: Method
    changes: tuple[Change, ...] = ()

    @cached_property
    def hash(self) -> str:
        """SHA-256 (hex) of SKU, method, and each leaf with the value it gets.

        The same for any order of changes, elements of different selectors, and keys; what the leaves
        held before, and which lines they come from, do not count.
        """
        texts = [change_text(change.leaf, change.after) for change in self.changes]
        return hash_of(self.sku, self.method, texts)

    @property
    def attributes(self) -> frozenset[str]:
        """The attributes of which something is written."""
        return frozenset(change.leaf.attribute for change in self.changes)


def hash_of(sku: str, method: Method, texts: Iterable[str]) -> str:
    """Return the hash of a plan; `texts`: of each change, `change_text` of its leaf and the value it gets."""
    # As `json.dumps` writes the three, in a third of its time.
    changes = ", ".join(map(encode_basestring_ascii, sorted(texts)))
    text = f"[{encode_basestring_ascii(sku)}, {encode_basestring_ascii(method)}, [{changes}]]"
    return hashlib.sha256(text.encode()).hexdigest()


def question_hash(question: str, guarded: Iterable[Change] = ()) -> str:
    """Return the SHA-256 (hex) of what a person is asked about.

    Args:
        question: The hash of the plan that consists of the changes in question; each counts with the value
            it leads to.
        guarded: Those of them that count with what the listing had before as well; a number is the same
            as Amazon writes it (10.0) and as it was sent (10).
    """
    before = sorted([change_text(one.leaf, _numbers_alike(one.before)) for one in guarded])
    text = json.dumps([question, before])
    return hashlib.sha256(text.encode()).hexdigest()


#: What `json.dumps` makes for each call.
_encoder = json.JSONEncoder(default=msgspec.to_builtins, sort_keys=True)


def change_text(leaf: Leaf, value: object) -> str:
    """Return a leaf and a value of it as JSON with sorted keys."""
    return beside(leaf_text(leaf), value)


def leaf_text(leaf: Leaf) -> str:
    """Return a leaf as JSON; the many of a run are few."""
    return _textual(leaf) or _encoder.encode(leaf)


def beside(leaf: str, value: object) -> str:
    """Return the text of a leaf and a value of it as JSON with sorted keys."""
    if value is None:
        text = "null"
    elif value.__class__ is str:
        text = encode_basestring_ascii(value)
    else:
        text = _encoder.encode(value)
    return f"[{leaf}, {text}]"


def _numbers_alike(value: object) -> object:
    """Return a value with whole numbers as integers."""
    if value is None or value.__class__ is str:
        return value
    if isinstance(value, dict):
        return {name: _numbers_alike(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_numbers_alike(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@lru_cache(maxsize=4096)
def _textual(leaf: Leaf) -> str | None:
    """Return the text of a leaf that is addressed by texts alone, which no leaf of other text is equal to.

    None of another: 1, 1.0 and true are equal, and have other texts.
    """
    steps = (*leaf.path, *(value for _, value in leaf.selectors))
    return _encoder.encode(leaf) if all(step.__class__ is str for step in steps) else None


def changes_between(
    before: Mapping[str, list[Element]],
    after: Mapping[str, list[Element]],
    *,
    layout: Layout,
    defaults: Mapping[str, Any],
    line_of: Callable[[Leaf], MappingLine | None] = lambda _: None,
    forced: bool = False,
) -> tuple[Change, ...]:
    """Return the changes that lead from some attributes of a listing to others.

    Args:
        before: What the listing has of the attributes that may be changed.
        after: What it is to have of them.
        layout: The layout of the product type's definition.
        defaults: Properties that Amazon fills in, with their values: a leaf that lacks one is the same
            as a leaf that has it so.
        line_of: The mapping line that makes a leaf.
        forced: Count leaves that are wanted as changes although they are as they should be.
    """
    return tuple(
        [
            Change(leaf, left, right, line_of(leaf))
            for leaf, left, right in compare(before, after, layout, defaults)
            if (forced and right is not None) or not same_leaf(leaf, left, right, defaults)
        ]
    )


def edited(change: Change, accepted: Any, defaults: Mapping[str, Any]) -> Change | None:
    """Return of a change of a leaf of ours what people made of it since; None if nothing.

    A quantity that is another by now was sold, and what the connector takes away it may take away.

    Args:
        change: The change.
        accepted: What was last accepted of the leaf.
        defaults: Properties that Amazon fills in, with their values.
    """
    leaf, before = change.leaf, change.before
    is_quantity = leaf.attribute == AVAILABILITY and leaf.path[:1] == ("quantity",)
    if is_quantity or change.after is None or same_leaf(leaf, before, accepted, defaults):
        return None
    if isinstance(before, list) and isinstance(accepted, list) and len(before) > 1:
        before = [one for one in before if not any(same_value([one], [two], defaults) for two in accepted)]
    return msgspec.structs.replace(change, before=before)


def displaced(change: Change, defaults: Mapping[str, Any]) -> Displaced | None:
    """Return what a change of a leaf that is not ours displaces; None if nothing.

    Args:
        change: The change.
        defaults: Properties that Amazon fills in, with their values.
    """
    before, after = change.before, change.after
    if before is None or same_leaf(change.leaf, before, after, defaults):
        return None
    if after is None:
        return Displaced(change.leaf, before, Fate.REMOVED)
    if isinstance(before, list) and isinstance(after, list):
        if len(before) == len(after) == 1:
            # A price stands in a list that Amazon keeps whole: one takes the place of the other.
            return Displaced(change.leaf, before, Fate.REPLACED, after)
        lost = [one for one in before if not any(same_value([one], [two], defaults) for two in after)]
        return Displaced(change.leaf, lost, Fate.DROPPED, after) if lost else None
    return Displaced(change.leaf, before, Fate.REPLACED, after)
