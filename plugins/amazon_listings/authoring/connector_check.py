"""Check a connector's mapping against the documents at hand: Amazon's definition, the PIM's fields."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.connectors.checks import template_problem
from amazon_listings.connectors.problems import Problem, nearest, shown
from amazon_listings.mapping.expressions.compiled import BadExpression, compile_expression
from amazon_listings.mapping.expressions.rows import RECORD_NAMES
from amazon_listings.mapping.faults import MappingErrors
from amazon_listings.runs.field_names import asked_for
from amazon_listings.runs.map_fields import compiled
from amazon_product_types import json_pointer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from amazon_listings.connectors.model import Connector
    from amazon_listings.mapping.faults import MappingFault
    from amazon_listings.runs.map_fields import Described

#: A candidate as a fault shows it: what people call it, then its path or code.
_CANDIDATE = re.compile(r"(.+?) \([^()]*\)(?::.*)?", re.DOTALL)
_MEANT = re.compile(r"; did you mean (.+?)$")
_SOURCE_KEYS = ("sku", "filter")


class KnownFields(NamedTuple):
    """The PIM's fields as far as they are known.

    Args:
        names: Their names.
        complete: All of them; else a name that is not among them may exist nevertheless, and only one
            that is close to a known name is called a mistake.
    """

    names: AbstractSet[str]
    complete: bool


class Checked(NamedTuple):
    """What is wrong with a connector, and the fields of which nothing can be said."""

    problems: list[Problem]
    unsure: list[str]


def check_mapping(connector: Connector, definition: Described | None, known: KnownFields | None) -> Checked:
    """Check every expression, and what the documents at hand say about the mapping.

    Args:
        connector: The connector.
        definition: Amazon's definition; None: keys and options are not checked.
        known: The PIM's fields; None: field names are not checked.
    """
    problems: dict[str, Problem] = {}
    unsure: list[str] = []
    for pointer, text in _texts(connector):
        problem = _syntax(text, pointer)
        if problem is None and known is not None:
            problem = _unknown_field(text, pointer, known, unsure)
        if problem is not None:
            problems[pointer] = problem
    found = list(problems.values())
    if definition is not None:
        found += _against(connector, definition, set(problems))
    return Checked(found, sorted(set(unsure)))


def _syntax(text: str, pointer: str) -> Problem | None:
    if problem := template_problem(text, pointer):
        return problem
    try:
        compile_expression(text)
    except BadExpression as error:
        meant = _MEANT.search(error.message)
        said = _MEANT.sub("", error.message.rstrip("."))
        return Problem(pointer, said, suggestion=meant.group(1).rstrip("?.") if meant else "")
    return None


def _unknown_field(text: str, pointer: str, known: KnownFields, unsure: list[str]) -> Problem | None:
    asked = asked_for(text)
    names = {*known.names, *RECORD_NAMES, "sku"}
    for name in compile_expression(text).fields:
        if name in names or name in asked:
            continue
        near = nearest(name, sorted(names))
        if near or known.complete:
            return Problem(pointer, f"the PIM sends no field called {shown(name)}", suggestion=near)
        unsure.append(name)
    return None


def _against(connector: Connector, definition: Described, wrong: set[str]) -> Iterator[Problem]:
    """Problems by Amazon's definition, of the lines whose expressions are right."""
    try:
        compiled(connector, definition)
    except MappingErrors as errors:
        for fault in errors.faults:
            problem = _problem(connector, fault)
            below = f"{problem.pointer}/"
            if not any(pointer == problem.pointer or pointer.startswith(below) for pointer in wrong):
                yield problem


def _problem(connector: Connector, fault: MappingFault) -> Problem:
    key = fault.line.key
    pointer = json_pointer.below("/mapping", key) if key in connector.mapping else "/variations"
    found = [_CANDIDATE.fullmatch(candidate) for candidate in fault.candidates]
    names = [match.group(1) if match else text for match, text in zip(found, fault.candidates, strict=True)]
    others = ", ".join(names[1:6])
    return Problem(
        pointer,
        fault.problem.rstrip("."),
        key="is called" in fault.problem,
        suggestion=names[0] if names else "",
        hint=f"Or: {others}." if others else "",
    )


def _texts(connector: Connector) -> Iterator[tuple[str, str]]:
    source = connector.source
    for key in _SOURCE_KEYS:
        if isinstance(text := getattr(source, key), str):
            yield f"/{source.source}/{key}", text
    yield from _texts_in(connector.mapping, "/mapping")
    yield from _texts_in(connector.variations, "/variations")


def _texts_in(value: Any, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, dict):
        for key, below in value.items():
            yield from _texts_in(below, json_pointer.below(pointer, key))
    elif isinstance(value, list):
        for position, below in enumerate(value):
            yield from _texts_in(below, f"{pointer}/{position}")
