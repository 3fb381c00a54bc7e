"""The options of a field: the codes Amazon takes, and the names people see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Option(NamedTuple):
    """One allowed (or suggested) value: the code to send, and its displayed name.

    `deprecated` options are going away; `replacements` are the codes Amazon proposes instead.
    """

    value: Any
    name: str
    deprecated: bool = False
    replacements: tuple[str, ...] = ()


def listed(schema: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
    """The schema that lists the options, and whether they are only suggestions."""
    if "enum" in schema:
        return schema, False
    for key in ("anyOf", "oneOf"):
        branches = schema.get(key, ())
        for branch in branches:
            if "enum" in branch:
                return branch, any("enum" not in other and "const" not in other for other in branches)
    return {}, False


def options(
    schema: Mapping[str, Any], values: Mapping[str, Any], spoken: Mapping[str, Any]
) -> tuple[Option, ...]:
    """The options; their names come from the labels document where it knows the same code.

    A code is never taken from the labels document: codes of another locale are refused by Amazon
    (issue 90244), however alike the lists look.
    """
    names = _names(values)
    names.update({code: name for code, name in _names(listed(spoken)[0]).items() if code in names})
    lifecycle = {**schema.get("$lifecycle", {}), **values.get("$lifecycle", {})}
    gone = {repr(code) for code in lifecycle.get("enumDeprecated", ())}
    instead = {
        repr(entry.get("value")): tuple(entry.get("replacements", ()))
        for entry in lifecycle.get("enumReplacement", ())
    }
    # Real definitions repeat some codes; one option each is enough.
    codes = {repr(code): code for code in values.get("enum", ())}
    return tuple(
        Option(code, names[key], deprecated=key in gone, replacements=instead.get(key, ()))
        for key, code in codes.items()
    )


def _names(values: Mapping[str, Any]) -> dict[str, str]:
    codes = values.get("enum", ())
    names = values.get("enumNames") or ()
    shown: dict[str, str] = {}
    for index, code in enumerate(codes):
        shown.setdefault(repr(code), str(names[index] if index < len(names) else code))
    return shown
