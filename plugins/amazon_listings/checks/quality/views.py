"""The views of the Data Docs site: Great Expectations' own, which compile a template once.

Great Expectations makes an environment of Jinja for every build of the site, which compiles all of its
templates each time: a quarter of the time that the check of a small extract takes.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import jinja2
from jinja2 import FileSystemBytecodeCache

from amazon_listings.checks.quality.engine import DefaultJinjaIndexPageView, DefaultJinjaPageView

if TYPE_CHECKING:
    from jinja2.bccache import Bucket


class CompiledTemplates(FileSystemBytecodeCache):
    """Compiled templates, by template and source, in a folder that only this user can write to.

    Each task is a process of its own, so they are kept on disk, in the folder that Jinja makes for a user.
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


class ResultsPageView(DefaultJinjaPageView):  # type: ignore[misc]  # its base has no types
    """The page of a result."""

    def __init__(self, *arguments: Any, **named: object) -> None:
        super().__init__(*arguments, **named)
        self.env.bytecode_cache = compiled_templates()


class IndexPageView(DefaultJinjaIndexPageView):  # type: ignore[misc]  # its base has no types
    """The list of all results."""

    def __init__(self, *arguments: Any, **named: object) -> None:
        super().__init__(*arguments, **named)
        self.env.bytecode_cache = compiled_templates()
