"""Wait for Amazon or the PIM no longer than a person waits for a page."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from typing import TYPE_CHECKING, TypeVar, cast

from amazon_listings.errors import RetryableError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

T = TypeVar("T")

#: Seconds that a page waits, and for which an answer is kept.
PATIENCE, KEPT_FOR = 10.0, 600.0
#: Answers that are kept.
_MOST = 32
_ASKING = ThreadPoolExecutor(4, thread_name_prefix="amazon-listings-asking")
_LOCK = threading.Lock()
_KEPT: dict[Hashable, tuple[float, Future[object]]] = {}


class TookLong(RetryableError):
    """Amazon or the PIM has not answered yet."""


def within(call: Callable[[], T], seconds: float = PATIENCE) -> T:
    """Return what a call returns, if it does so in time; a late answer is thrown away.

    Raises:
        TookLong: it did not.
        AmazonListingsError: what the call raises.
    """
    return _result(_ASKING.submit(call), seconds)


def kept(key: Hashable, call: Callable[[], T], seconds: float = PATIENCE) -> T:
    """Return what a call returned before under this key, or call it; a late answer is there the next time.

    Raises:
        TookLong: it has not returned yet.
        AmazonListingsError: what the call raises.
    """
    now = time.monotonic()
    with _LOCK:
        for old in [name for name, (asked, _) in _KEPT.items() if asked < now - KEPT_FOR]:
            del _KEPT[old]
        while len(_KEPT) >= _MOST:
            del _KEPT[next(iter(_KEPT))]
        if key not in _KEPT:
            _KEPT[key] = (now, _ASKING.submit(call))
        future = _KEPT[key][1]
    try:
        return cast("T", _result(future, seconds))  # what this key's call returns
    except TookLong:
        raise
    except Exception:
        with _LOCK:
            _KEPT.pop(key, None)
        raise


def _result(future: Future[T], seconds: float) -> T:
    try:
        return future.result(timeout=seconds)
    except TookTooLong:
        if future.done():
            raise
        raise TookLong("web.took_long", seconds=round(seconds)) from None
