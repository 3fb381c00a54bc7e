"""Queries of the REST API 2.0 and the pages that answer them.

OData's syntax as Sales Layer documents it ("Filter", "Pagination strategies"): strings in single
quotes, a quote in them doubled; at most 100 records a page.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from amazon_listings.messages import log_line
from amazon_listings.sources.errors import UnexpectedAnswer
from amazon_listings.sources.sales_layer.progress import Progress
from amazon_listings.sources.sales_layer.rest_metadata import STATUSES, Resource
from amazon_listings.sources.selection import ALL, Selection, utc

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from amazon_listings.sources.sales_layer.transport import JsonObject, Transport

log = logging.getLogger(__name__)

PAGE = 100
#: How often a query is asked again because records moved between its pages.
MOST_PASSES = 3


def literal(value: object) -> str:
    """Return a value in a filter: numbers bare, everything else quoted."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


def any_of(field: str, values: Iterable[object]) -> str:
    """Return a filter that is true for records whose field has one of the values."""
    return " or ".join(f"{field} eq {literal(value)}" for value in values)


def both(*filters: str) -> str:
    """Return a filter that is true where all are; empty ones do not count."""
    given = [each for each in filters if each]
    return given[0] if len(given) == 1 else " and ".join(f"({each})" for each in given)


def status_filter(resource: Resource, selection: Selection) -> str:
    """Return the filter for the statuses wanted; empty if all are, or if the account has no status.

    It finds the statuses without a known meaning as well: what has one must not count as gone.
    """
    if ALL in selection.statuses or resource.status is None:
        return ""
    letters = {word: letter for letter, word in STATUSES.items()}
    wanted = [letters.get(word, word) for word in selection.statuses]
    return any_of(resource.status, dict.fromkeys((*wanted, *resource.unclear_codes)))


def change_filter(resource: Resource, selection: Selection) -> str:
    """Return the filter for records changed within the selection's dates; empty without dates."""
    since, until = utc(selection.changed_since), utc(selection.changed_until)
    return both(
        f"{resource.modified} ge {literal(_moment(since))}" if since else "",
        f"{resource.modified} lt {literal(_moment(until))}" if until else "",
    )


def _moment(moment: datetime) -> str:
    """Sales Layer's own spelling, to the second and without a zone: `2023-11-23T13:35:59`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def rows(
    transport: Transport,
    resource: str,
    options: Mapping[str, str],
    *,
    language: str | None = None,
    identifier: str | None = None,
) -> Iterator[Any]:
    """Yield every record that a query finds, page by page.

    Of a link to the next page only the query is used, on the resource's own address: the API's
    links have been seen to name an internal host. If a page names no next one, but the API's own
    count says that there are more records, they are asked for all the same.

    A record may move to a page that was read already, while people edit: then another comes twice, or the
    count changes. Then the query is asked again until nothing new comes, and records come more than once.

    Args:
        transport: The account to ask.
        resource: What is asked for: `Products`.
        options: The query's options, without `$`.
        language: The language to ask for.
        identifier: The field that tells records apart; None: what moves is not noticed.

    Raises:
        RetryableError, ActionRequiredError: a page cannot be had; never a silent end.
    """
    known: set[str] = set()
    for _ in range(MOST_PASSES):
        once = _Pass(known, identifier)
        yield from _pages(transport, resource, options, language, once)
        if not once.moved:
            return
    log.warning("%s", log_line("log.sales_layer_moving", resource=resource))


class _Pass:
    """One pass over a query's pages, with what says that records moved meanwhile."""

    def __init__(self, known: set[str], identifier: str | None) -> None:
        self._known, self._identifier = known, identifier
        self._first, self._before = not known, len(known)
        self._named = 0
        self._counts: set[int] = set()
        self._seen: set[str] = set()

    def page(self, page: list[Any], count: int) -> None:
        """Note the records of a page, and the count that it names."""
        self._counts.add(count)
        if self._identifier is None:
            return
        for row in page:
            value = row.get(self._identifier) if isinstance(row, dict) else None
            if isinstance(value, str | int):
                self._named += 1
                self._seen.add(str(value))

    @property
    def moved(self) -> bool:
        """True if another pass may bring what this one missed."""
        odd = self._named > len(self._seen) or (len(self._counts) > 1 and self._identifier is not None)
        self._known |= self._seen
        return odd if self._first else odd and len(self._known) > self._before


def _pages(
    transport: Transport, resource: str, options: Mapping[str, str], language: str | None, once: _Pass
) -> Iterator[object]:
    seen: set[str] = set()
    progress = Progress()
    received = 0
    query = _encode({"$top": str(PAGE), **_given(options)})
    while True:
        if query in seen:
            raise UnexpectedAnswer("sales_layer.sales_layer_pages_lead", resource=resource)
        seen.add(query)
        body = ask(transport, f"{resource}?{query}", language=language)
        page = body.get("value")
        if not isinstance(page, list):
            raise UnexpectedAnswer("sales_layer.sales_layer_page_no_2", resource=resource)
        once.page(page, _count(body))
        yield from page
        received += len(page)
        following = _next_query(body, resource)
        if following is None and received < _count(body):
            following = _encode({"$top": str(PAGE), "$skip": str(received), **_given(options)})
            if following in seen:
                return  # asked, and there was nothing: the count counts more than the query finds
        if following is None:
            return
        progress.page(page)
        query = following


def ask(transport: Transport, path: str, *, language: str | None = None) -> JsonObject:
    """Return one answer of the REST API."""
    headers = {"X-API-KEY": transport.connection.api_key.strip()}
    if language:
        headers["Accept-Language"] = language
    return transport.get(lambda: f"{transport.connection.url}/{path}", headers=headers).body


def _given(options: Mapping[str, str]) -> dict[str, str]:
    return {f"${name}": value for name, value in options.items() if value}


def _encode(parameters: Mapping[str, str]) -> str:
    return urlencode(parameters, quote_via=quote, safe="$,'()")


def _next_query(body: JsonObject, resource: str) -> str | None:
    link = body.get("@nextLink")
    if isinstance(link, dict):
        link = link.get("uri")
    if not link:
        return None
    query = urlsplit(link).query if isinstance(link, str) else ""
    if not query:
        raise UnexpectedAnswer("sales_layer.sales_layer_page_names", resource=resource)
    return query


def _count(body: JsonObject) -> int:
    count = body.get("@count")
    return count if isinstance(count, int) and not isinstance(count, bool) else 0
