"""Suites of Great Expectations: what is expected, checked by a checkpoint that keeps its results."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from amazon_listings.checks.columns import PIM_ID
from amazon_listings.checks.expectations import ACROSS_ROWS
from amazon_listings.checks.quality.engine import (
    ColumnMapExpectation,
    ColumnPairMapExpectation,
    Expectation,
    MulticolumnMapExpectation,
    RunIdentifier,
    UpdateDataDocsAction,
    get_expectation_impl,
    gx,
    list_registered_expectation_implementations,
)
from amazon_listings.checks.quality.project import SOURCE
from amazon_listings.errors import ActionRequiredError
from amazon_listings.messages import Joined, message
from amazon_product_types.matching import closest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from amazon_listings.checks.expectations import Expected
    from amazon_listings.messages import Message

_MAPS = (ColumnMapExpectation, ColumnPairMapExpectation, MulticolumnMapExpectation)
#: They ask for SQL, or for another table: an extract is neither.
_NEED_A_DATABASE = frozenset(
    (
        "expect_query_results_to_match_comparison",
        "expect_table_row_count_to_equal_other_table",
        "unexpected_rows_expectation",
    )
)
#: Arguments that every expectation has and that are never written into a connector.
_INNER = frozenset(
    ("id", "batch_id", "meta", "rendered_content", "windows", "catch_exceptions", "library_metadata")
)
LONGEST_FOUND = 200
#: Checks of parts of a batch until it is clear that it is not single rows that stop an expectation.
MOST_TRIES = 200
_RESULT_FORMAT = {
    "result_format": "COMPLETE",
    "unexpected_index_column_names": [PIM_ID],
    "include_unexpected_rows": False,
}


class UnknownExpectation(ActionRequiredError):
    """A connector names an expectation that Great Expectations does not have, or misuses one."""


def per_item(expected: Expected, place: str) -> bool:
    """Return whether a failure is pinned to single items (else it fails the run).

    Args:
        expected: An expectation.
        place: Where the connector asks for it, for messages.

    Raises:
        UnknownExpectation: there is none of this name, or it cannot be used at this level.
    """
    pinned = finds_rows(expected, place)
    partly = expected.kwargs.get("mostly", 1) != 1
    if expected.level == "row" and not pinned:
        raise UnknownExpectation(
            "quality.table_level",
            place=place,
            expected_type=expected.type,
        )
    if expected.level == "row" and partly:
        raise UnknownExpectation(
            "quality.mostly_by_row",
            place=place,
            expected_type=expected.type,
        )
    return pinned and not partly and expected.level != "table"


def finds_rows(expected: Expected, place: str) -> bool:
    """Return whether a result of an expectation names rows.

    Args:
        expected: An expectation.
        place: Where the connector asks for it, for messages.

    Raises:
        UnknownExpectation: there is none of this name.
    """
    return issubclass(_implementation(expected, place), _MAPS)


class Suite:
    """Expectations to be checked on one batch of rows after another, by a checkpoint of a project.

    Each check leaves its result in the project, and a page in its Data Docs.

    Args:
        project: The connector's project, as a context of Great Expectations.
        name: Name of the suite, its validation definition and its checkpoint.
        expectations: The expectations; their order is kept.
        place: Where the connector asks for further ones, for messages.
        asset: Name of the project's data asset that it is checked on; empty: as the suite.

    Raises:
        UnknownExpectation: an expectation has wrong arguments.
    """

    def __init__(
        self, project: Any, name: str, expectations: Sequence[Expected], place: str, *, asset: str = ""
    ) -> None:
        self.expectations = expectations
        self._place = place
        suite = gx.ExpectationSuite(name, expectations=list(_built(expectations, place)))
        self._batches = (
            project.data_sources.get(SOURCE).get_asset(asset or name).get_batch_definition(asset or name)
        )
        definition = gx.ValidationDefinition(
            name=name,
            data=self._batches,
            suite=project.suites.add_or_update(suite),
        )
        self._checkpoint = project.checkpoints.add_or_update(
            gx.Checkpoint(
                name=name,
                validation_definitions=[project.validation_definitions.add_or_update(definition)],
                actions=[UpdateDataDocsAction(name="data_docs")],
                result_format=_RESULT_FORMAT,
            )
        )

    def check(self, frame: pd.DataFrame, run_name: str) -> Iterator[tuple[Expected, Any]]:
        """Yield each expectation with Great Expectations' own result on these rows.

        A value that stops an expectation (a list where numbers are compared) is at fault with its row, and
        the others are checked without it.

        Args:
            frame: The rows.
            run_name: What the result is called in the project.

        Raises:
            UnknownExpectation: an expectation cannot be computed on these columns.
        """
        done = self._checkpoint.run(
            batch_parameters={"dataframe": frame}, run_id=RunIdentifier(run_name=run_name)
        )
        (result,) = done.run_results.values()
        for one in result.results:
            expected = self.expectations[one.expectation_config.meta["number"]]
            if said := _raised(one.exception_info or {}):
                halted = self._row_by_row(expected, frame) if self._pinned(expected) else None
                if halted is not None:
                    yield expected, halted
                    continue
                place = expected.suite or self._place
                raise UnknownExpectation(
                    "quality.not_computed",
                    place=place,
                    expected_type=expected.type,
                    named=_named(expected),
                    said=said,
                )
            yield expected, one

    def _pinned(self, expected: Expected) -> bool:
        """Return whether a failure of an expectation is one of single rows."""
        return finds_rows(expected, self._place) and expected.type not in ACROSS_ROWS

    def _row_by_row(self, expected: Expected, frame: pd.DataFrame) -> _Found | None:
        """Return the rows at fault where one of them stops the expectation; None if they all do."""
        found = _Found()
        parts, tries = [frame], 0
        while parts:
            part = parts.pop()
            tries += 1
            if tries > MOST_TRIES:
                return None
            built = _build(expected, 0, self._place)
            result = self._batches.get_batch(batch_parameters={"dataframe": part}).validate(
                built, result_format=_RESULT_FORMAT
            )
            if not _raised(result.exception_info or {}):
                found.computed = True
                found.rows.extend(result.result.get("unexpected_index_list") or ())
            elif len(part) == 1:
                found.rows.append({str(name): value for name, value in part.iloc[0].items()})
            else:
                parts += (part.iloc[len(part) // 2 :], part.iloc[: len(part) // 2])
        return found if found.computed else None


@dataclass
class _Found:
    """What was found row by row, as Great Expectations tells it."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    computed: bool = False
    success: bool = False

    @property
    def result(self) -> dict[str, Any]:
        return {"unexpected_index_list": self.rows}


def frame_of(names: Sequence[str], rows: Iterable[Sequence[Any]], *, inferred: bool) -> pd.DataFrame:
    """Return the rows as a data frame, each value as the PIM sent it.

    Args:
        names: Column names.
        rows: The rows, their values in that order.
        inferred: Whether columns get the type of their values, as statistics need it; else a column
            that lacks some values would turn its whole numbers into fractions.
    """
    columns: list[list[Any]] = [[] for _ in names]
    for row in rows:
        for column, value in zip(columns, row, strict=True):
            column.append(value)
    made = {name: pd.Series(column, dtype=object) for name, column in zip(names, columns, strict=True)}
    columns.clear()
    frame = pd.DataFrame(made)
    return frame.infer_objects() if inferred else frame


def faults(expected: Expected, result: Any) -> Iterator[tuple[str, Any]]:
    """Yield the items at fault in a result, by their PIM identity, each with the value found."""
    for fault in result.result.get("unexpected_index_list") or ():
        others = {name: _value(value) for name, value in fault.items() if name != PIM_ID}
        column = expected.column
        yield fault[PIM_ID], others.get(column) if column else others


def _value(value: object) -> Any:
    """Return a value of a data frame as it was before: no NumPy type, no NaN for nothing.

    Long text is cut.
    """
    if value is None or (isinstance(value, float) and value != value):  # noqa: PLR0124 - NaN is not itself
        return None
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, str) and len(value) > LONGEST_FOUND:
        return f"{value[: LONGEST_FOUND - 1]}…"
    return value


def _implementation(expected: Expected, place: str) -> Any:
    if expected.type not in list_registered_expectation_implementations():
        raise UnknownExpectation(
            "quality.unknown_expectation",
            place=place,
            expected_type=expected.type,
        )
    if expected.type in _NEED_A_DATABASE:
        raise UnknownExpectation(
            "quality.needs_database",
            place=place,
            expected_type=expected.type,
        )
    return get_expectation_impl(expected.type)


def _built(expectations: Sequence[Expected], place: str) -> Iterator[Expectation]:
    """Yield what is expected, once; a suite would leave twins out itself, by comparing each with all."""
    seen = set()
    for number, expected in enumerate(expectations):
        key = (expected.type, expected.title, repr(sorted(expected.kwargs.items())))
        if key not in seen:
            seen.add(key)
            yield _build(expected, number, place)


def _build(expected: Expected, number: int, place: str) -> Expectation:
    place = expected.suite or place
    kind = _implementation(expected, place)
    try:
        built: Expectation = kind(
            **({"description": expected.title} if expected.title else {}),
            **expected.kwargs,
            meta={"number": number},
        )
    except (ValueError, TypeError) as error:
        details = [_detail(one, kind) for one in getattr(error, "errors", list)()]
        raise UnknownExpectation(
            "quality.wrong_arguments",
            place=place,
            expected_type=expected.type,
            details=Joined(tuple(details)) if details else error,
        ) from None
    return built


def _detail(error: dict[str, Any], kind: Any) -> Message | str:
    """Return one complaint of pydantic in words."""
    name = ".".join(str(step) for step in error["loc"] if step != "__root__")
    if error["type"] == "value_error.extra":
        arguments = sorted(set(kind.__fields__) - _INNER)
        near = closest(name, arguments)
        if near:
            return message("quality.no_argument_but", name=name, near=near[0])
        return message("quality.no_argument", name=name, arguments=", ".join(arguments))
    if error["type"] == "value_error.missing":
        return message("quality.argument_missing", name=name)
    return f"{name}: {error['msg']}" if name else str(error["msg"])


def _named(expected: Expected) -> str:
    return ", ".join(f"“{name}”" for name in sorted(expected.columns)) or "the extract"


def _raised(info: dict[str, Any]) -> str:
    """Return what went wrong while an expectation was computed, on one line; empty if nothing did."""
    every = [info] if "raised_exception" in info else list(info.values())
    said = next((str(one["exception_message"]) for one in every if one.get("raised_exception")), "")
    return " ".join(said.split())[:300].rstrip(".")
