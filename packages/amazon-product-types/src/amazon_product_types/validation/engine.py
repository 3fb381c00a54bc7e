"""A definition made ready for `jsonschema-rs`, which decides nearly everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import jsonschema_rs

from amazon_product_types.dialect import keywords
from amazon_product_types.dialect.schemas import LISTS, MAPS, ONE, children, compile_schema, compile_verdict
from amazon_product_types.document import DefinitionError
from amazon_product_types.validation.factoring import factored
from amazon_product_types.validation.requirements import Requirements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from collections.abc import Set as AbstractSet

    from amazon_product_types.json_pointer import Pointer

#: Keywords that decide nothing; left out, the engine has less to read.
ANNOTATIONS = frozenset(
    (
        "$comment",
        "$lifecycle",
        "$schema",
        "default",
        "description",
        "editable",
        "enumNames",
        "examples",
        "hidden",
        "replacedBy",
        "replaces",
        "title",
    )
)
#: Keywords under which a definition states something of the place itself, without condition.
UNCONDITIONAL = frozenset(("properties", "items"))
#: Keywords that say of a payload nothing but what each of its attributes may be.
_ATTRIBUTE_BY_ATTRIBUTE = frozenset(("$id", "$defs", "type", "properties", "additionalProperties"))
Kind = jsonschema_rs.ValidationErrorKind


class Failure(NamedTuple):
    """One keyword that fails at one place, as a validator reports it.

    `path` is the place in the payload, `pointer` the keyword's place in the definition, by the way
    the validation took (through `$ref`). `names` are the properties that are missing or too many.
    """

    path: Pointer
    keyword: str
    pointer: Pointer
    names: tuple[str, ...] = ()


class Engine:
    """Verdicts and failures of one definition.

    Args:
        document: The definition.

    Raises:
        DefinitionError: the document breaks the rules of JSON Schema, or refers to another one.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        alone = _refers_only_to_defs(document)
        self.rule = keywords.rule(document) if alone else None
        plain = _plain(document, walked=alone)
        shared = {keyword: plain[keyword] for keyword in ("$id", "$defs") if keyword in plain}
        self._required = Requirements(lambda condition: compile_verdict({**shared, "allOf": [condition]}))
        conditions = factored_conditions = None
        # Keywords that look at what their neighbours have evaluated cannot be judged apart.
        if alone and not plain.keys() & {"unevaluatedProperties", "unevaluatedItems"}:
            factored_conditions = factored({**shared, "allOf": plain.get("allOf", [])})
            plain = self._required.take(plain)
            conditions = {**shared, "allOf": plain.pop("allOf", []) or [True]}
        #: What each attribute may be, where that is apart from what the others are; else True.
        self.by_attribute: dict[str, Any] | Literal[True] = (
            plain if conditions is not None and plain.keys() <= _ATTRIBUTE_BY_ATTRIBUTE else True
        )
        self._structure = _compiled(plain)
        self._factored = _compiled(factored_conditions, compile_verdict) if factored_conditions else None
        self._conditions = _compiled(conditions) if conditions else None

    def is_valid(self, attributes: object) -> bool:
        """Does the payload keep every rule? ValueError if it is not JSON data."""
        return (
            self._structure.is_valid(attributes)
            and self._has_right_names(attributes)
            and (self._factored is None or self._factored.is_valid(attributes))
            and (self.rule is None or keywords.holds(self.rule, attributes))
        )

    def stays_valid(self, attributes: object, changed: AbstractSet[str]) -> bool:
        """Does a payload that kept every rule still do so after some attributes changed?

        The other attributes are not looked at again, but for the conditions that see several.
        """
        if not isinstance(self.by_attribute, dict) or not isinstance(attributes, dict):
            return self.is_valid(attributes)
        part = {name: attributes[name] for name in changed if name in attributes}
        return (
            self._has_right_names(attributes)
            and (not part or self._structure.is_valid(part))
            and (self._factored is None or self._factored.is_valid(attributes))
            and (self.rule is None or keywords.holds(self.rule, part))
        )

    def failures(self, attributes: object) -> Iterator[Failure]:
        """Yield each keyword that fails, at each place. ValueError if the payload is not JSON data."""
        if isinstance(attributes, dict):
            for name in self._required.always:
                if name not in attributes:
                    yield Failure((), "required", ("required",), (name,))
            unknown = self._required.unknown(attributes)
            if unknown:
                yield Failure((), "additionalProperties", ("additionalProperties",), unknown)
        for error in self._structure.iter_errors(attributes):
            yield _failure(error)
        # Telling that every condition is kept is much quicker than looking for one that is not.
        if self._factored and not self._factored.is_valid(attributes):
            yield from self._broken_conditions(attributes)
        if self.rule is not None:
            for path, pointer in keywords.failures(self.rule, attributes):
                yield Failure(path, str(pointer[-1]), pointer)

    def _broken_conditions(self, attributes: object) -> Iterator[Failure]:
        if isinstance(attributes, dict):
            for pointer, name in self._required.missing(attributes):
                yield Failure((), "required", pointer, (name,))
        if self._conditions:
            for error in self._conditions.iter_errors(attributes):
                yield _failure(error)

    def _has_right_names(self, attributes: object) -> bool:
        return not isinstance(attributes, dict) or self._required.has_right_names(attributes)


def _compiled(
    schema: dict[str, Any], compile_it: Callable[[Any], jsonschema_rs.Validator] = compile_schema
) -> jsonschema_rs.Validator:
    try:
        return compile_it(schema)
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        place = "/".join(str(step) for step in getattr(error, "instance_path", ()))
        text = str(error).splitlines()[0]
        raise DefinitionError("definition_document.breaks_schema", path=place, reason=text) from error


def _failure(error: jsonschema_rs.ValidationError) -> Failure:
    pointer = tuple(error.evaluation_path)
    keyword = str(pointer[-1]) if pointer else ""
    kind = error.kind
    names: tuple[str, ...] = ()
    if isinstance(kind, Kind.Required):
        names = (kind.property,)
    elif isinstance(kind, Kind.AdditionalProperties | Kind.UnevaluatedProperties):
        names = tuple(kind.unexpected)
    elif isinstance(kind, Kind.FalseSchema):
        keyword = "false"
    return Failure(tuple(error.instance_path), keyword, pointer, names)


def _refers_only_to_defs(schema: object) -> bool:
    """Return whether no reference leads elsewhere: into an attribute, its limits would be conditional."""
    if not isinstance(schema, dict):
        return True
    reference = schema.get("$ref", "#/$defs/")
    if not reference.startswith("#/$defs/") or "$recursiveRef" in schema:
        return False
    return all(_refers_only_to_defs(child) for _, child in children(schema))


def _plain(schema: object, *, walked: bool) -> Any:
    """Return the schema without annotations, and without the keywords that the walk decides."""
    if not isinstance(schema, dict):
        return schema
    plain: dict[str, Any] = {}
    for keyword, value in schema.items():
        below = walked and keyword in UNCONDITIONAL
        if keyword in ANNOTATIONS or (walked and keyword in keywords.KEYWORDS):
            continue
        if keyword in MAPS and isinstance(value, dict):
            plain[keyword] = {name: _plain(child, walked=below) for name, child in value.items()}
        elif keyword in LISTS and isinstance(value, list):
            plain[keyword] = [_plain(child, walked=False) for child in value]
        elif keyword in ONE:
            plain[keyword] = _plain(value, walked=below)
        elif keyword in {"required", "type"} and isinstance(value, list):
            plain[keyword] = list(dict.fromkeys(value)) if all(isinstance(v, str) for v in value) else value
        else:
            plain[keyword] = value
    return plain
