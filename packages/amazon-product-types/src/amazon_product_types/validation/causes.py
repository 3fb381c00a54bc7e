"""One cause gives one issue: failures that go back to the same mistake, put together.

A text in place of a list fails `type`, `anyOf` and three conditions; a field that is missing from
ten elements fails ten times. People repair a mistake once, so it is reported once, at the place
where they repair it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from amazon_product_types.dialect.schemas import at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from amazon_product_types.json_pointer import Pointer
    from amazon_product_types.validation.engine import Failure

#: Codes of keywords that need no closer look.
CODES = {
    "const": "not_an_option",
    "contains": "missing_entry",
    "dependentRequired": "missing_field",
    "enum": "not_an_option",
    "exclusiveMaximum": "not_below",
    "false": "not_allowed",
    "exclusiveMinimum": "not_above",
    "maxItems": "too_many_values",
    "maxLength": "too_long",
    "maxUtf8ByteLength": "too_long",
    "maximum": "too_large",
    "minContains": "missing_entry",
    "minItems": "too_few_values",
    "minLength": "too_short",
    "minUniqueItems": "too_few_values",
    "minUtf8ByteLength": "too_short",
    "minimum": "too_small",
    "multipleOf": "wrong_step",
    "type": "wrong_type",
    "uniqueItems": "repeated_value",
}
#: What makes any other complaint about the same value pointless, strongest first.
DECIDING = (
    "not_json",
    "empty_value",
    "wrong_type",
    "not_an_option",
    "not_allowed_value",
    "wrong_date",
    "wrong_url",
)
#: Codes about the shape of an element; the same mistake in every element is one mistake.
OF_ELEMENTS = frozenset(("missing_field", "unknown_field", "not_allowed", "wrong_type"))
DATES = frozenset(("date", "date-time"))
#: Keywords about whether a value may stand there at all: that it is empty is beside the point.
OF_PRESENCE = frozenset(("type", "not", "false"))
CONDITIONAL = frozenset(("then", "else", "dependentSchemas"))


@dataclass(slots=True)
class Cause:
    """One mistake: its code, the place where it is repaired, and what it made fail.

    `elsewhere` counts the further places where the same mistake was made.
    """

    code: str
    path: Pointer
    failures: list[Failure] = field(default_factory=list)
    elsewhere: int = 0

    @property
    def main(self) -> Failure:
        """The failure that explains the cause best: one that hangs on no condition, if there is one."""
        return min(self.failures, key=lambda failure: sum(step in CONDITIONAL for step in failure.pointer))


def value_at(attributes: Any, path: Pointer) -> object:
    """Return the value at a place of the payload; None if there is none."""
    for step in path:
        try:
            attributes = attributes[step]
        except (KeyError, IndexError, TypeError):
            return None
    return attributes


def each_cause(failures: Iterable[Failure], document: dict[str, Any], attributes: object) -> Iterator[Cause]:
    """Yield each failing place as a cause of its own; one keyword can fail for three."""
    for failure in failures:
        for name in failure.names or (None,):
            one = failure if name is None else failure._replace(names=(name,))
            code, path = _named(one, document, attributes)
            yield Cause(code, path, [one])


def causes(failures: Iterable[Failure], document: dict[str, Any], attributes: object) -> list[Cause]:
    """Return the causes behind the failures, in the order in which they were found."""
    by_place: dict[Pointer, dict[str, Cause]] = {}
    for cause in each_cause(failures, document, attributes):
        known = by_place.setdefault(cause.path, {}).setdefault(cause.code, cause)
        if known is not cause:
            known.failures.extend(cause.failures)
    excluded = [path for path, here in by_place.items() if "not_allowed" in here]
    found: list[Cause] = []
    for path, here in by_place.items():
        if any(path[: len(outer)] == outer and path != outer for outer in excluded):
            continue  # It has to go as a whole.
        found.extend(_decided(here))
    return list(_once_per_element(found))


def _decided(here: dict[str, Cause]) -> list[Cause]:
    for code in ("not_allowed", *DECIDING):
        if code in here:
            here[code].failures = [failure for cause in here.values() for failure in cause.failures]
            return [here[code]]
    return list(here.values())


def _once_per_element(found: list[Cause]) -> Iterator[Cause]:
    first: dict[tuple[str, Pointer], Cause] = {}
    for cause in found:
        if cause.code in OF_ELEMENTS or any(step in CONDITIONAL for step in cause.main.pointer):
            shape = tuple("*" if isinstance(step, int) else step for step in cause.path)
            known = first.setdefault((cause.code, shape), cause)
            if known is not cause:
                known.failures.extend(cause.failures)
                known.elsewhere += 1
                continue
        yield cause


def _named(failure: Failure, document: dict[str, Any], attributes: object) -> tuple[str, Pointer]:
    """Code of a failure, and the place where a person acts."""
    path, keyword = failure.path, failure.keyword
    if failure.names:
        kind = "missing" if keyword in {"required", "dependentRequired"} else "unknown"
        return f"{kind}_{'field' if path else 'attribute'}", (*path, failure.names[0])
    value = value_at(attributes, path)
    if not keyword or (isinstance(value, float) and not math.isfinite(value)):
        return "not_json", path
    if value in ("", []) and keyword not in OF_PRESENCE:
        return "empty_value", path
    said = at(document, failure.pointer)
    if (
        keyword == "not"
        and isinstance(said, dict)
        and said.keys() == {"required"}
        and len(said["required"]) == 1
    ):
        return "not_allowed", (*path, said["required"][0])
    beside = at(document, failure.pointer[:-1])
    look = LOOKS.get(keyword)
    return look(said, beside, value) if look else CODES.get(keyword, "rule_broken"), path


def _forbidden(said: object, _beside: object, _value: object) -> str:
    listed = isinstance(said, dict) and set(said) - {"type"} in ({"enum"}, {"const"})
    return "not_allowed_value" if listed else "rule_broken"


def _format(said: object, _beside: object, _value: object) -> str:
    return "wrong_date" if said in DATES else "wrong_url" if said == "uri" else "wrong_format"


def _pattern(said: object, beside: object, _value: object) -> str:
    url = "://" in str(said) or (isinstance(beside, dict) and beside.get("format") == "uri")
    return "wrong_url" if url else "wrong_format"


def _many(_said: object, beside: object, _value: object) -> str:
    return "too_many_alike" if isinstance(beside, dict) and beside.get("selectors") else "too_many_values"


def _no_branch(said: Any, _beside: Any, value: Any) -> str:
    branches = [branch for branch in said if isinstance(branch, dict)]
    types = [branch.get("type") for branch in branches]
    if all(types) and True not in said and not any(_is_type(value, kind) for kind in types):
        return "wrong_type"
    if branches and all(branch.get("format") in DATES for branch in branches):
        return "wrong_date"
    if branches and all(set(branch) == {"required"} for branch in branches):
        return "missing_one_of"
    return "no_alternative"


#: Keywords whose code depends on what they say: (what it says, its schema, the value) -> code.
LOOKS: dict[str, Callable[[Any, Any, Any], str]] = {
    "anyOf": _no_branch,
    "format": _format,
    "maxUniqueItems": _many,
    "not": _forbidden,
    "oneOf": _no_branch,
    "pattern": _pattern,
}


def _is_type(value: object, kind: object) -> bool:
    kinds = kind if isinstance(kind, list) else [kind]
    return json_type(value) in kinds or (json_type(value) == "integer" and "number" in kinds)


def json_type(value: object) -> str:
    """JSON's name for the type of a value: `integer` for a number without fraction."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return "integer"
    names = {float: "number", str: "string", list: "array", tuple: "array", dict: "object"}
    return next((name for kind, name in names.items() if isinstance(value, kind)), "object")
