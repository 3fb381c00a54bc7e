"""SourceNotation a connector's `variations`: every mistake becomes a fault, beside those of the mapping."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_listings.mapping.expressions.compiled import BadExpression, as_expression
from amazon_listings.mapping.families.members import FAMILY_ATTRIBUTES, ThemePart, Variations, theme_parts
from amazon_listings.mapping.faults import InvalidLine, Line, problem_of
from amazon_listings.mapping.values.conversion import Treatment, converter
from amazon_listings.mapping.values.notation import Reading
from amazon_listings.mapping.values.options import ConversionError
from amazon_listings.messages import message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amazon_listings.mapping.plan.compiler import PlanCompiler

_KEYS = ("theme", "parent_sku", "shared", "attributes")
_LINE = Line(None, "variations")


def read_variations(
    variations: Mapping[str, Any], compiler: PlanCompiler, marketplace_id: str
) -> Variations | None:
    """Return how families are made; None where `compiler` got faults instead."""
    before = len(compiler.faults)
    _check_keys(variations, compiler)
    if len(compiler.faults) > before:
        return None
    themes = compiler.fields["variation_theme.name"]
    convert = converter(themes, Treatment(), Reading(), own_names=compiler.own_names)
    attributes: dict[str, list[str]] = {}
    for item in compiler.index.fields:
        names = item.path.split(".")
        attributes.setdefault(names[0], []).extend(names[1:2])
    stated = tuple(_stated(name, compiler) for name in variations.get("attributes", ()))
    shared = variations.get("shared")
    try:
        theme, sku = as_expression(variations["theme"]), as_expression(variations["parent_sku"])
        if theme.constant:
            code = convert.convert(theme.text)
            _check_theme(code, stated, attributes)
    except BadExpression as error:
        compiler.fault(_LINE, problem_of(error))
        return None
    except ConversionError as error:
        compiler.fault(_LINE, error, *(str(o.value) for o in themes.options if not o.deprecated))
        return None
    except InvalidLine as error:
        compiler.fault(_LINE, error.problem)
        return None
    return Variations(
        theme=theme,
        parent_sku=sku,
        convert=convert,
        shared=None if shared is None else frozenset(_stated(name, compiler).attribute for name in shared),
        parts=stated or None,
        attributes=attributes,
        labels={item.attribute: item.labels[0] for item in compiler.index.fields},
        marketplace_id=marketplace_id,
        with_marketplace=frozenset(
            item.attribute
            for item in compiler.index.fields
            if item.attribute in FAMILY_ATTRIBUTES and item.levels[0].marketplace
        ),
    )


def _check_keys(variations: Mapping[str, Any], compiler: PlanCompiler) -> None:
    for key in variations:
        if key not in _KEYS:
            compiler.fault(_LINE, message("mapping.has_no_key", what="`variations`", key=key), *_KEYS)
    _check_kinds(variations, compiler)
    missing = [name for name in ("theme", "parent_sku") if not variations.get(name)]
    if missing:
        compiler.fault(_LINE, message("mapping.variations_need", missing=missing))
    absent = [name for name in FAMILY_ATTRIBUTES if name not in compiler.paths]
    if absent:
        compiler.fault(_LINE, message("mapping.no_families", absent=absent))
    for name in FAMILY_ATTRIBUTES:
        if name in compiler.root.members:
            compiler.fault(_LINE, message("mapping.written_by_variations", name=name))


def _check_kinds(variations: Mapping[str, Any], compiler: PlanCompiler) -> None:
    for key in ("shared", "attributes"):
        named = variations.get(key, [])
        if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
            compiler.fault(_LINE, message("mapping.key_is_fields", key=key))
    for key in ("theme", "parent_sku"):
        if variations.get(key) and not isinstance(variations[key], str):
            compiler.fault(_LINE, message("mapping.key_is_text", key=key))


def _check_theme(code: str, stated: tuple[ThemePart, ...], attributes: Mapping[str, list[str]]) -> None:
    """Refuse a theme with unknown attributes: it could not be checked on the children."""
    clear = {part.name for part in theme_parts(code, attributes)}
    unclear = [name for name in code.split("/") if name not in clear]
    if unclear and not stated:
        raise InvalidLine(message("mapping.unclear_theme", parts=unclear, theme=code))


def _stated(name: str, compiler: PlanCompiler) -> ThemePart:
    """Return an attribute that the connector names, by label or path."""
    path = compiler.path_of(_LINE, name)
    attribute, _, member = (path or name).partition(".")
    return ThemePart(name, attribute, "" if member == "value" else member.partition(".")[0])
