"""The shapes of payloads, and what items share of them."""

from amazon_listings.checks.shapes import ShapeReader
from amazon_listings.runs.plan import Method
from amazon_listings.runs.records import MappedItem, encode
from amazon_listings.runs.shared_payloads import SharedPayloads
from support.run_records import judged_item

DOCUMENT = {"properties": {"size": {"items": {"properties": {"value": {"enum": ["S", "M"]}}}}}}


def item(**values):
    attributes = {name: [{"value": value, "marketplace_id": "A"}] for name, value in values.items()}
    return MappedItem(pim_id="p", sku="s", group="g", hash="h", requirements="LISTING", attributes=attributes)


def shapes(reader, one):
    return reader.of(one, Method.PUT, ())


def test_shapes_do_not_depend_on_the_items_before():
    """1, 1.0 and true are equal to Python, and of other kinds."""
    items = [item(size=size, count=count) for size in ("S", "M") for count in (1, 1.0, True, "1", None)]
    reader = ShapeReader(DOCUMENT, SharedPayloads())
    found = [shapes(reader, one) for one in items]
    assert found == [shapes(ShapeReader(DOCUMENT, SharedPayloads()), one) for one in items]
    assert len({frozenset(one) for one in found}) == len(items)


def test_the_same_value_of_two_attributes_has_two_shapes():
    reader = ShapeReader(DOCUMENT, SharedPayloads())
    assert shapes(reader, item(size="S")) != shapes(reader, item(length="S"))


def test_items_that_share_attributes_have_the_shapes_of_their_own():
    payloads = SharedPayloads()
    values = [("S", "Acme"), ("M", "Lumen"), ("S", "Lumen"), ("M", "Acme")] * 3
    apart = [item(size=size, brand=brand, name=f"Lampe {n}") for n, (size, brand) in enumerate(values)]
    shared = [payloads.decode(encode(one)) for one in apart]
    readers = ShapeReader(DOCUMENT, payloads), ShapeReader(DOCUMENT, SharedPayloads())
    for reader, items in zip(readers, (shared, apart), strict=True):
        for one in items:
            reader.see(one.attributes)
    found = [shapes(readers[0], one) for one in shared]
    assert found == [shapes(readers[1], one) for one in apart]
    assert len({frozenset(one) for one in found}) == 4  # the brands are few, the names are not
    readers[0].see(item(brand="New").attributes)
    assert [shapes(readers[0], one) for one in shared] == found


def test_what_amazon_is_not_asked_about_makes_no_value_a_frequent_one():
    values = [("S", "Acme"), ("M", "Lumen"), ("S", "Lumen"), ("M", "Acme")] * 3
    items = [item(size=size, brand=brand, name=f"Lampe {n}") for n, (size, brand) in enumerate(values)]
    kinds = {}
    for outcome in ("extracted", "unchanged"):
        reader = ShapeReader(DOCUMENT, SharedPayloads())
        reader.see_all(items, [judged_item("p", outcome)])
        kinds[outcome] = len({frozenset(shapes(reader, one)) for one in items})
    assert kinds == {"extracted": 4, "unchanged": 2}


def test_latin_letters_are_of_one_kind_those_beyond_the_first_256_too():
    reader = ShapeReader(DOCUMENT, SharedPayloads())
    ascii_, latin, beyond, other, chinese = (
        frozenset(shapes(reader, item(name=text))) for text in ("Lampe", "Lumière", "Łódź", "5 €", "灯")
    )
    assert latin == beyond
    assert other == chinese
    assert len({ascii_, latin, other}) == 3


def seen(reader, items):
    for one in items:
        reader.see(one.attributes)
    return [frozenset(shapes(reader, one)) for one in items]


def test_a_value_that_many_items_have_is_told_apart_among_many_values():
    brands = [f"Marque {n}" for n in range(4000)] + ["Fade"] * 20
    items = [item(brand=brand, name=f"Lampe {n}") for n, brand in enumerate(brands)]
    found = seen(ShapeReader(DOCUMENT, SharedPayloads()), items)
    assert len({found[n] for n in (1000, 2000, 3000)}) == 1, "each of them is rare"
    assert found[-1] not in found[:4000]
    alone = seen(ShapeReader(DOCUMENT, SharedPayloads()), items[:4009])
    assert alone[-1] in alone[1000:4000], "nine are few"
    named = [item(brand="Acme", name=f"Lampe {n}" if n < 3001 else "Lampe") for n in range(3030)]
    found = seen(ShapeReader(DOCUMENT, SharedPayloads()), named)
    assert found[0] == found[1000], "names of which one is frequent"
    assert found[-1] not in found[:3000]


def test_barcode_numbers_are_told_apart_by_company():
    numbers = [f"40063813{n:05}" for n in range(400)] + [f"49000000{n:05}" for n in range(20)]
    name = "externally_assigned_product_identifier"
    found = seen(ShapeReader(DOCUMENT, SharedPayloads()), [item(**{name: one}) for one in numbers])
    assert len(set(found[:400])) == len(set(found[400:])) == 1
    assert found[0] != found[-1]
    short = seen(ShapeReader(DOCUMENT, SharedPayloads()), [item(**{name: "065100004327"})] * 3)
    assert len(set(short)) == 1


def test_what_other_items_have_is_missed_where_all_is_sent():
    full, bare = item(size="S", brand="Acme"), item(size="S")
    reader = ShapeReader(DOCUMENT, SharedPayloads())
    seen(reader, [full, bare])
    assert "brand" in shapes(reader, bare).values()
    assert "brand" not in reader.of(bare, Method.PATCH, {"size"}).values()
    assert "brand" not in shapes(ShapeReader(DOCUMENT, SharedPayloads()), bare).values()
