"""Documents behind pre-signed links: read and written without token, bounded, addresses never shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import requests
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from amazon_listings.selling_partner.answers import is_success, no_answer
from amazon_listings.selling_partner.client import TRIES
from amazon_listings.selling_partner.exceptions import (
    DocumentDamaged,
    LinkExpired,
    SellingPartnerError,
    Unavailable,
)
from amazon_listings.selling_partner.faults import RETRY_LATER

if TYPE_CHECKING:
    from collections.abc import Callable

    from amazon_listings.selling_partner.client import SellingPartner

Result = TypeVar("Result")

_CHUNK = 1 << 16


def download(client: SellingPartner, url: str, *, most: int) -> bytes:
    """The content behind a pre-signed link; a `Content-Encoding` is undone.

    Args:
        client: For its connections, time-outs and waits.
        url: The link.
        most: Bytes above which it is refused.

    Raises:
        LinkExpired: the link is past its time.
        DocumentDamaged: cut off, or larger than `most`.
        Unavailable: no answer, or a fault of the storage, after several tries.
    """
    return _tries(client)(_get, client, url, most)


def upload(client: SellingPartner, url: str, content: bytes, content_type: str) -> None:
    """Put content behind a pre-signed link; the type must be the one the link was asked for.

    Raises:
        LinkExpired: the link is past its time.
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
        stop=stop_after_attempt(TRIES),
        wait=wait_exponential_jitter(initial=1, max=20),
        retry=retry_if_exception_type((Unavailable, DocumentDamaged)),
        sleep=client.sleep,
        reraise=True,
    )


def _get(client: SellingPartner, url: str, most: int) -> bytes:
    content = bytearray()
    try:
        with client.session().get(url, timeout=client.timeout, stream=True) as response:
            _check(response, url)
            for chunk in response.iter_content(_CHUNK):
                content += chunk
                if len(content) > most:
                    raise DocumentDamaged(
                        "amazon.document_too_large",
                        host=_host(url),
                        most=most,
                    )
    except requests.exceptions.ChunkedEncodingError:
        raise DocumentDamaged("amazon.document_cut_off", retry_after=RETRY_LATER, host=_host(url)) from None
    except requests.RequestException as error:
        raise _unavailable(url, no_answer(error)) from None
    return bytes(content)


def _put(client: SellingPartner, url: str, content: bytes, content_type: str) -> None:
    try:
        response = client.session().put(
            url, data=content, headers={"Content-Type": content_type}, timeout=client.timeout
        )
    except requests.RequestException as error:
        raise _unavailable(url, no_answer(error)) from None
    _check(response, url)


def _check(response: requests.Response, url: str) -> None:
    if is_success(response):
        return
    if response.status_code in {400, 403, 404, 410}:
        error: SellingPartnerError = LinkExpired(
            "amazon.document_link_expired",
            host=_host(url),
            status_code=response.status_code,
            retry_after=1.0,
        )
    else:
        error = _unavailable(url, str(response.status_code))
    error.status = response.status_code
    raise error


def _unavailable(url: str, said: str) -> Unavailable:
    return Unavailable(
        "amazon.document_not_delivered",
        host=_host(url),
        said=said,
        retry_after=RETRY_LATER,
    )


def _host(url: str) -> str:
    return urlsplit(url).hostname or "an unnamed host"
