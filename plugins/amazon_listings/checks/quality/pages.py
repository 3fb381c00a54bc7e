"""Great Expectations' page (Data Docs) of a whole run, made of the results of its parts.

Great Expectations writes one page for each batch and puts the values found into it as markup. Here
the results of all parts are one page, and no value of a product can become markup or run.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any

from amazon_listings.checks.quality.columns import PIM_ID
from amazon_listings.checks.quality.engine import (
    DefaultJinjaPageView,
    ExpectationSuiteValidationResult,
    ExpectationValidationResult,
    ValidationResultsPageRenderer,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from amazon_listings.checks.quality.expectations import Expected

#: Values shown of each failed expectation; the run's report has every item.
SAMPLE = 20

#: Great Expectations escapes in some places and not in others, so the marks of HTML and of its own
#: templates travel as private-use characters, and become entities when the page is made.
_MARKS = {"<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;", "'": "&#39;", "$": "&#36;"}
_HIDDEN = {mark: chr(0xE000 + number) for number, mark in enumerate(_MARKS)}
_HIDE = str.maketrans(dict.fromkeys(_HIDDEN.values(), "\ufffd") | _HIDDEN)
_SHOW = str.maketrans({_HIDDEN[mark]: entity for mark, entity in _MARKS.items()})
#: The page loads and runs nothing: Great Expectations' scripts and styles are on other people's servers.
_LOADED = re.compile(r"<(script|style|footer)\b.*?</\1>|<link\b[^>]*>|<img\b[^>]*>", re.DOTALL)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem;
  color: #1c2430; }
h1 { font-size: 1.5rem; margin: 0 0 .3rem; } h2 { font-size: 1.2rem; } h5, h6 { font-size: 1rem; margin: 0; }
nav, .navbar, .sidebar, .ge-navigation-sidebar-container, .modal, footer, button, .sticky,
  #ge-cta-footer, .table-of-contents { display: none; }
table { border-collapse: collapse; width: 100%; margin: .6rem 0; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid #d8dee6; }
td, code, h5 { overflow-wrap: anywhere; }
.alert { background: #eef2f6; border-radius: .4rem; padding: .5rem .8rem; margin-top: 1.6rem; }
.badge { background: #e6ebf1; border-radius: .3rem; padding: 0 .4rem; }
.fa-check-circle::before { content: "✔"; color: #1b6e37; }
.fa-times::before { content: "✘"; color: #b3261e; }
.fa-exclamation-triangle::before { content: "!"; color: #8a5a00; } .collapse { display: block; }
"""


class Tally:
    """Adds up the results of one suite over the parts of an extract."""

    def __init__(self) -> None:
        self._counts: dict[int, Counter[str]] = {}
        self._samples: dict[int, dict[str, list[Any]]] = {}
        self._last: dict[int, Any] = {}

    def add(self, result: Any) -> None:
        """Count one expectation's result on one part."""
        number = result.expectation_config.meta["number"]
        counts = self._counts.setdefault(number, Counter())
        samples = self._samples.setdefault(number, {"values": [], "places": []})
        found = result.result
        counts["failed_parts"] += not result.success
        for name in ("element_count", "missing_count", "unexpected_count"):
            counts[name] += found.get(name) or 0
        for name, key in (("values", "unexpected_list"), ("places", "unexpected_index_list")):
            room = SAMPLE - len(samples[name])
            samples[name].extend(islice(found.get(key) or (), max(room, 0)))
        for key in ("unexpected_list", "unexpected_index_list", "unexpected_index_query", "unexpected_rows"):
            found.pop(key, None)
        self._last[number] = result

    def results(self) -> Iterable[tuple[int, Any]]:
        """Each expectation's number with its result over everything added."""
        for number, last in sorted(self._last.items()):
            counts, samples = self._counts[number], self._samples[number]
            yield (
                number,
                ExpectationValidationResult(
                    success=not counts["failed_parts"],
                    expectation_config=last.expectation_config,
                    exception_info=last.exception_info,
                    result=_hidden(_totals(counts, samples) if counts["element_count"] else last.result),
                ),
            )


def _totals(counts: Counter[str], samples: dict[str, list[Any]]) -> dict[str, Any]:
    all_, missing, wrong = (counts[f"{name}_count"] for name in ("element", "missing", "unexpected"))
    kinds = Counter(repr(value) for value in samples["values"])
    first = {repr(value): value for value in reversed(samples["values"])}
    return {
        "element_count": all_,
        "missing_count": missing,
        "missing_percent": 100 * missing / all_,
        "unexpected_count": wrong,
        "unexpected_percent": 100 * wrong / ((all_ - missing) or 1),
        "unexpected_percent_total": 100 * wrong / all_,
        "unexpected_percent_nonmissing": 100 * wrong / ((all_ - missing) or 1),
        "partial_unexpected_list": samples["values"],
        "partial_unexpected_counts": [
            {"value": first[kind], "count": count} for kind, count in kinds.most_common()
        ],
        "partial_unexpected_index_list": samples["places"],
        "unexpected_index_list": samples["places"],
        "unexpected_index_column_names": [PIM_ID],
    }


def write_page(tally: Tally, expectations: list[Expected], *, title: str, notes: Iterable[str]) -> str:
    """The page as HTML.

    Args:
        tally: The results.
        expectations: The suite's expectations, by number.
        title: Heading of the page.
        notes: Sentences below it: what was checked, and what failing means.
    """
    results = list(tally.results())
    for number, one in results:
        config = one.expectation_config
        config.kwargs.update(_hidden({k: v for k, v in config.kwargs.items() if k != "batch_id"}))
        config.description = _hidden(expectations[number].title or config.description)
        config.notes = _hidden(config.notes)
        config.meta = {}
    met = sum(bool(one.success) for _, one in results)
    result = ExpectationSuiteValidationResult(
        success=met == len(results),
        results=[one for _, one in results],
        suite_name=_hidden(title),
        statistics={
            "evaluated_expectations": len(results),
            "successful_expectations": met,
            "unsuccessful_expectations": len(results) - met,
            "success_percent": 100 * met / len(results) if results else 100.0,
        },
        meta={},
    )
    page: str = DefaultJinjaPageView().render(
        ValidationResultsPageRenderer(run_info_at_end=True).render(result)
    )
    page = _LOADED.sub("", page)
    head = (
        f'<meta http-equiv="Content-Security-Policy" content="{html.escape(_POLICY)}">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style>"
    )
    heading = "".join(f"<p>{html.escape(note)}</p>" for note in notes)
    page = page.replace("<head>", f"<head>{head}", 1)
    page = page.replace("<body>", f"<body><header><h1>{html.escape(title)}</h1>{heading}</header>", 1)
    return page.translate(_SHOW)


def _hidden(value: Any) -> Any:
    """The value with every text in it harmless, whatever the template does with it."""
    if isinstance(value, str):
        return value.translate(_HIDE)
    if isinstance(value, dict):
        return {_hidden(name): _hidden(content) for name, content in value.items()}
    if isinstance(value, list | tuple | set):
        return [_hidden(content) for content in value]
    return value
