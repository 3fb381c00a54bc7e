"""Errors of the storage that keeps runs and definitions, in sentences that say what happens next."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING

from amazon_listings.errors import ActionRequiredError, RetryableError
from amazon_listings.messages import message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
_FORBIDDEN = frozenset((errno.EACCES, errno.EPERM, errno.EROFS))
#: What the libraries under an object storage path raise besides OSError, by their package.
_STORAGE_LIBRARIES = frozenset(("aiobotocore", "aiohttp", "boto3", "botocore", "fsspec", "s3fs"))


class StorageFull(ActionRequiredError):
    """The storage of the run's files has no room left."""


class StorageRefused(ActionRequiredError):
    """The storage of the run's files may not be written or read."""


class StorageUnavailable(RetryableError):
    """The storage of the run's files does not answer."""


@contextmanager
def storage_explained(doing: str, path: Path) -> Iterator[None]:
    """Turn the storage's own errors into ours.

    Raises:
        StorageFull, StorageRefused, StorageUnavailable: instead of what the storage raised.
    """
    try:
        yield
    except OSError as error:
        raise storage_error(doing, path, error, error.errno) from error
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in _STORAGE_LIBRARIES:
            raise
        raise storage_error(doing, path, error, None) from error


def is_full(error: OSError) -> bool:
    """Return whether the storage has no room left."""
    return error.errno in _FULL


def storage_error(
    doing: str, path: Path, error: Exception, number: int | None
) -> ActionRequiredError | RetryableError:
    """Return our error for one of the storage's; `number` is that of the operating system, if it has one."""
    what = message(f"runs.storage.{doing}", path=path)
    if number in _FULL:
        return StorageFull("runs.storage_full", what=what)
    if number in _FORBIDDEN or isinstance(error, PermissionError):
        return StorageRefused("runs.storage_refused", what=what, reason=error)
    reason = str(error) or type(error).__name__
    return StorageUnavailable("runs.storage_unavailable", what=what, reason=reason)
