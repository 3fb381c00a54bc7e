"""Products and variants become items: N variants are N items, a product without any is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amazon_listings.sources.errors import UnusableRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amazon_listings.errors import ItemError
    from amazon_listings.item import Item, Record
    from amazon_listings.sources.staging import StagingStore


def join(product: Record, variant: Record | None) -> Item:
    """Return the item of a variant with its product, or of a product alone; the SKU is not known yet."""
    own = variant or product
    return {
        "pim_id": f"variants/{variant['id']}" if variant else f"products/{product['id']}",
        "group": f"products/{product['id']}",
        "sku": None,
        "status": own["status"] or product["status"],
        "modified": max(filter(None, (product["modified"], own["modified"])), default=None)
        if variant
        else product["modified"] or None,
        "product": product,
        "variant": variant,
    }


def items(store: StagingStore) -> Iterator[Item]:
    """Yield every item of the store, families together.

    A product whose variants are all unwanted (invisible, say) makes no item: it is not sold by
    itself.
    """
    for family in store.families():
        if family.lone:
            yield join(family.product, None)
        else:
            for variant in family.variants:
                yield join(family.product, variant)


def orphan_problems(store: StagingStore) -> Iterator[ItemError]:
    """Yield one error for each wanted variant whose product the PIM did not send."""
    for parent, variant in store.orphans():
        yield UnusableRecord(
            "sources.orphan",
            sku=variant["ref"] or variant["id"],
            product=parent or "-",
        )
