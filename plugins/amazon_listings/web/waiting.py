"""Wait for Amazon or the PIM no longer than a person waits for a page."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from typing import TYPE_CHECKING, Generic, TypeVar, cast

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


class TookLong(RetryableError):
    """Amazon or the PIM has not answered yet."""


class Asked(Generic[T]):
    """A call that goes on in the background since it was asked for.

    Args:
        call: The call.
    """

    def __init__(self, call: Callable[[], T]) -> None:
        self.at = time.monotonic()
        self._future: Future[T] = _ASKING.submit(call)

    def answer(self, seconds: float) -> T:
        """Return what the call returns, if it does so in time.

        Raises:
            TookLong: it did not.
            AmazonListingsError: what the call raises.
        """
        try:
            return self._future.result(timeout=max(0.0, seconds))
        except Exception as error:
            if isinstance(error, TookTooLong) and not self._future.done():
                raise TookLong("web.took_long", seconds=round(time.monotonic() - self.at)) from None
            _forget(self)
            raise


_KEPT: dict[Hashable, Asked[object]] = {}


def _forget(failed: Asked[T]) -> None:
    """Take a failure out of what is kept, so that the next who asks tries again."""
    with _LOCK:
        for key in [key for key, one in _KEPT.items() if one is failed]:
            del _KEPT[key]


def within(call: Callable[[], T], seconds: float = PATIENCE) -> T:
    """Return what a call returns, if it does so in time; a late answer is thrown away.

    Raises:
        TookLong: it did not.
        AmazonListingsError: what the call raises.
    """
    return Asked(call).answer(seconds)


def begun(key: Hashable, call: Callable[[], T]) -> Asked[T]:
    """Return the call that was begun before under a key, or begin it; a failure is told once."""
    now = time.monotonic()
    with _LOCK:
        for old in [name for name, one in _KEPT.items() if one.at < now - KEPT_FOR]:
            del _KEPT[old]
        while len(_KEPT) >= _MOST:
            del _KEPT[next(iter(_KEPT))]
        if key not in _KEPT:
            _KEPT[key] = Asked(call)
        return cast("Asked[T]", _KEPT[key])  # what this key's call returns


def kept(key: Hashable, call: Callable[[], T], seconds: float = PATIENCE) -> T:
    """Return what a call returned before under this key, or call it; a late answer is there the next time.

    Raises:
        TookLong: it has not returned yet.
        AmazonListingsError: what the call raises.
    """
    return begun(key, call).answer(seconds)
