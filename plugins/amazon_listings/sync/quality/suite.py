"""Great Expectations, set up for one run: nothing on disk but its pages, no telemetry, no progress bars."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

# Before the import: it logs hundreds of lines about its own set-up.
logging.getLogger("great_expectations").setLevel(logging.WARNING)

import great_expectations as gx  # noqa: E402
import pandas as pd  # noqa: E402
from great_expectations.data_context.types.base import (  # noqa: E402
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.expectations.expectation import (  # noqa: E402
    ColumnMapExpectation,
    ColumnPairMapExpectation,
    MulticolumnMapExpectation,
)
from great_expectations.expectations.registry import (  # noqa: E402
    get_expectation_impl,
    list_registered_expectation_implementations,
)

from amazon_listings.errors import PersonMustAct  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from amazon_listings.sync.quality.expectations import Expected

_MAPS = (ColumnMapExpectation, ColumnPairMapExpectation, MulticolumnMapExpectation)


class UnknownExpectation(PersonMustAct):
    """A connector names an expectation that Great Expectations does not have, or misuses one."""


def concerns_items(expected: Expected) -> bool:
    """Whether a failure can be pinned to single items.

    Raises:
        UnknownExpectation: Great Expectations has none of this name.
    """
    return not expected.whole and issubclass(_implementation(expected.type), _MAPS)


class Suite:
    """Expectations to be checked on one batch of rows after another.

    Args:
        name: Name of the suite in the pages.
        expectations: The expectations; their order is kept.
        pages: Folder for Data Docs.

    Raises:
        UnknownExpectation: an expectation does not exist or has wrong arguments.
    """

    def __init__(self, name: str, expectations: Sequence[Expected], pages: Path) -> None:
        self._expectations = expectations
        self._context = gx.get_context(
            mode="ephemeral",
            project_config=DataContextConfig(
                store_backend_defaults=InMemoryStoreBackendDefaults(),
                analytics_enabled=False,
                progress_bars=ProgressBarsConfig(globally=False, metric_calculations=False),
                data_docs_sites={
                    "run": {
                        "class_name": "SiteBuilder",
                        "store_backend": {
                            "class_name": "TupleFilesystemStoreBackend",
                            "base_directory": str(pages),
                        },
                        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
                    }
                },
            ),
        )
        suite = gx.ExpectationSuite(name)
        for number, expected in enumerate(expectations):
            suite.add_expectation(_build(expected, number))
        batch = (
            self._context.data_sources.add_pandas("extract")
            .add_dataframe_asset(name)
            .add_batch_definition_whole_dataframe("part")
        )
        self._definition = self._context.validation_definitions.add(
            gx.ValidationDefinition(name=name, data=batch, suite=self._context.suites.add(suite))
        )

    def check(self, rows: list[dict[str, Any]]) -> Iterator[tuple[Expected, list[tuple[str, Any]] | None]]:
        """The expectations that failed on these rows, each with (`pim_id`, value) of the rows at fault.

        None instead of rows: the expectation failed as a whole.

        Raises:
            UnknownExpectation: an expectation cannot be computed on these columns.
        """
        result = self._definition.run(
            batch_parameters={"dataframe": pd.DataFrame(rows)},
            result_format={
                "result_format": "COMPLETE",
                "unexpected_index_column_names": ["pim_id"],
                "include_unexpected_rows": False,
            },
        )
        for one in result.results:
            expected = self._expectations[one.expectation_config.meta["number"]]
            if one.exception_info and _raised(one.exception_info):
                raise UnknownExpectation(
                    f"The expectation {expected.type} of the connector's `quality` cannot be computed: "
                    f"{_raised(one.exception_info)}.",
                    hint=f"Its arguments are {dict(expected.kwargs)}.",
                )
            if one.success:
                continue
            faults = one.result.get("unexpected_index_list")
            if faults is None or expected.whole:
                yield expected, None
            else:
                yield expected, [(fault["pim_id"], _value(fault.get(expected.column))) for fault in faults]

    def write_pages(self) -> None:
        """Write Data Docs for everything checked so far."""
        self._context.build_data_docs()


def _implementation(type_: str) -> Any:
    known = list_registered_expectation_implementations()
    if type_ not in known:
        raise UnknownExpectation(
            f"Great Expectations has no expectation {type_!r}.",
            hint="Use one of its own names, such as expect_column_values_to_not_be_null.",
        )
    return get_expectation_impl(type_)


def _build(expected: Expected, number: int) -> Any:
    try:
        return _implementation(expected.type)(
            **expected.kwargs, meta={"number": number, "code": expected.code}
        )
    except ValueError as error:
        details = [
            f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in getattr(error, "errors", list)()
        ]
        raise UnknownExpectation(
            f"The expectation {expected.type} of the connector's `quality` has wrong arguments: "
            f"{'; '.join(details) or error}.",
            hint=f"They are {dict(expected.kwargs)}.",
        ) from None


def _value(value: Any) -> Any:
    """A value of a data frame as it was before: no NumPy type, no NaN for nothing."""
    if pd.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value


def _raised(info: dict[str, Any]) -> str:
    if "raised_exception" in info:
        return str(info["exception_message"]) if info["raised_exception"] else ""
    return next((str(one["exception_message"]) for one in info.values() if one.get("raised_exception")), "")
