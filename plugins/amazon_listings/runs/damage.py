"""Files of a run that are not what its tasks wrote: each is one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_listings.errors import RunAbortedError
from amazon_product_types.messages.printable import cut

if TYPE_CHECKING:
    from pathlib import Path


#: Characters of what a damaged file says, inside a sentence.
LONGEST = 200


class RunFilesGone(RunAbortedError):
    """The files of a run are no longer where its earlier tasks left them."""

    def __init__(self) -> None:
        super().__init__("runs.files_gone")


class DamagedFile(RunAbortedError):
    """A file of a run is missing, damaged, cut off, empty or another run's.

    Args:
        code: What is wrong with it: a code `runs.file_…`.
        path: The file.
        task: The task that wrote it, or wrote it first.
        facts: What else the sentence says.
    """

    def __init__(self, code: str, path: Path, task: str, **facts: Any) -> None:
        said = {name: cut(fact, LONGEST) if isinstance(fact, str) else fact for name, fact in facts.items()}
        super().__init__(code, path=str(path), task=task, **said)


class OtherFormat(RunAbortedError):
    """The files of a run were written by another version of this software."""

    def __init__(self, path: Path, found: object, expected: int) -> None:
        super().__init__(
            "runs.other_format", path=str(path), found=cut(str(found), LONGEST), expected=expected
        )
