"""One cause gives one issue: failures that go back to the same mistake, put together.

A text in place of a list fails `type`, `anyOf` and three conditions; a field that is missing from
ten elements fails ten times. People repair a mistake once, so it is reported once, at the place
where they repair it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from amazon_listings.validation.document import Pointer, at
from amazon_listings.validation.engine import Failure

#: Codes of keywords that need no closer look.
CODES = {
    "const": "not_an_option",
    "contains": "missing_entry",
    "dependentRequired": "missing_field",
    "enum": "not_an_option",
    "exclusiveMaximum": "not_below",
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


def value_at(attributes: Any, path: Pointer) -> Any:
    """The value at a place of the payload; None if there is none."""
    for step in path:
        try:
            attributes = attributes[step]
        except (KeyError, IndexError, TypeError):
            return None
    return attributes


def each_cause(failures: Iterable[Failure], document: dict[str, Any], attributes: Any) -> Iterator[Cause]:
    """Each failing place as a cause of its own; a keyword that fails for three properties is three."""
    for failure in failures:
        for name in failure.names or (None,):
            one = failure if name is None else failure._replace(names=(name,))
            code, path = _named(one, document, attributes)
            yield Cause(code, path, [one])


def causes(failures: Iterable[Failure], document: dict[str, Any], attributes: Any) -> list[Cause]:
    """The causes behind the failures, in the order in which they were found."""
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


def _named(failure: Failure, document: dict[str, Any], attributes: Any) -> tuple[str, Pointer]:
    """Code of a failure, and the place where a person acts."""
    path, keyword = failure.path, failure.keyword
    if failure.names:
        below = (*path, failure.names[0])
        if keyword in {"required", "dependentRequired"}:
            return ("missing_field" if path else "missing_attribute"), below
        return ("unknown_field" if path else "unknown_attribute"), below
    value = value_at(attributes, path)
    if value in ("", []) and keyword not in {"type", "not", "false"}:
        return "empty_value", path
    said = at(document, failure.pointer)
    if keyword == "not":
        return _forbidden(path, said)
    if keyword == "format":
        return ("wrong_date" if said in DATES else "wrong_url" if said == "uri" else "wrong_format"), path
    if keyword == "pattern":
        url = "://" in str(said) or at(document, (*failure.pointer[:-1], "format")) == "uri"
        return ("wrong_url" if url else "wrong_format"), path
    if keyword in {"anyOf", "oneOf"}:
        return _no_branch(path, keyword, said, value)
    if keyword == "maxUniqueItems" and at(document, (*failure.pointer[:-1], "selectors")):
        return "too_many_alike", path
    if keyword == "false":
        return "not_allowed", path
    return CODES.get(keyword, "rule_broken"), path


def _forbidden(path: Pointer, said: Any) -> tuple[str, Pointer]:
    keys = set(said) if isinstance(said, dict) else set()
    if keys == {"required"} and len(said["required"]) == 1:
        return "not_allowed", (*path, said["required"][0])
    if keys - {"type"} in ({"enum"}, {"const"}):
        return "not_allowed_value", path
    return "rule_broken", path


def _no_branch(path: Pointer, keyword: str, said: list[Any], value: Any) -> tuple[str, Pointer]:
    branches = [branch for branch in said if isinstance(branch, dict)]
    types = [branch.get("type") for branch in branches]
    if all(types) and not any(_is_type(value, kind) for kind in types):
        return "wrong_type", path
    if branches and all(branch.get("format") in DATES for branch in branches):
        return "wrong_date", path
    if branches and all(set(branch) == {"required"} for branch in branches) and keyword == "anyOf":
        return "missing_one_of", path
    return "no_alternative", path


def _is_type(value: Any, kind: Any) -> bool:
    kinds = kind if isinstance(kind, list) else [kind]
    return json_type(value) in kinds or (json_type(value) == "integer" and "number" in kinds)


def json_type(value: Any) -> str:
    """JSON's name for the type of a value: `integer` for a number without fraction."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return "integer"
    names = {float: "number", str: "string", list: "array", tuple: "array", dict: "object"}
    return next((name for kind, name in names.items() if isinstance(value, kind)), "object")
