"""The renderer of the Data Docs site: Great Expectations' own, with the values found escaped.

Great Expectations 1.24 escapes what a page says about an expectation, but not the table
of values found, nor the name of a column in its list of contents.
"""

from __future__ import annotations

import copy
import html
from typing import Any

from amazon_listings.checks.quality.engine import ValidationResultsPageRenderer


class EscapingResultsRenderer(ValidationResultsPageRenderer):
    """Renders results whose values cannot become markup."""

    def render(self, validation_results: Any, *arguments: Any, **named: Any) -> Any:
        """Return the page's content.

        Args:
            validation_results: The results of a suite; or a list of them.
            arguments: Passed on.
            named: Passed on.
        """
        escaped = copy.deepcopy(validation_results)
        for results in escaped if isinstance(escaped, list) else [escaped]:
            for one in results.results:
                one.result = _escaped(one.result)
                named_columns = one.expectation_config.kwargs
                for key in named_columns:
                    if key.startswith("column") and isinstance(named_columns[key], str):
                        named_columns[key] = html.escape(named_columns[key], quote=False)
        return super().render(escaped, *arguments, **named)


def _escaped(value: object) -> Any:
    """Return the value with every text in it escaped."""
    if isinstance(value, str):
        return html.escape(value)
    if isinstance(value, dict):
        return {html.escape(str(name), quote=False): _escaped(content) for name, content in value.items()}
    if isinstance(value, list | tuple | set):
        return [_escaped(content) for content in value]
    return value
