"""The views of the Data Docs site: Great Expectations' own, which compile a template once.

Great Expectations makes an environment of Jinja for every build of the site, which compiles all of its
templates each time: a quarter of the time that the check of a small extract takes.
"""

from __future__ import annotations

from typing import Any

from amazon_listings.checks.quality.engine import DefaultJinjaIndexPageView, DefaultJinjaPageView
from amazon_listings.runs.compiled_templates import compiled_templates


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
