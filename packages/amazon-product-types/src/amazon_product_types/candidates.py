"""What a mapping key names, or could have named."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from amazon_product_types.errors import ProductTypeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amazon_product_types.fields import Field

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

    def __init__(self, key: str, candidates: Sequence[Candidate], reason: str = "") -> None:
        super().__init__(reason or f"No Amazon field is called {key!r}.", hint=_did_you_mean(candidates))
        self.key = key
        self.candidates = tuple(candidates)


class OutsideRequirements(UnknownField):
    """A mapping key for a field of the product type that the connector's requirements leave out."""

    def __init__(self, key: str, requirements: str, found: Candidate) -> None:
        super().__init__(key, (), f"{found.chain} ({found.path}) is not part of {requirements}.")
        self.instead = (
            "Remove the line, or set `requirements: LISTING`, which offers facts and terms of sale."
        )
        self.candidates = (found,)


class AmbiguousField(ProductTypeError):
    """A mapping key that names several fields. `key` and `candidates` say which."""

    def __init__(self, key: str, candidates: Sequence[Candidate], reason: str = "") -> None:
        super().__init__(
            f"{len(candidates)} Amazon fields are called {key!r}" + (f": {reason}." if reason else "."),
            hint="Write one of: " + _listed(candidates),
        )
        self.key = key
        self.candidates = tuple(candidates)


def _did_you_mean(candidates: Sequence[Candidate]) -> str:
    if not candidates:
        return "See `amazon-listings fields` for the fields of this product type."
    return "Did you mean: " + _listed(candidates)


def _listed(candidates: Sequence[Candidate]) -> str:
    more = len(candidates) - _SHOWN
    return "".join(f"\n  - {item}" for item in candidates[:_SHOWN]) + (
        f"\n  and {more} more" if more > 0 else ""
    )
