"""Regular expressions, by RE2: matching takes time in proportion to the text, whatever the pattern.

RE2 (through pyarrow, which Airflow's stack brings) has no back-references and no look-around;
that is the price of not letting one product's text stop a worker.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from amazon_listings.mapping.formulas.limits import TooLarge, check_text, shown

_MOST_PATTERN = 500


def regex_replace(value: object, pattern: str, new: str) -> str:
    r"""Every match of `pattern` becomes `new`; `\1` is the first group."""
    text = shown(value)
    check_text(len(text) * (1 + len(new)) if len(new) > 1 and len(text) > 1000 else len(text))  # noqa: PLR2004
    result = _compute().replace_substring_regex(text, pattern=_pattern(pattern), replacement=new).as_py()
    check_text(len(result))
    return str(result)


def regex_search(value: object, pattern: str) -> str | None:
    """The first match of `pattern`, or of its first group if it has one; empty where nothing matches."""
    has_group = "(" in pattern.replace(r"\(", "").replace("(?:", "")
    wanted = pattern if has_group else f"({pattern})"
    named = _pattern(wanted.replace("(", "(?P<found>", 1) if not wanted.startswith("(?P<") else wanted)
    found = _compute().extract_regex(shown(value), pattern=named).as_py()
    return next(iter(found.values()), None) if found else None


def regex_split(value: object, pattern: str) -> list[str]:
    """`SPLIT` with `REGEX`: the parts between matches, trimmed, without empty ones."""
    parts = _compute().split_pattern_regex(shown(value), pattern=_pattern(pattern)).as_py()
    return [part.strip() for part in parts if part.strip()]


def matches(value: object, pattern: str) -> bool:
    """Whether `pattern` matches somewhere in the text."""
    return bool(_compute().match_substring_regex(shown(value), pattern=_pattern(pattern)).as_py())


def _pattern(pattern: str) -> str:
    if len(pattern) > _MOST_PATTERN:
        raise TooLarge("expression.long_pattern", most=_MOST_PATTERN)
    return pattern


@cache
def _compute() -> Any:
    """`pyarrow.compute`, imported when a mapping first uses a pattern: it takes a tenth of a second."""
    import pyarrow as pa  # noqa: PLC0415 - slow to import
    from pyarrow import compute  # noqa: PLC0415 - slow to import

    class _OnText:
        def __getattr__(self, name: str) -> Any:
            function = getattr(compute, name)
            return lambda text, **options: function(pa.scalar(text), **options)

    return _OnText()


FILTERS = {"regex_replace": regex_replace, "regex_search": regex_search, "regex_split": regex_split}
TESTS = {"matches": matches}
