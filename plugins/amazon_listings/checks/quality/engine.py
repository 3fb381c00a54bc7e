"""Great Expectations, imported without its noise: the one place of this package that imports it.

Its import writes hundreds of log lines about its own set-up and shows its dependencies'
deprecations; a task log is no place for either, because its readers cannot act on them.
Half of its time goes into libraries that a few expectations and stores need; they are imported when
one of these uses them. A seventh of it goes into collecting garbage, of which an import makes none.
"""

from __future__ import annotations

import logging
import warnings

from amazon_listings.checks.quality.postponed import postponed
from amazon_listings.runs.heap import collections_off

logging.getLogger("great_expectations").setLevel(logging.WARNING)
with collections_off(), warnings.catch_warnings(), postponed("scipy.stats", "altair", "boto3"):
    warnings.simplefilter("ignore")
    import great_expectations as gx
    from great_expectations.checkpoint import UpdateDataDocsAction
    from great_expectations.core.run_identifier import RunIdentifier
    from great_expectations.expectations.expectation import (
        ColumnMapExpectation,
        ColumnPairMapExpectation,
        Expectation,
        MulticolumnMapExpectation,
    )
    from great_expectations.expectations.registry import (
        get_expectation_impl,
        list_registered_expectation_implementations,
    )
    from great_expectations.render.renderer import ValidationResultsPageRenderer
    from great_expectations.render.view import DefaultJinjaIndexPageView, DefaultJinjaPageView

__all__ = [
    "ColumnMapExpectation",
    "ColumnPairMapExpectation",
    "DefaultJinjaIndexPageView",
    "DefaultJinjaPageView",
    "Expectation",
    "MulticolumnMapExpectation",
    "RunIdentifier",
    "UpdateDataDocsAction",
    "ValidationResultsPageRenderer",
    "get_expectation_impl",
    "gx",
    "list_registered_expectation_implementations",
]
