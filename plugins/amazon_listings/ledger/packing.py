"""Contents that are much alike, packed with what they have in common.

Items of one connector share their attributes' names, their texts' beginnings and their constants. A
dictionary of some of them, kept once per connector, makes each of the others several times smaller.
"""

from __future__ import annotations

import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from amazon_listings.ledger.content import inflated
from amazon_listings.ledger.tables import dictionaries

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

#: Bytes that zlib looks back into a dictionary.
_WINDOW = 32_768
#: Half again to twice as fast as zlib's default, for contents that are larger by a tenth to a third.
_LEVEL = 2
#: A dictionary is replaced when another one saves at least this share.
_WORTH_IT = 0.25
#: Contents of a batch that are tried to find out whether it is.
_TRIED = 20


class Packer:
    """Packs contents of one connector, in the open transaction; makes a dictionary where it helps.

    Args:
        connection: The open transaction.
        connector_key: Whose contents.
    """

    def __init__(self, connection: Connection, connector_key: str) -> None:
        self._connection = connection
        self._key = connector_key
        row = connection.execute(
            select(dictionaries.c.id, dictionaries.c.content)
            .where(dictionaries.c.connector_key == connector_key)
            .order_by(dictionaries.c.id.desc())
            .limit(1)
        ).first()
        self.number: int | None = row.id if row else None
        self._dictionary: bytes = row.content if row else b""

    def packed(self, contents: Sequence[bytes]) -> list[bytes]:
        """Return the contents compressed with the dictionary `number`."""
        if not contents:
            return []
        self._renew(contents)
        return compressed(contents, self._dictionary)

    def _renew(self, contents: Sequence[bytes]) -> None:
        """Make a dictionary of these contents, if there is none, or if it is much better."""
        made = dictionary_of(contents)
        if self.number is not None:
            step = max(1, len(contents) // _TRIED)
            tried = contents[::step]
            now = sum(map(len, compressed(tried, self._dictionary)))
            then = sum(map(len, compressed(tried, made)))
            # A few contents are always packed well by a dictionary of themselves.
            if len(contents) < 2 * _TRIED or then > now * (1 - _WORTH_IT):
                return
        self._dictionary = made
        self.number = self._connection.execute(
            insert(dictionaries)
            .values(connector_key=self._key, content=made, made_at=datetime.now(UTC))
            .returning(dictionaries.c.id)
        ).scalar_one()


class Unpacker:
    """Unpacks contents; a dictionary is read once.

    Args:
        connection: A transaction that reads.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[int, bytes] = {}

    def learn(self, numbers: Iterable[int]) -> None:
        """Read dictionaries, so that what they packed can be unpacked after the transaction."""
        for number in set(numbers):
            self._dictionary(number)

    def unpacked(self, content: bytes, number: int) -> bytes:
        """Return what `Packer.packed` was given."""
        return inflated(content, self._dictionary(number))

    def _dictionary(self, number: int) -> bytes:
        if number not in self._known:
            self._known[number] = self._connection.execute(
                select(dictionaries.c.content).where(dictionaries.c.id == number)
            ).scalar_one()
        return self._known[number]


def compressed(contents: Iterable[bytes], dictionary: bytes) -> list[bytes]:
    """Return contents compressed by zlib with a preset dictionary."""
    # To learn a dictionary takes zlib four times as long as to compress an item with it.
    prepared = zlib.compressobj(_LEVEL, zdict=dictionary)
    made = []
    for content in contents:
        stream = prepared.copy()
        made.append(stream.compress(content) + stream.flush())
    return made


def dictionary_of(contents: Sequence[bytes]) -> bytes:
    """Return some of the contents, from all over them, as many as zlib looks back into."""
    room, picked = _WINDOW, []
    step = max(1, len(contents) // 12)
    for content in contents[::step]:
        picked.append(content[:room])
        room -= len(content)
        if room <= 0:
            break
    return b"".join(picked)
