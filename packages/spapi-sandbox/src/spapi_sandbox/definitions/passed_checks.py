"""Skips checks that have passed before, because items of a catalogue share most of their values.

jsonschema takes three milliseconds for a payload of twenty attributes, most of it for brands, units and
conditions that it has just seen. A schema that accepted a value accepts it again: only checks that passed
are remembered. What failed goes through jsonschema each time, so that its errors are the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jsonschema.exceptions import ValidationError

_MOST = 20_000
_LONGEST = 1_000
#: Keywords whose verdict depends on nothing but which properties there are and what they hold.
_ONE = ("if", "then", "else", "not")
_SEVERAL = ("allOf", "anyOf", "oneOf")
_KNOWN = {*_ONE, *_SEVERAL, "required", "properties"}


class PassedChecks:
    """The checks of one document's validator that have passed; safe to use from several threads.

    Args:
        keywords: The keywords that the validator knows.
    """

    def __init__(self, keywords: Iterable[str]) -> None:
        self._others = frozenset(keywords) - _KNOWN
        #: The schemas themselves are kept, so that no other schema can get the id of one of them.
        self._passed: dict[tuple[int, str], Any] = {}
        self._reads: dict[int, tuple[Any, tuple[frozenset[str], frozenset[str]] | None]] = {}

    def properties(
        self, validator: Any, properties: dict[str, Any], instance: object, _schema: object
    ) -> Iterator[ValidationError]:
        """Check as `properties` of JSON Schema."""
        if isinstance(instance, dict):
            for name, schema in properties.items():
                if name in instance:
                    value = instance[name]
                    errors = validator.descend(value, schema, path=name, schema_path=name)
                    yield from self._unless_passed(schema, repr(value), errors)

    def all_of(
        self, validator: Any, schemas: list[Any], instance: object, _schema: object
    ) -> Iterator[ValidationError]:
        """Check as `allOf` of JSON Schema."""
        for number, schema in enumerate(schemas):
            errors = validator.descend(instance, schema, schema_path=number)
            if isinstance(instance, dict) and (read := self._what_is_read(schema)):
                yield from self._unless_passed(schema, _shown(instance, *read), errors)
            else:
                yield from errors

    def _unless_passed(
        self, schema: object, shown: str, errors: Iterator[ValidationError]
    ) -> Iterator[ValidationError]:
        """Yield the errors, which are not computed if the schema has accepted what is shown before."""
        key = (id(schema), shown)
        if key in self._passed:
            return
        passed = True
        for error in errors:
            passed = False
            yield error
        if passed and len(shown) <= _LONGEST:
            if len(self._passed) >= _MOST:
                self._passed.clear()
            self._passed[key] = schema

    def _what_is_read(self, schema: object) -> tuple[frozenset[str], frozenset[str]] | None:
        """Return the properties that a schema needs to be there, and those whose values it reads."""
        if id(schema) not in self._reads:
            present: set[str] = set()
            values: set[str] = set()
            known = self._collect(schema, present, values)
            found = (frozenset(present - values), frozenset(values)) if known else None
            self._reads[id(schema)] = (schema, found)
        return self._reads[id(schema)][1]

    def _collect(self, schema: object, present: set[str], values: set[str]) -> bool:
        """Add the properties that a schema reads; False if it can read others too."""
        if isinstance(schema, bool):
            return True
        if not isinstance(schema, dict) or self._others & schema.keys():
            return False
        present.update(schema.get("required", ()))
        values.update(schema.get("properties", ()))
        inner = [schema[name] for name in _ONE if name in schema]
        inner += [each for name in _SEVERAL for each in schema.get(name, ())]
        return all(self._collect(each, present, values) for each in inner)


def _shown(instance: dict[str, Any], present: frozenset[str], values: frozenset[str]) -> str:
    return repr(
        ([name in instance for name in present], [instance.get(name, NotImplemented) for name in values])
    )
