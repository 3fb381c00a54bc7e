"""Writing a mapping in another locale's labels, so that it means the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_product_types.labels import AmbiguousField, FieldIndex, Target, UnknownField
from amazon_product_types.matching import normal

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from amazon_product_types.fields import Field


class Relabelled(NamedTuple):
    """A mapping in another locale.

    `mapping` is the whole mapping in its order; `keys` the top-level keys that changed, old to
    new; `unknown` the keys that name no field, which are left as they are.
    """

    mapping: dict[str, Any]
    keys: dict[str, str]
    unknown: tuple[str, ...]


def relabel(
    mapping: Mapping[str, Any],
    from_index: FieldIndex,
    to_index: FieldIndex,
    *,
    short_forms: Container[str] = (),
) -> Relabelled:
    """`mapping`, written in labels of `from_index`, in those of `to_index`.

    Labels become labels, paths stay paths. Displayed names of options, given as constants, become
    the names in the other locale; expressions (`{{ … }}`) stay as they are. Where the other locale
    has no unambiguous label, the path is written.

    Args:
        mapping: As in a connector.
        from_index: The fields in the locale of `mapping`.
        to_index: The same fields in the other locale.
        short_forms: Keys that are words of the mapping language and no labels.
    """
    result: dict[str, Any] = {}
    unknown: list[str] = []
    keys: dict[str, str] = {}
    for key, value in mapping.items():
        try:
            target = from_index.find(key)
            name = _renamed(key, target, to_index)
        except UnknownField:
            # The name without its number stands for all of the numbered attributes.
            if key not in short_forms and not from_index.matches(f"{key}_1"):
                unknown.append(key)
            result[key] = value
            continue
        except AmbiguousField as error:
            # One label for numbered attributes, such as the further images, stands for all of them.
            same = _same_label(error, to_index)
            if same is None:
                unknown.append(key)
                result[key] = value
                continue
            name, target = same
        if name != key:
            keys[key] = name
        result[name] = _value(value, target, from_index, to_index)
    return Relabelled(result, keys, tuple(unknown))


def relabel_variations(
    variations: Mapping[str, Any], from_index: FieldIndex, to_index: FieldIndex
) -> Relabelled:
    """Return a connector's `variations` in the labels of `to_index`: its theme, and the fields it names."""
    result, unknown = dict(variations), []
    keys: dict[str, str] = {}
    for name in ("shared", "attributes"):
        for position, key in enumerate(variations.get(name, ())):
            try:
                keys[key] = _renamed(key, from_index.find(key), to_index)
            except (UnknownField, AmbiguousField):
                unknown.append(key)
                continue
            result[name] = [*result[name][:position], keys[key], *result[name][position + 1 :]]
    if "variation_theme.name" in (item.path for item in from_index.fields) and "theme" in variations:
        themes = from_index.target("variation_theme.name")
        result["theme"] = _value(variations["theme"], themes, from_index, to_index)
    return Relabelled(result, {key: name for key, name in keys.items() if key != name}, tuple(unknown))


def _renamed(key: str, target: Target, to_index: FieldIndex) -> str:
    """Return the key in the other locale; a path, or what already means the same there, stays."""
    return key if to_index.matches(key) == [target.path] else to_index.name(target.path)


def _same_label(error: AmbiguousField, to_index: FieldIndex) -> tuple[str, Target] | None:
    """Return the label that names just these places in the other locale, and the first of them."""
    paths = sorted(candidate.path for candidate in error.candidates)
    first = to_index.target(error.candidates[0].path)
    for name in (to_index.label(first.path), error.key):
        if sorted(to_index.matches(name)) == paths:
            return name, first
    return None


def _value(value: object, target: Target, from_index: FieldIndex, to_index: FieldIndex) -> object:
    if isinstance(value, list):
        return [_value(item, target, from_index, to_index) for item in value]
    if isinstance(value, dict):
        return {
            name: below
            for key, item in value.items()
            for name, below in [_member(key, item, target, from_index, to_index)]
        }
    if isinstance(value, str) and target.field is not None and "{{" not in value and "{%" not in value:
        return _option(value, target.field, to_index)
    return value


def _member(
    key: str, value: object, target: Target, from_index: FieldIndex, to_index: FieldIndex
) -> tuple[str, Any]:
    try:
        inner = from_index.member(target.path, key)
    except (UnknownField, AmbiguousField):
        # Not a member but a word of the mapping language, such as `truncate`.
        return key, _value(value, target, from_index, to_index)
    name = key
    if f"{target.path}.{key}" != inner.path:
        label, spoken = from_index.label(inner.path), to_index.label(inner.path)
        try:
            same = to_index.member(target.path, spoken).path == inner.path
        except (UnknownField, AmbiguousField):
            same = False
        if not same:
            name = inner.path.removeprefix(target.path + ".")
        elif normal(label) != normal(spoken):
            name = spoken
    return name, _value(value, inner, from_index, to_index)


def _option(text: str, field: Field, to_index: FieldIndex) -> str:
    """Return a displayed name of an option in the other locale; codes and free text stay."""
    if any(option.value == text for option in field.options):
        return text
    codes = {option.value for option in field.options if normal(option.name) == normal(text)}
    if len(codes) != 1:
        return text
    code = codes.pop()
    there = to_index.target(field.path).field
    names = {option.value: option.name for option in there.options} if there else {}
    name = names.get(code)
    alike = [other for other, shown in names.items() if name is not None and normal(shown) == normal(name)]
    return name if name is not None and alike == [code] else str(code)
