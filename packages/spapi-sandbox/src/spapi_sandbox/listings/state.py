"""What submissions and views of listings ask of the sandbox's state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from spapi_sandbox.clock import Clock
    from spapi_sandbox.definitions.library import DefinitionLibrary
    from spapi_sandbox.listings.patches import Readings
    from spapi_sandbox.listings.store import ListingStore


class ListingsState(Protocol):
    """The part of `state.SandboxState` that listings are made from."""

    clock: Clock
    library: DefinitionLibrary
    listings: ListingStore
    refused_values: dict[str, frozenset[str]]
    read_delay: float
    asin_delay: float

    @property
    def readings(self) -> Readings:
        """How patches are read where Amazon does not say."""

    def submission_id(self) -> str:
        """Return a `submissionId`."""

    def label(self, product_type: str, marketplace_id: str, attribute: str, language: str) -> str:
        """Return an attribute's name in a language."""
