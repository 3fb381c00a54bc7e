"""Proof that pages lead to an end: each brings something new, and there are not more than any account has."""

from __future__ import annotations

import hashlib
import json

from amazon_listings.sources.errors import UnexpectedAnswer

#: Pages of one answer: a million products, a hundred a page.
MOST_PAGES = 20_000
#: Pages in a row that may bring nothing new: a page may be empty, or be sent twice while people edit.
MOST_IDLE = 3


class Progress:
    """The pages of one answer so far."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()
        self._pages = 0
        self._idle = 0

    def page(self, rows: object) -> None:
        """Note a page after which another is to be asked for.

        Raises:
            UnexpectedAnswer: the pages do not end.
        """
        self._pages += 1
        content = hashlib.blake2b(json.dumps(rows, sort_keys=True).encode(), digest_size=16).digest()
        self._idle = self._idle + 1 if not rows or content in self._seen else 0
        self._seen.add(content)
        if self._idle > MOST_IDLE or self._pages > MOST_PAGES:
            raise UnexpectedAnswer("sales_layer.pages_never_end", count=self._pages)
