"""Pages of the connector API 1.18: a signed first request, then the links it hands out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from amazon_listings.sources.errors import ClockRefused, PimUnavailable, UnexpectedAnswer
from amazon_listings.sources.sales_layer.connector_errors import raise_for_code
from amazon_listings.sources.sales_layer.progress import Progress
from amazon_listings.sources.sales_layer.signature import signed_query

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from amazon_listings.sources.sales_layer.transport import Answer, JsonObject, Transport

#: What Sales Layer's own plugins ask for: categories grouped (one row a product), a changed
#: variant brings its siblings. `pagination` is the page size, roughly.
PARAMETERS = {"ver": "1.18", "group_category_id": "1", "same_parent_variants": "1", "pagination": "1000"}


def pages(transport: Transport, since: datetime | None) -> Generator[Answer]:
    """Yield every page of an answer, the first one with its schema.

    Args:
        transport: The account to ask.
        since: Only changes since then; None: everything.

    Raises:
        ClockRefused, CredentialsRefused, UnexpectedAnswer, UnsafeLink: a person must act.
        PimBusy, PimUnavailable: a page could not be had; never a silent end.
    """
    extra = {} if since is None else {"last_update": str(int(since.timestamp()))}
    answer = _first_page(transport, {**PARAMETERS, **extra})
    seen: set[str] = set()
    progress = Progress()
    promised = answer.body.get("page_count")
    while True:
        body = answer.body
        link = body.get("next_page")
        if not link and isinstance(promised, int) and len(seen) + 1 < promised and not _has_rows(body):
            raise PimUnavailable(
                "sales_layer.sales_layer_promised_pages", promised=promised, count=len(seen) + 1
            )
        yield answer
        if not link:
            return
        if not isinstance(link, str) or link in seen:
            raise UnexpectedAnswer("sales_layer.sales_layer_answer_names")
        seen.add(link)
        progress.page(body.get("data"))
        answer = _next_page(transport, transport.own(link))


def _first_page(transport: Transport, parameters: Mapping[str, str]) -> Answer:
    """Return the first page, signed with our clock; if that is refused, once more with the PIM's."""
    answer = _signed(transport, parameters, skew=0)
    try:
        raise_for_code(answer.body, transport.connection)
    except ClockRefused:
        if answer.date is None:
            raise
    else:
        return answer
    skew = round(answer.date.timestamp() - transport.clock.now())
    answer = _signed(transport, parameters, skew=skew)
    raise_for_code(answer.body, transport.connection)
    return answer


def _signed(transport: Transport, parameters: Mapping[str, str], *, skew: int) -> Answer:
    connection = transport.connection

    def address() -> str:
        query = signed_query(connection.code, connection.secret, time=int(transport.clock.now()) + skew)
        return f"{connection.url}?{urlencode({**query, **parameters})}"

    return transport.get(address, judge=lambda body: _judge(body, transport))


def _judge(body: JsonObject, transport: Transport) -> None:
    """Let busy answers be tried again; a refused clock is for `_first_page` to repair."""
    try:
        raise_for_code(body, transport.connection)
    except ClockRefused:
        return


def _next_page(transport: Transport, link: str) -> Answer:
    answer = transport.get(lambda: link, judge=lambda body: _judge(body, transport))
    expired = False
    try:
        raise_for_code(answer.body, transport.connection)
    except ClockRefused:
        expired = True
    if expired:
        raise PimUnavailable("sales_layer.link_sales_layer_next")
    return answer


def _has_rows(body: JsonObject) -> bool:
    data = body.get("data")
    return isinstance(data, dict) and any(data.values())


def clock_of(answer: Answer) -> datetime | None:
    """Return the PIM's clock when it made an answer, from `time` (seconds since 1970).

    One that is later than the answer itself does not count: a cursor in the future would lose edits.
    """
    try:
        moment = datetime.fromtimestamp(int(answer.body["time"]), UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return answer.date
    return min(moment, answer.date) if answer.date else moment


def media_waiting(body: Mapping[str, Any]) -> int:
    """Return how many images and files Sales Layer is still making, from an answer's `waiting`.

    Source: `{"images": {"total": n, "partial": n}, "files": n}` in the documentation of its PHP SDK, which
    does not say how `partial` counts; so the larger number stands.
    """
    waiting = body.get("waiting")
    if not isinstance(waiting, dict):
        return 0
    return sum(_most(each) for each in waiting.values())


def _most(count: object) -> int:
    if isinstance(count, dict):
        return max(map(_most, count.values()), default=0)
    if isinstance(count, str) and count.isascii() and count.isdigit():
        return int(count[:9])
    return max(count, 0) if isinstance(count, int) else 0
