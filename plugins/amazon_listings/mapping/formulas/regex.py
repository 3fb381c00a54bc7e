"""Regular expressions, by RE2: matching takes time in proportion to the text, whatever the pattern.

RE2 (through pyarrow, which Airflow's stack brings) has no back-references and no look-around;
that is the price of not letting one product's text stop a worker.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

from amazon_listings.mapping.formulas.limits import TooLarge, check_text, shown

_MOST_PATTERN = 500
#: Costs of a pattern: of each use, a letter, "any character", a class of Unicode.
_USE, _LETTER, _ANY, _UNICODE = 200, 3, 50, 8000
_REPEATED = re.compile(r"(\)?)\{(\d{1,4})(?:,(\d{0,4}))?\}")
_ANYTHING = re.compile(r"\.|\[\^|\\[DWS]")
_CLASSES = re.compile(r"\\[pP]|\(\?\w*i")
#: Stands between parts; the last character of private use, which has no meaning.
_BORDER = "\U0010fffd"


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
    # The engine's own split never ends where a pattern matches no character (` *`, `\b`).
    text = shown(value).replace(_BORDER, " ")
    marked = _compute().replace_substring_regex(text, pattern=_pattern(pattern), replacement=_BORDER).as_py()
    return [part.strip() for part in marked.split(_BORDER) if part.strip()]


def matches(value: object, pattern: str) -> bool:
    """Return whether `pattern` matches somewhere in the text."""
    return bool(_compute().match_substring_regex(shown(value), pattern=_pattern(pattern)).as_py())


@lru_cache(512)
def cost(pattern: str) -> int:
    """Return what every use of a pattern costs beside the text, in characters that are read.

    A pattern is compiled for each use. A repetition with a number is so many copies of what it repeats; the
    other numbers are measured.
    """
    if len(pattern) > _MOST_PATTERN:
        return 0  # it is refused
    alone, group = 1, 1
    for of_group, least, most in _REPEATED.findall(pattern):
        number = int(most or least)
        alone, group = (alone, group + number) if of_group else (alone + number, group)
    wide = _UNICODE * len(_CLASSES.findall(pattern)) + _ANY * len(_ANYTHING.findall(pattern))
    return _USE + (_LETTER * len(pattern) + wide) * alone * group


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
#: Those that take a pattern, as their first argument or by name.
PATTERNED = frozenset((*FILTERS, *TESTS))
