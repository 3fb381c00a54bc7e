"""Which records of a PIM are wanted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

ALL = "all"


@dataclass(frozen=True)
class Selection:
    """What to read.

    Args:
        statuses: `visible`, `invisible`, `draft`, or `all`, which stands alone.
        languages: Languages to keep, as the PIM names them, the fallback language among them;
            empty: every language.
        changed_since: Only families with a change at or after this moment; None: everything.
        changed_until: Only families with a change before this moment (backfills); REST API and
            files only, the connector API knows no end and gives more.
        tags: Keep only products that carry one of these PIM tags; empty: all. A source that knows tags
            sets them from its own settings.
        fields: PIM fields that are needed; empty: every field. REST API only (`$select`).
        fields_if_any: PIM fields that are read as well where the account has them.
        families: Identities of products (`products/99`) that are read with all their variants: beside the
            changes if changes are asked for, else nothing but these. None: none is named.
    """

    statuses: tuple[str, ...] = ("visible",)
    languages: tuple[str, ...] = ()
    changed_since: datetime | None = None
    changed_until: datetime | None = None
    tags: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    fields_if_any: tuple[str, ...] = ()
    families: frozenset[str] | None = None

    def takes(self, status: str) -> bool:
        """True if an item of this status (`visible` …) is wanted."""
        return ALL in self.statuses or status in self.statuses

    def needs(self, field: str | None) -> bool:
        """True if a field is needed."""
        return not self.fields or field in self.fields or field in self.fields_if_any

    @property
    def by_date(self) -> bool:
        """True if changes are wanted."""
        return self.changed_since is not None or self.changed_until is not None

    @property
    def incremental(self) -> bool:
        """True if only changes or named products are wanted."""
        return self.by_date or self.families is not None

    @property
    def named(self) -> frozenset[str]:
        """The ids of the products that are named, without `products/`."""
        return frozenset(one.removeprefix("products/") for one in self.families or ())

    def within(self, modified: datetime | None) -> bool:
        """True if a change at this moment is wanted; a record without a date always is."""
        if modified is None:
            return True
        since, until = utc(self.changed_since), utc(self.changed_until)
        return (since is None or modified >= since) and (until is None or modified < until)

    def language(self, code: str) -> str | None:
        """Return the wanted language that a PIM's code stands for, spelt as it was asked for, or None.

        `en-us`, `en_US` and `en-US` are one language; `en` and `en-us` are two.
        """
        if not self.languages:
            return code
        plain = plain_language(code)
        return next((wanted for wanted in self.languages if plain_language(wanted) == plain), None)


def plain_language(code: str) -> str:
    """Return a language code in one spelling: `en_US` and `en-us` give `en-us`."""
    return code.strip().replace("_", "-").lower()


def utc(moment: datetime | None) -> datetime | None:
    """Return the moment in UTC; one without a zone is taken as UTC."""
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def parse_moment(text: object) -> datetime | None:
    """Return a PIM's date (`2023-11-23T13:35:59`, a space instead of T, with or without zone), or None."""
    if not isinstance(text, str):
        return None
    try:
        return utc(datetime.fromisoformat(text.strip()))
    except ValueError:
        return None
