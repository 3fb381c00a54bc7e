"""Name what a mapping key means, or could have meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from amazon_product_types.errors import ProductTypeError
from amazon_product_types.messages import message
from amazon_product_types.messages.facts import pieces

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amazon_product_types.fields import Field
    from amazon_product_types.messages import Message
    from amazon_product_types.messages.facts import Listed

#: More candidates than this are counted instead of listed.
_SHOWN = 8


class Target(NamedTuple):
    """What a mapping key names.

    `path` is the place: a leaf (`kind` "leaf") or a node with several leaves ("composite").
    `field` is the leaf that a plain value goes to, None where that is not obvious; `fields` are
    all leaves at or below `path`, which an object value may fill by name. `renamed_to` is what the
    place is called now, where the key is a label that Amazon has since changed.
    """

    path: str
    kind: str
    field: Field | None
    fields: tuple[Field, ...]
    renamed_to: str | None = None


class Candidate(NamedTuple):
    """A field that may have been meant: its chain of labels, its path, its help."""

    chain: str
    path: str
    help: str

    def __str__(self) -> str:
        return f"{self.chain} ({self.path})" + (f": {self.help}" if self.help else "")


class UnknownField(ProductTypeError):
    """A mapping key that names no field. `key` and `candidates` (nearest first) say more."""

    def __init__(
        self, key: str, candidates: Sequence[Candidate], code: str = "field.unknown", **facts: str
    ) -> None:
        super().__init__(code, hint=_did_you_mean(candidates), key=key, **facts)
        self.key = key
        self.candidates = tuple(candidates)


class OutsideRequirements(UnknownField):
    """A mapping key for a field of the product type that the connector's requirements leave out."""

    def __init__(self, key: str, requirements: str, found: Candidate) -> None:
        facts = {"chain": found.chain, "path": found.path, "requirements": requirements}
        super().__init__(key, (), "field.outside_requirements", **facts)
        self.instead = None
        self.candidates = (found,)


class AmbiguousField(ProductTypeError):
    """A mapping key that names several fields. `key` and `candidates` say which."""

    def __init__(self, key: str, candidates: Sequence[Candidate], code: str = "field.ambiguous") -> None:
        super().__init__(
            code,
            hint=message("field.write_one_of", fields=_listed(candidates)),
            key=key,
            count=len(candidates),
        )
        self.key = key
        self.candidates = tuple(candidates)


def _listed(candidates: Sequence[Candidate]) -> Listed:
    """Return fields, one a line; of many, the first."""
    lines: list[object] = [f"\n  - {item}" for item in candidates[:_SHOWN]]
    more = len(candidates) - _SHOWN
    return pieces([*lines, "\n  ", message("field.more", count=more)] if more > 0 else lines)


def _did_you_mean(candidates: Sequence[Candidate]) -> Message:
    if not candidates:
        return message("field.see_list")
    return message("field.did_you_mean", fields=_listed(candidates))
