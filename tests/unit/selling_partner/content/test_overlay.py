"""What becomes of each leaf of a listing: the address of a leaf, and what is another marketplace's."""

from amazon_listings.selling_partner.content.leaves import Layout
from amazon_listings.selling_partner.content.overlay import changing, overlays

HERE, THERE = "A13V1IB3VIYZZH", "A1PA6795UKMFR9"
DEFAULTS = {"marketplace_id": HERE, "audience": "ALL"}


def test_the_marketplace_of_a_leaf_is_no_selector_of_it():
    layout = Layout(
        properties={
            "offer": Layout(
                ("audience", "currency", "marketplace_id"), single=True, properties={"price": Layout()}
            )
        }
    )
    wanted = {"offer": [{"marketplace_id": HERE, "currency": "EUR", "audience": "ALL", "price": 5}]}
    (offer,) = overlays({}, {}, wanted, layout, DEFAULTS)
    (difference,) = offer.differences
    assert difference.leaf.marketplace_id == HERE
    assert dict(difference.leaf.selectors) == {"currency": "EUR", "audience": "ALL"}


def test_what_a_listing_holds_of_another_marketplace_is_left_out_where_there_are_none():
    layout = Layout(
        properties={
            "color": Layout(("language_tag",), properties={"language_tag": Layout(), "value": Layout()})
        }
    )
    element = {"language_tag": "fr_FR", "value": "rouge"}
    current = {
        "color": [element | {"marketplace_id": THERE, "value": "rot"}, element | {"marketplace_id": HERE}]
    }
    (color,) = overlays(current, {}, {"color": [element]}, layout, DEFAULTS)
    assert list(changing(current, {}, {"color": [element]}, layout, DEFAULTS)) == []
    assert color.differences == ()
    assert color.target == [element]
