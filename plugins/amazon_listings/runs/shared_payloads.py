"""Payloads whose equal attributes are one object, so that what is made of an attribute is made once."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import msgspec

from amazon_listings.runs.records import MAPPED, MappedIndex, MappedItem, Stage

#: Bytes of an attribute that items share at most, and how many such are known at once.
_SHORT, _MOST = 300, 5_000
#: Attributes that were met once are forgotten after so many.
_MOST_ONCE = 100_000
#: Values of one attribute in a row that no other item has, after which so many are not compared with others:
#: texts and numbers of the items themselves, most likely.
_UNLIKE, _PASSED_OVER = 200, 2_000


class _Unread(MappedIndex, frozen=True, kw_only=True):
    """A mapped item whose attributes are not decoded."""

    requirements: str
    attributes: dict[str, msgspec.Raw]


class SharedPayloads(Stage[MappedItem, MappedIndex]):
    """The stage `mapped`, read so that items share the attributes that they have alike.

    Most items of a catalogue have most of their attributes alike. Those that were met twice are decoded
    once; nothing may change what it reads.
    """

    def __init__(self) -> None:
        super().__init__(MAPPED.name, MappedItem, MappedIndex, task=MAPPED.task)
        self._lines = msgspec.json.Decoder(_Unread)
        self._value: msgspec.json.Decoder[Any] = msgspec.json.Decoder()
        self._known: defaultdict[str, dict[bytes, Any]] = defaultdict(dict)
        #: How many values of an attribute in a row no other item had; below zero, how many are passed over.
        self._unlike: defaultdict[str, int] = defaultdict(int)
        self._shared: dict[int, object] = {}
        self._once: set[int] = set()

    def decode(self, line: bytes) -> MappedItem:
        """Return the record of a line.

        Raises:
            ValueError: the line is no record of this stage.
        """
        try:
            unread = self._lines.decode(line)
            known, unlike, attributes = self._known, self._unlike, {}
            for name, raw in unread.attributes.items():
                if unlike[name] < 0:
                    unlike[name] += 1
                    attributes[name] = self._value.decode(raw)
                    continue
                text = bytes(raw)
                elements = known[name].get(text)
                if elements is None:
                    elements = self._value_of(name, text)
                else:
                    unlike[name] = 0
                attributes[name] = elements
        except msgspec.DecodeError:  # JSON that only Python reads, or none
            return super().decode(line)
        return MappedItem(
            pim_id=unread.pim_id,
            sku=unread.sku,
            role=unread.role,
            parent_sku=unread.parent_sku,
            group=unread.group,
            modified=unread.modified,
            hash=unread.hash,
            issues=unread.issues,
            requirements=unread.requirements,
            attributes=attributes,
        )

    def holds(self, elements: object) -> bool:
        """Return whether an attribute is shared: its `id` stands for it as long as this object lives."""
        return id(elements) in self._shared

    def _value_of(self, name: str, text: bytes) -> object:
        """Return an attribute that is not known to be shared; it is from the second time on."""
        elements = self._value.decode(text)
        if len(text) <= _SHORT and len(self._shared) < _MOST and self._was_met(name, text):
            self._known[name][text] = elements
            self._shared[id(elements)] = elements
            self._unlike[name] = 0
        else:
            self._unlike[name] += 1
            if self._unlike[name] >= _UNLIKE:
                self._unlike[name] = -_PASSED_OVER
        return elements

    def _was_met(self, name: str, text: bytes) -> bool:
        """Return whether an attribute was met before; from now on it was."""
        mark = hash((name, text))
        if mark in self._once:
            return True
        if len(self._once) >= _MOST_ONCE:
            self._once.clear()
        self._once.add(mark)
        return False
