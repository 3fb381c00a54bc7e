"""Families: a PIM product with variants as a parent listing and its children.

Source: "Listing variations" in the SP-API documentation. The theme is one of the product type's
own list; each attribute in its name must be filled on every child; a parent is not for sale, so
it has neither an offer nor an identifier.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, NotRequired, cast

from amazon_listings.item import Item
from amazon_listings.mapping.expressions.rows import ItemRow
from amazon_listings.mapping.formulas.limits import shown
from amazon_listings.mapping.values.invalid import InvalidValue
from amazon_listings.mapping.values.value import is_empty
from amazon_product_types.messages.facts import quoted
from amazon_product_types.validation.issue import Issue, Origin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from amazon_listings.mapping.expressions.compiled import Expression
    from amazon_listings.mapping.plan.tree import Branch
    from amazon_listings.mapping.values.conversion import Converter
    from amazon_listings.messages import Catalogue

#: What says that an item is for sale, and how.
OFFER_ATTRIBUTES = frozenset(
    (
        "condition_note", "condition_type", "cost_price", "fulfillment_availability", "gift_options",
        "list_price",
        "main_offer_image_locator", "map_policy", "max_order_quantity", "merchant_release_date",
        "merchant_shipping_group", "product_tax_code", "purchasable_offer", "skip_offer",
        *(f"other_offer_image_locator_{number}" for number in range(1, 9)),
    )
)  # fmt: skip
#: What says which product it is.
IDENTIFIER_ATTRIBUTES = frozenset(
    (
        "externally_assigned_product_identifier",
        "merchant_suggested_asin",
        "supplier_declared_has_product_identifier_exemption",
    )
)
RELATION = "child_parent_sku_relationship"
THEME = "variation_theme"
LEVEL = "parentage_level"
FAMILY_ATTRIBUTES = (LEVEL, RELATION, THEME)
#: What Amazon appends to an attribute's name in a theme's (`COLOR_NAME`, `MATERIAL_TYPE`).
_SUFFIXES = ("", "_name", "_type", "_description")


class FamilyProblem(NamedTuple):
    """Why a family cannot be made, and the attribute that cannot be filled for it."""

    attribute: str
    error: InvalidValue


class FamilyMember(Item):
    """An item that is the parent or a child of a family; a plain `Item` stands alone."""

    role: NotRequired[Literal["parent", "child"]]
    parent_sku: NotRequired[str | None]
    theme: NotRequired[str | None]
    family_problems: NotRequired[list[FamilyProblem]]


class ThemePart(NamedTuple):
    """One attribute of a theme: the name in the theme, the attribute, the member inside it if any."""

    name: str
    attribute: str
    member: str


@dataclass(frozen=True)
class Variations:
    """How a connector makes families.

    `shared` are the attributes a parent takes from the mapping, None for all but offer,
    identifiers and theme. `parts` are stated by the connector, else read from the theme's name.
    """

    theme: Expression
    parent_sku: Expression
    convert: Converter
    shared: frozenset[str] | None
    parts: tuple[ThemePart, ...] | None
    attributes: Mapping[str, Sequence[str]]
    labels: Mapping[str, str]
    marketplace_id: str
    with_marketplace: frozenset[str]

    def expand(self, items: Sequence[Item], language: str) -> list[FamilyMember]:
        """Return the parent, then the children; a product without variants stays alone.

        Args:
            items: All items of one product.
            language: The PIM language of the SKU and the theme.
        """
        children = [item for item in items if item["variant"]]
        if not children:
            return [_member(item) for item in items]
        product = children[0]["product"]
        parent = FamilyMember(
            pim_id=children[0]["group"],
            group=children[0]["group"],
            sku=None,
            status=product["status"],
            modified=product["modified"],
            product=product,
            variant=None,
        )
        facts = self._facts(parent, [item["sku"] for item in children], language)
        parent["sku"] = facts["parent_sku"]
        expanded = [_member(item, role="child", **facts) for item in children]
        if facts["parent_sku"] is None:
            return expanded
        return [_member(parent, role="parent", **facts), *expanded]

    def _facts(self, parent: Item, skus: Sequence[str | None], language: str) -> dict[str, Any]:
        row = ItemRow(parent, language)
        facts: dict[str, Any] = {"parent_sku": None, "theme": None}
        problems: list[FamilyProblem] = []
        for name, attribute, found in (
            ("parent_sku", RELATION, lambda: self._parent_sku(row, skus)),
            ("theme", THEME, lambda: self._theme(row)),
        ):
            try:
                facts[name] = found()
            except InvalidValue as error:
                problems.append(FamilyProblem(attribute, error))
        return {**facts, "family_problems": problems} if problems else facts

    def _parent_sku(self, row: ItemRow, skus: Sequence[str | None]) -> str:
        value = _evaluated(self.parent_sku, row)
        if is_empty(value):
            raise InvalidValue("parent_sku_empty", expression=self.parent_sku.text)
        sku = shown(value).strip()
        if sku in skus:
            raise InvalidValue("parent_sku_of_child", sku=sku)
        return sku

    def _theme(self, row: ItemRow) -> Any:
        value = _evaluated(self.theme, row)
        if is_empty(value):
            raise InvalidValue("theme_empty", expression=self.theme.text)
        return self.convert.convert(value)

    def plan_of_parent(self, plan: Mapping[str, Branch]) -> dict[str, Branch]:
        """Return the part of a mapping that a parent has."""
        left_out = OFFER_ATTRIBUTES | IDENTIFIER_ATTRIBUTES
        return {
            name: branch
            for name, branch in plan.items()
            if name not in left_out and (self.shared is None or name in self.shared)
        }

    def complete(
        self, item: Mapping[str, Any], attributes: dict[str, Any], messages: Catalogue
    ) -> list[Issue]:
        """Add the family's attributes to an item's; return what is wrong with them."""
        role = item.get("role")
        if role is None:
            return []
        issues = [
            _issue("family", problem.attribute, messages, reason=problem.error)
            for problem in item.get("family_problems", ())
        ]
        theme = item.get("theme")
        parts = self.parts or (theme_parts(theme, self.attributes) if theme else ())
        relationship = {"child_relationship_type": "variation"}
        if role == "child":
            relationship["parent_sku"] = item.get("parent_sku") or ""
            issues += [
                _issue(
                    "theme_attribute_missing",
                    "/".join(filter(None, (part.attribute, part.member))),
                    messages,
                    theme=theme,
                    label=self.labels.get(part.attribute, part.attribute),
                )
                for part in parts
                if not _is_filled(part, attributes)
            ]
        else:
            for part in parts:
                if self.shared is None or part.attribute not in self.shared:
                    attributes.pop(part.attribute, None)
        values: dict[str, dict[str, Any]] = {LEVEL: {"value": role}}
        if item.get("parent_sku"):
            values[RELATION] = relationship
        if theme:
            values[THEME] = {"name": theme}
        for name, value in values.items():
            if name in self.with_marketplace:
                value["marketplace_id"] = self.marketplace_id
            attributes[name] = [value]
        return issues


def _evaluated(expression: Expression, row: ItemRow) -> object:
    value = expression.evaluate(row)
    if row.unknown:
        raise InvalidValue("no_pim_field", field=row.unknown.pop())
    return value


def _is_filled(part: ThemePart, attributes: Mapping[str, Any]) -> bool:
    return any(not part.member or part.member in element for element in attributes.get(part.attribute, ()))


def theme_parts(theme: str, attributes: Mapping[str, Sequence[str]]) -> tuple[ThemePart, ...]:
    """Return the attributes that a theme's name says (`SIZE/COLOR`); parts that say none are left out.

    Args:
        theme: The theme's code.
        attributes: The members of each attribute of the definition.
    """
    found = (_theme_part(name, attributes) for name in theme.split("/"))
    return tuple(part for part in found if part is not None)


def _theme_part(name: str, attributes: Mapping[str, Sequence[str]]) -> ThemePart | None:
    plain = name.strip().lower()
    for suffix in _SUFFIXES:
        if plain.endswith(suffix) and (short := plain.removesuffix(suffix)) in attributes:
            return ThemePart(name, short, "")
    if f"item_{plain}" in attributes:
        return ThemePart(name, f"item_{plain}", "")
    for suffix in ("_name", "_number"):
        if f"{plain}{suffix}" in attributes:
            return ThemePart(name, f"{plain}{suffix}", "")
    words = plain.split("_")
    for cut in range(len(words) - 1, 0, -1):
        head, member = "_".join(words[:cut]), "_".join(words[cut:])
        for attribute in (head, f"{head}_dimensions"):
            if member in attributes.get(attribute, ()):
                return ThemePart(name, attribute, member)
    return None


def _member(item: Item, **facts: object) -> FamilyMember:
    return cast("FamilyMember", {**item, **facts})


def _issue(code: str, path: str, messages: Catalogue, *, label: str = "", **values: object) -> Issue:
    return Issue(
        code=code,
        severity="ERROR",
        source="mapping",
        attribute=path.partition("/")[0],
        path=path,
        label=label,
        family="missing",
        origin=None if label else Origin(key="variations"),
        **messages.issue_texts(code, label=quoted(label), **values),
    )
