"""Pictures of products, through our own route: the browser asks no other host.

A PIM's record may name any address, so the server asks public hosts only, and those that the settings name;
and any content, so pictures are decoded by a process that ends when it takes long (`shrinking`).
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from fastapi import APIRouter
from fastapi.responses import Response

from amazon_listings.airflow_adapter import connections
from amazon_listings.incoming.addresses import BadAddress, link
from amazon_listings.incoming.http_reader import Limits, NoAuth, NoReply, new_session, read
from amazon_listings.ledger.connectors.new import find_new_connector
from amazon_listings.ledger.items.states import StateFilter, find_states
from amazon_listings.runs.extract.field_names import texts_in
from amazon_listings.settings import airflow_home, settings
from amazon_listings.web.access import Reader
from amazon_listings.web.configured import DAG_PREFIX, keys_of
from amazon_listings.web.items import shrinking
from amazon_listings.web.shopper import Picture

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from amazon_listings.incoming.http_reader import Session

router = APIRouter()

#: What a picture may cost; a larger one is not shown. Amazon takes those of up to 10 MB.
LIMITS = Limits(sent=10 << 20, unpacked=10 << 20, seconds=8.0, connect=3.0, silence=4.0)
#: Redirects that are followed, seconds that a page waits, seconds for which a failure is believed.
REDIRECTS, PATIENCE, FAILED_FOR = 3, 10.0, 600.0
#: Seconds after which a picture is fetched again: PIMs change what stands at an address.
KEPT_FOR = 7 * 86400
#: Bytes of pictures that are kept, and failures that are remembered; they are counted at each so many.
MOST_KEPT, MOST_FAILED, COUNTED = 200 << 20, 10_000, 256
#: What pictures begin with, before anything decodes them.
_KINDS = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"GIF8", "image/gif"))
#: A transparent GIF of one pixel.
BLANK = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)

_FETCHING = ThreadPoolExecutor(4, thread_name_prefix="amazon-listings-pictures")
_LOCK = threading.Lock()
_FAILED: dict[str, float] = {}
_WRITTEN = itertools.count()


@router.get("/dags/{dag_id}/picture")
async def picture(dag_id: str, id: str, visitor: Reader, of: str = "") -> Response:  # noqa: A002 - the PIM's word
    """Return a picture of an item, its main one if none is named; blank where it cannot be fetched."""
    asked = asyncio.wrap_future(_FETCHING.submit(picture_of, dag_id, id, of))
    try:
        content = await asyncio.wait_for(asked, PATIENCE)
    except TimeoutError:
        content = b""
    kind = kind_of(content)
    return Response(
        content if kind else BLANK,
        media_type=kind or "image/gif",
        headers={"Cache-Control": f"private, max-age={86400 if kind else 300}"},
    )


def picture_of(dag_id: str, pim_id: str, name: str = "") -> bytes:
    """Return a picture of an item, by the name that `Picture` gives it, or the main one; empty if none."""
    url = _address(dag_id.removeprefix(DAG_PREFIX), pim_id, name)
    return kept_picture(url) if url else b""


def _address(connector_id: str, pim_id: str, name: str) -> str:
    """Return where an item's picture is: the one named, or sent, else the PIM's first; empty if none.

    One that is named is looked for among all that is kept of the item, so that only what the PIM or its
    connector names is fetched.
    """
    ledger = connections.ledger()
    key = keys_of(ledger).get(connector_id)
    wanted = StateFilter(pim_ids=[pim_id], removed=None)
    state = next(find_states(ledger, key, wanted), None) if key else None
    if state is not None:
        row, sent = state.row, state.attributes
    else:
        new = find_new_connector(ledger, connector_id)
        row, sent = next((row for row in new.items if row["pim_id"] == pim_id), None) if new else None, None
    if name:
        return next((text for text in texts_in([sent, row]) if Picture(text).name == name), "")
    return (state.picture if state is not None else None) or _first_of(row)


def _first_of(row: Mapping[str, Any] | None) -> str:
    records = [row["variant"], row["product"]] if row else []
    urls = [
        image["url"]
        for record in records
        if record
        for images in record["images"].values()
        for image in images
    ]
    return next(iter(urls), "")


def kept_picture(url: str) -> bytes:
    """Return a picture made small, from the disk where it is there; empty if it cannot be fetched."""
    folder = airflow_home() / "amazon_listings" / "pictures"
    name = hashlib.sha256(f"{shrinking.EDGE} {url}".encode("utf-8", "surrogatepass")).hexdigest()
    try:
        if time.time() - (folder / name).stat().st_mtime < KEPT_FOR:
            return (folder / name).read_bytes()
    except OSError:
        pass
    now = time.monotonic()
    with _LOCK:
        if _FAILED.get(name, 0.0) > now:
            return b""
    content = made_small(fetched(url))
    if not content:
        with _LOCK:
            if len(_FAILED) >= MOST_FAILED:
                _FAILED.clear()
            _FAILED[name] = now + FAILED_FOR
        return b""
    _keep(folder, name, content)
    return content


def fetched(url: str) -> bytes:
    """Return what an address answers; empty if it may not be asked, fails or is too large."""
    try:
        for _ in range(1 + REDIRECTS):
            named = _is_named(url)
            link(url, trusted=named)
            request = requests.Request("GET", url, headers={"Accept": "image/*"}, auth=NoAuth()).prepare()
            reply = read(_session(), request, LIMITS, public_only=not named)
            if reply.redirect is None:
                return reply.content if reply.ok else b""
            url = reply.redirect
    except (BadAddress, NoReply, requests.RequestException, ValueError):
        pass
    return b""


def made_small(content: bytes) -> bytes:
    """Return a picture as the pages show it; empty if it is none."""
    if not kind_of(content):
        return b""
    command = [sys.executable, "-I", shrinking.__file__]
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            command, input=content, capture_output=True, timeout=PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return b""
    return done.stdout if done.returncode == 0 else b""


def kind_of(content: bytes) -> str | None:
    """Return the media type of a picture by what it begins with; None if it is none that browsers show."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in _KINDS if content.startswith(start)), None)


def _is_named(url: str) -> bool:
    """Return whether the settings name the host of an address, so that it may lie in a private network.

    With a port or without: of this machine, one server may be meant and not the others.
    """
    hosts = {one.strip().lower() for one in settings().http_hosts.split(",")}
    parts = urlsplit(url)
    return not {parts.hostname or "", parts.netloc.lower()}.isdisjoint(hosts - {""})


@cache
def _session() -> Session:
    return new_session()


def _keep(folder: Path, name: str, content: bytes) -> None:
    """Keep a picture; those that were kept first go when there are too many."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f"{name}.{threading.get_ident()}"
        part.write_bytes(content)
        part.replace(folder / name)
        if next(_WRITTEN) % COUNTED == 0:
            _make_room(folder.iterdir())
    except OSError:
        return  # it is fetched again


def _make_room(files: Iterable[Path]) -> None:
    known = sorted(((one.stat().st_mtime, one.stat().st_size, one) for one in files), reverse=True)
    total = 0
    for _, size, one in known:
        total += size
        if total > MOST_KEPT:
            one.unlink(missing_ok=True)
