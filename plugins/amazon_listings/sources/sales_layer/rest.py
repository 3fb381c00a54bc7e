"""Reading through the REST API 2.0: the raw catalogue, filtered by us.

Products and variants are read one after the other (`$expand=Variants` gives only their number)
and joined on the store. Variants are read in every status, so that a product whose variants are
all invisible is told from one without variants.

A reading of changes asks for the products and the variants changed within the dates, in every
status: what left the wanted statuses is reported as removed. Then every family touched is read
whole: its product by id, all its variants by their product.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from amazon_listings.messages import log_line, message
from amazon_listings.sources.errors import (
    NotThere,
    UnexpectedAnswer,
    UnusableRecord,
    UnusableRow,
    UnusableSource,
)
from amazon_listings.sources.record import identifier, shown
from amazon_listings.sources.sales_layer.rest_metadata import Resource, describe
from amazon_listings.sources.sales_layer.rest_queries import any_of, change_filter, rows, status_filter
from amazon_listings.sources.sales_layer.rest_records import is_by_language, languages_in, rest_record
from amazon_listings.sources.sales_layer.tags import carries_tag
from amazon_listings.sources.selection import ALL, Selection, parse_moment, plain_language, utc

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amazon_listings.item import Record
    from amazon_listings.sources.reading import Reading
    from amazon_listings.sources.sales_layer.transport import Transport
    from amazon_listings.sources.staging import StagingStore

log = logging.getLogger(__name__)

OVERLAP = timedelta(hours=2)  # longer than any change to summer time and back
WIDEST_ZONE = timedelta(hours=14)  # no zone is further from UTC
TOLERANCE = timedelta(minutes=15)  # clocks that are only wrong
LONGEST_SELECT = 2000  # characters of `$select`: an address stays under 5,000
BATCH = 40  # ids in one filter: an address stays under 2,000 characters
WHOLE = 2000  # families touched from which reading every variant costs fewer calls


def fill(store: StagingStore, transport: Transport, selection: Selection, reading: Reading) -> None:
    """Read what is selected into the store, and set the reading's `cursor` and `full`.

    Raises:
        RetryableError, ActionRequiredError: see `rows`; a language or status that the account does not have.
    """
    catalogue = Catalogue(transport, store, selection, reading)
    reading.opened = catalogue.opened.isoformat()
    if selection.incremental and (not selection.by_date or catalogue.knows_changes()):
        reading.full = False
        catalogue.read_changes()
    else:
        catalogue.read_everything()
    reading.cursor = catalogue.watermark().isoformat()
    if reading.kept:
        codes = sorted({code for code in reading.kept.values() if code})
        reading.notices.append(message("pim.status_unclear", count=len(reading.kept), codes=codes))
    if ahead := catalogue.ahead():
        reading.notices.append(message("pim.dates_ahead", minutes=ahead))


class Catalogue:
    """An account's products and variants on their way to the store.

    Opening it asks for both resources' metadata; `opened` is the PIM's clock then.
    """

    def __init__(
        self, transport: Transport, store: StagingStore, selection: Selection, reading: Reading
    ) -> None:
        self._transport, self._store, self._selection, self._reading = transport, store, selection, reading
        self._all_languages_at_once = False
        self._latest: datetime | None = None
        self._furthest: datetime | None = None
        self.opened, self.products = self._open("Products")
        self.variants: Resource | None = None
        try:
            self.variants = self._open("Variants")[1]
        except NotThere:
            log.info("%s", log_line("log.sales_layer_no_variants"))
        self.link = self._link()
        self._check()
        reading.fields = self.products.properties.union(self.variants.properties if self.variants else ())
        self._needed = self._needed_fields()

    def _open(self, name: str) -> tuple[datetime, Resource]:
        connection = self._transport.connection
        answer = self._transport.get(
            lambda: f"{connection.url}/{name}/$metadata", headers={"X-API-KEY": connection.api_key.strip()}
        )
        moment = answer.date or datetime.fromtimestamp(self._transport.clock.now(), UTC)
        return moment, describe(answer.body, name)

    def _link(self) -> str:
        """Return the field by which variants name their product: its id, else its reference."""
        if self.variants is None:
            return self.products.identifier
        for field in (self.products.identifier, self.products.reference):
            if field in self.variants.properties:
                return field
        raise UnexpectedAnswer("sales_layer.sales_layer_metadata_does")

    def _check(self) -> None:
        if self.products.status is None and ALL not in self._selection.statuses:
            raise UnusableSource(
                "sales_layer.sales_layer_metadata_names",
            )
        known = {plain_language(code): code for code in self._cultures()}
        for wanted in self._selection.languages:
            if known and plain_language(wanted) not in known:
                raise UnusableSource(
                    "sales_layer.sales_layer_account_no",
                    wanted=wanted,
                    known=sorted(known),
                )

    def _cultures(self) -> tuple[str, ...]:
        both = (*self.products.cultures, *(self.variants.cultures if self.variants else ()))
        return tuple(dict.fromkeys(both))

    def watermark(self) -> datetime:
        """Return the moment from which the next reading asks for changes, in the spelling of the PIM's dates.

        Dates name no zone, and nothing says in which zone the PIM writes them. So it comes from the dates
        themselves: the latest that was seen, less an overlap longer than a change of the clock. A date that
        lies after the PIM's own answer, by its zone or by mistake, does not count.
        """
        if self._latest is not None:
            return max(self._latest - OVERLAP, utc(self._selection.changed_since) or self._latest - OVERLAP)
        return utc(self._selection.changed_since) or self.opened - WIDEST_ZONE - OVERLAP

    def ahead(self) -> int:
        """Return by how many minutes the PIM's dates are ahead of its answers; 0 if that is within bounds."""
        if self._furthest is None or self._furthest - self.opened <= TOLERANCE:
            return 0
        return round((self._furthest - self.opened).total_seconds() / 60)

    def _note_date(self, text: str | None) -> None:
        moment = parse_moment(text)
        if moment is None:
            return
        if moment <= self.opened:
            self._latest = max(self._latest or moment, moment)
        elif moment <= self.opened + WIDEST_ZONE:
            self._furthest = max(self._furthest or moment, moment)

    def knows_changes(self) -> bool:
        """True if both resources have a date of change; else only everything can be read."""
        known = bool(self.products.modified and (self.variants is None or self.variants.modified))
        if not known:
            log.warning("%s", log_line("log.sales_layer_no_date"))
        return known

    def read_everything(self) -> None:
        """Read all products of the wanted statuses, all variants."""
        self._read(self.products, status_filter(self.products, self._selection))
        if self.variants:
            self._read(self.variants, "")
            self._read_missing_parents()

    def read_changes(self) -> None:
        """Read every family with a product or variant changed within the dates, and those that are named."""
        for name in (self.products, self.variants) if self._selection.by_date else ():
            if name is not None:
                self._read(name, change_filter(name, self._selection), changes=True)
        self._read_named(sorted(self._selection.named))
        if self.variants is None:
            return
        self._read_missing_parents()
        self._store.forget_variants()
        touched = [key for key in self._store.touched() if self._store.is_shown(key)]
        if len(touched) > WHOLE:
            self._read(self.variants, "", only=set(touched))
        else:
            self._read_where(self.variants, touched)

    def _read_named(self, ids: list[str]) -> None:
        """Products by their ids, whatever their status: one that is not wanted any more has left."""
        field, numbered = self.products.identifier, self.products.numbered
        for start in range(0, len(ids), BATCH):
            some = ids[start : start + BATCH]
            values = [int(one) if numbered and one.isdecimal() else one for one in some]
            self._read(self.products, any_of(field, values), changes=True)

    def _read_missing_parents(self) -> None:
        """Products that variants name and no answer held: not wanted by status, or not there."""
        self._read_where(self.products, list(self._store.parents_missing()))

    def _read_where(self, resource: Resource, keys: list[str]) -> None:
        for start in range(0, len(keys), BATCH):
            values = [self._store.link_value(key) for key in keys[start : start + BATCH]]
            self._read(resource, any_of(self.link, values))

    def _read(
        self, resource: Resource, condition: str, *, changes: bool = False, only: set[str] | None = None
    ) -> None:
        for row, language, again in self._rows(resource, condition):
            try:
                record = rest_record(row, resource, self._selection, language)
                value = row.get(self.link)
                key = identifier(value) or ""
            except UnusableRow as error:
                self._reading.problems.append(
                    UnusableRecord(
                        "sales_layer.record_sales_layer_cannot",
                        sku=_named(row, resource),
                        resource=resource.name,
                        reason=error,
                    )
                )
                continue
            self._note_date(record["modified"])
            if only is not None and key not in only:
                continue
            table = "products" if resource is self.products else "variants"
            if again:
                self._store.add_texts(table, key if table == "products" else record["id"], record["texts"])
                continue
            self._store.note_link(key, value)
            self._put(table, key, record, changes=changes)

    def _put(self, table: str, key: str, record: Record, *, changes: bool) -> None:
        resource = self.products if table == "products" else self.variants
        # without a status of its own a variant has its product's
        wanted = not (resource and resource.status) or self._selection.takes(record["status"])
        if table == "products":
            wanted = wanted and carries_tag(record, self._selection.tags)
            self._store.put_product(key, record, shown=wanted)
        else:
            self._store.put_variant(key, record, shown=wanted)
        kept = (
            resource is not None
            and not resource.is_clear(record["status"])
            and not self._selection.takes(record["status"])
        )
        if kept:
            self._reading.kept[f"{table}/{record['id']}"] = record["status"]
        if changes:
            self._store.touch(key)
            if not wanted and not kept:
                self._store.note_removed(f"{table}/{record['id']}")

    def _rows(self, resource: Resource, condition: str) -> Iterator[tuple[Any, str | None, bool]]:
        """Rows, the language they were asked for in, and whether they only bring more texts.

        An answer is in one language, that of `Accept-Language`, unless it shows more at once;
        so each further language costs a query of the ids and the multi-language fields.
        """
        spelling = {plain_language(code): code for code in self._cultures()}
        wanted = [spelling.get(plain_language(each), each) for each in self._selection.languages]
        first = wanted[0] if wanted else None
        options = {"filter": condition, "select": self._select(resource)}
        name = resource.identifier
        for row in rows(self._transport, resource.name, options, language=first, identifier=name):
            self._all_languages_at_once |= _shows_languages(row, resource)
            yield row, first, False
        texts = self._texts(resource)
        if self._all_languages_at_once or not texts:
            return
        options["select"] = ",".join(dict.fromkeys([*self._roles(resource), *sorted(texts)]))
        for language in wanted[1:]:
            for row in rows(self._transport, resource.name, options, language=language, identifier=name):
                yield row, language, True

    def _needed_fields(self) -> frozenset[str] | None:
        """Return the fields to ask for; None: all of them.

        A needed field that the metadata does not name may be there all the same, so then too
        everything is asked for: it is found, or it does not exist.
        """
        needed, known = self._selection.fields, self._reading.fields
        if not needed or not known.issuperset(needed) or len(",".join(needed)) > LONGEST_SELECT:
            return None
        return known.intersection((*needed, *self._selection.fields_if_any))

    def _texts(self, resource: Resource) -> frozenset[str]:
        return resource.texts if self._needed is None else resource.texts & self._needed

    def _roles(self, resource: Resource) -> list[str]:
        names = (resource.identifier, resource.reference, resource.status, resource.modified, self.link)
        return [
            name for name in names if name and (name in resource.properties or name == resource.identifier)
        ]

    def _select(self, resource: Resource) -> str:
        """Only the fields needed, if they are known and the metadata names the id."""
        if self._needed is None or resource.identifier not in resource.properties:
            return ""
        wanted = sorted(self._needed & resource.properties)
        if self._selection.tags:
            wanted += [name for name in sorted(resource.properties) if name.lower().endswith("tags")]
        return ",".join(dict.fromkeys([*self._roles(resource), *wanted]))


def _named(row: object, resource: Resource) -> str:
    """Return what a row that cannot be read may be known by."""
    if not isinstance(row, dict):
        return ""
    return shown(row.get(resource.reference)) or shown(row.get(resource.identifier))


def _shows_languages(row: object, resource: Resource) -> bool:
    return isinstance(row, dict) and any(
        languages_in(value) > 1
        for name, value in row.items()
        if name in resource.texts or (name not in resource.properties and is_by_language(value, resource))
    )
