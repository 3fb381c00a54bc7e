"""The port that every source of products goes through: what it is asked for, and what it may ask for.

A source is an object with the attributes and methods of `Source`. Those of other distributions are
found by the entry point group `amazon_listings.sources`; docs/sources.md shows how to write one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from amazon_listings.sources.errors import UnusableSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from amazon_listings.item import Record
    from amazon_listings.messages import Message
    from amazon_listings.sources.reading import Reading
    from amazon_listings.sources.selection import Selection
    from amazon_listings.sources.settings import SourceSettings
    from amazon_listings.sources.staging import StagingStore

#: Rows of one related table, by language.
Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Abilities:
    """What a source can do; what it cannot is not asked of it, or is worked around.

    Args:
        changes: It can be asked for what changed since a moment. Without it every run reads everything.
        named: It can be asked for products by their identities (`Selection.families`). Without it a run that
            has to read some products again reads everything.
        deletions: It reports what was deleted. Without it, deletions are seen by absence in a full reading.
        languages: It knows its languages, and refuses one that it does not have.
        tables: It has related tables of its own. Without it, a connector's related tables are files.
        all_fields: Where its `fields()` tells any, it tells every field that a record may have. Without it, a
            field that it does not tell may be there.
    """

    changes: bool = False
    named: bool = False
    deletions: bool = False
    languages: bool = False
    tables: bool = False
    all_fields: bool = False


@dataclass(frozen=True)
class ConnectionFields:
    """The fields of an Airflow connection, as plain values."""

    connection_id: str
    host: str = ""
    port: int | None = None
    schema: str = ""
    login: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class ConnectionType:
    """A type of Airflow connection that a source brings with it.

    Args:
        name: The type, as `conn_type` has it.
        title: What the form's list of types calls it.
        check: Tries the connection; returns what was found, as a message of this distribution or as one
            sentence.
        behaviour: `ui-field-behaviour` of Airflow's provider description.
        fields: `conn-fields` of Airflow's provider description.
    """

    name: str
    title: str
    check: Callable[[ConnectionFields], Message | str]
    behaviour: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FieldDescription:
    """A field as the PIM describes it.

    Args:
        name: The field.
        titles: Its titles, in the languages that the PIM tells.
        type: The PIM's type.
        values: A few of its values, where they are at hand and the PIM has no types.
    """

    name: str
    titles: tuple[str, ...] = ()
    type: str | None = None
    values: tuple[Any, ...] = ()


class Access(Protocol):
    """What a source may ask of the place it runs in."""

    def connection(self, connection_id: str, expected: str) -> ConnectionFields:
        """Return the fields of the Airflow connection of that id and type.

        Raises:
            ActionRequiredError: there is none, or it is of another type.
        """

    def path(self, address: str, connection_id: str | None) -> Any:
        """Return a local path or a storage's address as something with pathlib's methods."""

    def conceal(self, *secrets: str) -> None:
        """Keep these texts out of logs."""


class OpenedSource(Protocol):
    """A source with its settings and credentials; nothing is asked of the PIM before a method needs it."""

    def fill(self, store: StagingStore, selection: Selection, reading: Reading) -> Iterator[Record] | None:
        """Put the records that are selected into the store, and set the reading's attributes.

        Products and variants are put as they come; the port joins them to items when all are there.

        Returns:
            Products that are wanted and have no variants, where a source knows that of a product when it
            reads it: they become items at once. None: the store has everything.

        Raises:
            RetryableError, ActionRequiredError: the PIM could not be read, also while iterating.
        """

    def check(self) -> Message | str:
        """Ask for a little, and return what was found as one sentence.

        Raises:
            RetryableError, ActionRequiredError: it does not work; the message names what to correct.
        """

    def fields(self) -> Iterable[FieldDescription]:
        """Return what the PIM says about its fields; nothing if it says nothing."""
        return ()

    def tables(self, wanted: Mapping[str, str], languages: Sequence[str]) -> dict[str, Rows]:  # noqa: ARG002 - for those that override it
        """Return the rows of related tables, by name and language.

        Args:
            wanted: What the PIM calls each table, by the connector's name of it.
            languages: The PIM's languages; a text without one is in all of them.

        Raises:
            RetryableError, ActionRequiredError: one is missing, or cannot be read.
        """
        raise UnusableSource(
            "sources.source_no_tables_own",
            values=wanted.values(),
        )


class Source(Protocol):
    """A kind of PIM that connectors may take their products from.

    Attributes:
        name: The block of a connector document that configures it; small letters, digits and _.
        title: What people call it.
        summary: What it is, after "products from".
        settings_schema: JSON Schema of its own settings: `title`, `description`, `properties`, `required`.
            The settings that every source has (`languages`, `sku` …) are added to them.
        abilities: What it can do.
        connection: The type of Airflow connection that it brings, or None.
    """

    name: str
    title: str
    summary: str
    settings_schema: Mapping[str, Any]
    abilities: Abilities
    connection: ConnectionType | None

    def open(self, settings: SourceSettings, access: Access) -> OpenedSource:
        """Open the source for one connector.

        Raises:
            ActionRequiredError: the connection is missing or incomplete.
        """
