"""The output of a command: what cannot be written is one sentence, a reader that has seen enough is none."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from amazon_product_types.messages import Catalogue

#: Why what a command prints cannot be written.
_UNWRITABLE = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO))


@contextmanager
def guarded_output(messages: Callable[[], Catalogue]) -> Iterator[None]:
    """Carry out a command that prints; end it with exit code 1 if its output cannot be written.

    Args:
        messages: Returns the language in which to say so.
    """
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        _discard_output()
        sys.exit(1)
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        _discard_output()
        with suppress(OSError):
            sys.stderr.write(messages().phrase("file.output_failed", reason=error.strerror) + "\n")
        sys.exit(1)


def _discard_output() -> None:
    """Send what is still to be written nowhere: the interpreter writes it at its end, and would complain."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
