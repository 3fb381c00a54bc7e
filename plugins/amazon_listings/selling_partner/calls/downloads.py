"""Documents behind pre-signed links: read and written without token, bounded, addresses never shown.

A link is followed only over HTTPS to the public internet; one that a sandbox on a trusted host hands out may
stay on trusted hosts. Of redirects three are followed, each under the same rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import requests
from tenacity import (
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_after_delay,
    wait_exponential_jitter,
)

from amazon_listings.incoming.addresses import BadAddress, endpoint, link
from amazon_listings.incoming.http_reader import Limits, NoReply, host_of, read
from amazon_listings.messages import message
from amazon_listings.selling_partner.calls.answers import no_answer
from amazon_listings.selling_partner.calls.client import TRIES
from amazon_listings.selling_partner.faults.exceptions import (
    DocumentDamaged,
    LinkExpired,
    LinkUnsafe,
    SellingPartnerError,
    Unavailable,
)
from amazon_listings.selling_partner.faults.refusals import RETRY_LATER

if TYPE_CHECKING:
    from collections.abc import Callable

    from amazon_listings.incoming.http_reader import Reply
    from amazon_listings.messages import Message
    from amazon_listings.selling_partner.calls.client import SellingPartner

Result = TypeVar("Result")

#: Redirects of a link that are followed; a storage sends a new bucket's visitors on once.
REDIRECTS = 3
#: What is told of a document that did not arrive as it was sent, by why there was no reply.
_DAMAGES = {"broken_off": "amazon.document_cut_off", "encoding": "amazon.document_packed"}
#: Seconds of one download or upload in all.
SECONDS = 300.0
#: Seconds after which no further try begins.
PATIENCE = 600.0


def download(client: SellingPartner, url: str, *, most: int) -> bytes:
    """Return the content behind a pre-signed link; a `Content-Encoding` is undone.

    Args:
        client: For its connections, time-outs and waits.
        url: The link.
        most: Bytes above which it is refused.

    Raises:
        LinkExpired: the link is past its time.
        LinkUnsafe: it leads where none of Amazon's does.
        DocumentDamaged: cut off, or larger than `most`.
        Unavailable: no answer, or a fault of the storage, after several tries.
    """
    return _tries(client)(_get, client, url, most)


def upload(client: SellingPartner, url: str, content: bytes, content_type: str) -> None:
    """Put content behind a pre-signed link; the type must be the one the link was asked for.

    Raises:
        LinkExpired: the link is past its time.
        LinkUnsafe: it leads where none of Amazon's does.
        Unavailable: no answer, or a fault of the storage, after several tries.
    """
    _tries(client)(_put, client, url, content, content_type)


def with_new_link(action: Callable[[], Result]) -> Result:
    """Do something that asks for a link and uses it; if it expired on the way, with a new one at once.

    Raises:
        LinkExpired: the new one had expired too.
    """
    again = Retrying(stop=stop_after_attempt(2), retry=retry_if_exception_type(LinkExpired), reraise=True)
    return again(action)


def _tries(client: SellingPartner) -> Retrying:
    return Retrying(
        stop=stop_after_attempt(TRIES) | stop_after_delay(PATIENCE),
        wait=wait_exponential_jitter(initial=1, max=20),
        retry=retry_if_exception_type((Unavailable, DocumentDamaged)),
        sleep=client.sleep,
        reraise=True,
    )


def _get(client: SellingPartner, url: str, most: int) -> bytes:
    limits = Limits(sent=most, unpacked=most, seconds=SECONDS)
    reply = _ask(client, requests.Request("GET", url), limits)
    for _ in range(REDIRECTS):
        following = reply.redirect
        if following is None:
            break
        reply = _ask(client, requests.Request("GET", following), limits)
    _check(reply)
    return reply.content


def _put(client: SellingPartner, url: str, content: bytes, content_type: str) -> None:
    limits = Limits(sent=1 << 20, unpacked=1 << 20, seconds=SECONDS)
    request = requests.Request("PUT", url, data=content, headers={"Content-Type": content_type})
    _check(_ask(client, request, limits))


def _ask(client: SellingPartner, request: requests.Request, limits: Limits) -> Reply:
    url = str(request.url)
    try:
        sandbox = endpoint(client.account.base_url).trusted
        public_only = not link(url, trusted=sandbox).trusted
        request.headers["Accept-Encoding"] = "gzip, deflate"
        with client.session() as session:
            return read(session, request.prepare(), limits, public_only=public_only)
    except BadAddress as error:
        raise _unsafe(url, error.reason) from None
    except NoReply as error:
        if error.why == "private":
            raise _unsafe(url, "private") from None
        if error.why == "too_large":
            raise DocumentDamaged(
                "amazon.document_too_large", host=error.host, most=limits.unpacked
            ) from None
        if error.why in _DAMAGES and error.sent:
            raise DocumentDamaged(_DAMAGES[error.why], retry_after=RETRY_LATER, host=error.host) from None
        raise _unavailable(url, no_answer(error)) from None


def _unsafe(url: str, reason: str) -> LinkUnsafe:
    return LinkUnsafe("amazon.document_link_unsafe", host=host_of(url), reason=message(f"address.{reason}"))


def _check(reply: Reply) -> None:
    if reply.ok:
        return
    if reply.status in {400, 403, 404, 410}:
        error: SellingPartnerError = LinkExpired(
            "amazon.document_link_expired",
            host=host_of(reply.url),
            status_code=reply.status,
            retry_after=1.0,
        )
    else:
        error = _unavailable(reply.url, str(reply.status))
    error.status = reply.status
    raise error


def _unavailable(url: str, said: str | Message) -> Unavailable:
    return Unavailable(
        "amazon.document_not_delivered",
        host=host_of(url),
        said=said,
        retry_after=RETRY_LATER,
    )
