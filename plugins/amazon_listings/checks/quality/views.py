"""The views of the Data Docs site: Great Expectations' own, which compile a template once.

Great Expectations makes an environment of Jinja for every build of the site, which compiled all fifty
templates each time: half of the time that the check of a small extract took.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import BytecodeCache

from amazon_listings.checks.quality.engine import DefaultJinjaIndexPageView, DefaultJinjaPageView

if TYPE_CHECKING:
    from types import CodeType

    from jinja2.bccache import Bucket


class _Compiled(BytecodeCache):
    """What was compiled in this process, by template and source."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._known.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._known[bucket.key, bucket.checksum] = bucket.code


_COMPILED = _Compiled()


class ResultsPageView(DefaultJinjaPageView):  # type: ignore[misc]  # its base has no types
    """The page of a result."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.env.bytecode_cache = _COMPILED


class IndexPageView(DefaultJinjaIndexPageView):  # type: ignore[misc]  # its base has no types
    """The list of all results."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.env.bytecode_cache = _COMPILED
