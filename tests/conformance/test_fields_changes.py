"""The drift of a real product type, a year apart, in words."""

from __future__ import annotations

from collections import Counter

from fields_documents import document

from amazon_listings.watch.impact import Mapped, impact
from amazon_product_types.changes import changes, told
from amazon_product_types.definition import Definition
from amazon_product_types.fields import fields
from amazon_product_types.labels import FieldIndex

OLD, NEW = (f"PRODUCT.GB.en_GB.LISTING_OFFER_ONLY.{year}-09" for year in (2024, 2025))


def test_what_changed_in_product_from_2024_to_2025():
    found = changes(Definition(document(OLD)), Definition(document(NEW)))
    assert Counter(change.kind for change in found) == {
        "removed": 1,
        "options_gone": 1,
        "tightened": 2,
        "renamed": 2,
        "added": 29,
        "options_new": 1,
    }
    text = "\n".join(told(found))
    assert "GHS > GHS Statement (ghs.statement.value): no longer exists" in text
    assert "Item Condition (condition_type.value): was called “Offering Condition Type”" in text
    assert "(purchasable_offer.quantity_discount_plan.schedule.levels.lower_bound): at least 2" in text
    assert (
        "new: Other Than Listed (other_than_listed), Sodium Ion (sodium_ion), Wet Alkali (wet_alkali)" in text
    )


def test_only_what_needs_a_person_is_asked_of_one():
    before, after = (FieldIndex(fields(Definition(document(name)))) for name in (OLD, NEW))
    mapping = {
        "Offering Condition Type": "new_new",
        "GHS Statement": "{{ item.ghs }}",
        "Your Price": "{{ item.price }}",
        "Quantity": "{{ item.stock }}",
    }
    found = impact(
        changes(Definition(document(OLD)), Definition(document(NEW))),
        [Mapped("gb_offers", mapping, {})],
        before,
        after,
    )
    assert [(one.key, one.person) for one in found if one.person] == [("GHS Statement", True)]
    assert [one.key for one in found if not one.person] == ["Offering Condition Type"]
    renamed = FieldIndex(fields(Definition(document(NEW))), earlier=before).find("Offering Condition Type")
    assert (renamed.path, renamed.renamed_to) == ("condition_type.value", "Item Condition")
