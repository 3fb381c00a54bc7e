"""What templates of Jinja compile to, kept between processes: each task is a process of its own."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import jinja2
from jinja2 import FileSystemBytecodeCache

if TYPE_CHECKING:
    from jinja2.bccache import Bucket


class CompiledTemplates(FileSystemBytecodeCache):
    """Compiled templates, by template and source, in a folder that only this user can write to.

    It is the one that Jinja makes for a user.
    """

    def __init__(self, directory: str | None = None) -> None:
        """Open the folder.

        Args:
            directory: Another folder than Jinja's.

        Raises:
            OSError, RuntimeError: there is no folder that only this user can write to.
        """
        super().__init__(directory, pattern=f"{jinja2.__version__}-%s.cache")

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a compiled template; where that is impossible it is compiled again next time.

        Args:
            bucket: The template.
        """
        with suppress(OSError):
            super().dump_bytecode(bucket)


def compiled_templates() -> CompiledTemplates | None:
    """Open the compiled templates of this user; None if this machine has no safe folder for them."""
    try:
        return CompiledTemplates()
    except (OSError, RuntimeError):
        return None
