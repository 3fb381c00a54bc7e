"""Which optional attributes are recommended, and who recommends them.

Amazon's definitions have no mark for it, and its developer support says that the attributes which it calls
relevant (issue 18448) are only known after submission (selling-partner-api-models issue 4531). So it is

1. what the definition says takes the place of another attribute (`$lifecycle` of the meta-schema:
   `replaces`, or `replacedBy` of the other);
2. what Amazon has called relevant for an item of this product type;
3. what Seller Central's guides ask of every listing (`GUIDES`).

What the definition hides, or says is replaced, never is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from amazon_product_types.definition import Definition

#: What Seller Central asks of every listing: attribute, and the guide that does.
GUIDES = {
    "main_product_image_locator": "Product image guide",
    **{f"other_product_image_locator_{n}": "Product image guide" for n in range(1, 6)},
    "generic_keyword": "Use search terms effectively",
    "bullet_point": "Product detail page rules",
    "product_description": "Product detail page rules",
    "title_differentiation": "Submit modular titles",
}


def recommended(definition: Definition, relevant: Iterable[str]) -> dict[str, str]:
    """Return who recommends each recommended attribute of a definition.

    Args:
        definition: The definition.
        relevant: Attributes that Amazon called relevant for this product type.
    """
    sources = {**GUIDES, **dict.fromkeys(relevant, "Amazon's issue 18448")}
    left_out = []
    for name, attribute in definition.attributes.items():
        before, after = _names(attribute.replaces), _names(attribute.replaced_by)
        if before:
            sources[name] = f"takes the place of {', '.join(before)}"
        sources.update(dict.fromkeys(after, f"takes the place of {name}"))
        if after or attribute.schema.get("hidden") or attribute.element.get("hidden"):
            left_out.append(name)
    return {name: source for name, source in sources.items() if name not in left_out}


def _names(pointers: Iterable[object]) -> list[str]:
    """Return the attributes that relative JSON pointers (`1/color`) end at."""
    return [str(pointer).rpartition("/")[2] for pointer in pointers]
