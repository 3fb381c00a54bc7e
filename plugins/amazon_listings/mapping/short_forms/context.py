"""What a short form must know of the place it maps to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from amazon_listings.mapping.faults import InvalidLine
from amazon_listings.messages import message

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from amazon_listings.mapping.values.notation import SourceNotation
    from amazon_listings.marketplaces import Marketplace
    from amazon_listings.messages import Message
    from amazon_product_types.fields import Field

#: What a short form stands for: paths of the definition, each with its value.
Placed = list[tuple[str, Any]]

_NUMBERED = re.compile(r"(.+)_(\d+)")


@dataclass(frozen=True)
class MarketplaceContext:
    """What a short form must know.

    Args:
        marketplace: Where to sell.
        fields: The fields of the definition by path.
        notation: How the source writes numbers and dates.
    """

    marketplace: Marketplace
    fields: Mapping[str, Field]
    notation: SourceNotation

    def numbered(self, base: str) -> list[str]:
        """Return the media paths `<base>_1.media_location`, … that the definition has, in order."""
        return self._numbered.get(base, [])

    @cached_property
    def _numbered(self) -> dict[str, list[str]]:
        """The media paths of each numbered family, in order."""
        found: dict[str, list[tuple[int, str]]] = {}
        for path, item in self.fields.items():
            match = _NUMBERED.fullmatch(item.attribute)
            if match and path.endswith(".media_location"):
                found.setdefault(match.group(1), []).append((int(match.group(2)), path))
        return {base: [path for _, path in sorted(slots)] for base, slots in found.items()}

    def same_but_numbered(self, paths: Sequence[str]) -> list[str]:
        """Return all paths of a numbered family, if `paths` are of one; else none."""
        bases = {
            match.group(1) if (match := _NUMBERED.fullmatch(path.partition(".")[0])) else path
            for path in paths
        }
        return self.numbered(bases.pop()) if len(bases) == 1 else []


def check_keys(entry: Mapping[str, Any], known: Iterable[str], what: Message | str) -> None:
    """Refuse an object value with a key that its short form does not have.

    Raises:
        InvalidLine: it has one.
    """
    for name in entry:
        if name not in known:
            raise InvalidLine(message("mapping.has_no_key", what=what, key=name), *known)
