import re
import tracemalloc
from collections import Counter
from itertools import islice

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from spapi_sandbox.catalogue.catalogue import generate, load
from spapi_sandbox.catalogue.files import FOLDER
from spapi_sandbox.catalogue.written import DAY, EPOCH, gtin13

MISTAKES = yaml.safe_load((FOLDER / "mistakes.yaml").read_text(encoding="utf-8"))
LANGUAGES = ("en", "es", "fr", "de")


@pytest.fixture(scope="module")
def catalogue():
    return load()


def items(catalogue):
    """(product type, product, variant or None) of what a connector exports."""
    for product in catalogue.entries("products"):
        variants = catalogue.variants_of(product.id)
        if product.status != "V":
            continue
        for variant in variants or [None]:
            if variant is None or variant.status == "V":
                yield product.values["amazon_product_type"], product, variant


def is_valid_gtin(text):
    return isinstance(text, str) and re.fullmatch(r"\d{13}", text) is not None and gtin13(text[:12]) == text


def test_check_digit_of_a_published_number():
    assert gtin13("400638133393") == "4006381333931"


def test_size_and_shape(catalogue):
    products, variants = list(catalogue.entries("products")), list(catalogue.entries("variants"))
    assert len(products) >= 66
    assert len(variants) >= 140
    per_type = Counter(product.values["amazon_product_type"] for product in products)
    assert set(per_type) == {"LAMP", "BACKPACK", "DRINKING_CUP"}
    assert min(per_type.values()) >= 22
    assert {product.status for product in products} == {"V", "I", "D"}
    assert any(not catalogue.variants_of(product.id) for product in products)
    assert all(EPOCH - 30 * DAY <= entry.modified < EPOCH for entry in (*products, *variants))


def test_every_value_is_of_a_known_field_and_every_text_has_all_languages_but_where_listed(catalogue):
    missing = {(m["ref"], field) for m in MISTAKES if "language" in m for field in m["set"]}
    for table in ("categories", "products", "variants"):
        for entry in catalogue.entries(table):
            assert set(entry.values) <= set(catalogue.fields[table])
            for name, value in entry.values.items():
                if (
                    catalogue.fields[table][name].per_language
                    and value is not None
                    and (entry.ref, name) not in missing
                ):
                    assert tuple(value) == LANGUAGES
                    assert all(text.strip() and "{" not in text for text in value.values()), (entry.ref, name)


def test_most_visible_items_of_each_family_are_clean(catalogue):
    wrong = {mistake["ref"] for mistake in MISTAKES}
    wrong |= {mistake["rename"] for mistake in MISTAKES if "rename" in mistake}
    total, clean = Counter(), Counter()
    for kind, product, variant in items(catalogue):
        total[kind] += 1
        clean[kind] += product.ref not in wrong and (variant is None or variant.ref not in wrong)
    for kind in total:
        assert clean[kind] / total[kind] >= 0.7, (kind, clean[kind], total[kind])


def test_every_mistake_is_in_a_visible_item_and_in_the_list_for_people(catalogue):
    seen = set()
    for _, product, variant in items(catalogue):
        seen.add(("products", product.ref))
        if variant is not None:
            seen.add(("variants", variant.ref))
    assert {(m["table"], m.get("rename", m["ref"])) for m in MISTAKES} <= seen
    rows = re.findall(
        r"^\| `(\w+)` \| \w+ \| (\w+) \| `(.+?)` \|",
        (FOLDER / "MISTAKES.md").read_text("utf-8"),
        re.MULTILINE,
    )
    assert Counter(rows) == Counter((m["kind"], m["table"], m["ref"]) for m in MISTAKES)


def test_codes_are_right_except_where_a_mistake_is_listed(catalogue):
    gtins = {m["ref"] for m in MISTAKES if re.search(r"(^|_)ean", m["kind"])}
    skus = {m["ref"] for m in MISTAKES if "sku" in m["kind"] or m["kind"] == "injection_sql"}
    found_gtins, found_skus = set(), set()
    refs = Counter(variant.ref for variant in catalogue.entries("variants"))
    eans = Counter(variant.values["ean"] for variant in catalogue.entries("variants"))
    by_new_ref = {m["rename"]: m["ref"] for m in MISTAKES if "rename" in m}
    for _, product, variant in items(catalogue):
        entry = variant or product
        if not is_valid_gtin(entry.values["ean"]) or (variant and eans[entry.values["ean"]] > 1):
            found_gtins.add(entry.ref)
        sendable = re.fullmatch(r"[A-Z0-9-]{1,40}", entry.ref)
        if not sendable or (variant and refs[entry.ref] > 1):
            found_skus.add(by_new_ref.get(entry.ref, entry.ref))
    assert found_gtins == gtins | {"LUM-C117-BLU"}  # the other half of the pair
    assert found_skus <= skus | {"LUM-L103-GRY", "LUM-L103-BLK"}
    assert len(found_skus) == len(skus)  # both halves of the duplicate bear one name


def test_the_same_seed_gives_the_same_catalogue_and_another_one_differs():
    def stocks(seed):
        return [entry.values["stock"] for entry in load(seed=seed).entries("variants")]

    assert stocks(1) == stocks(1)
    assert stocks(1) != stocks(2)


@settings(max_examples=15, deadline=None)
@given(n_items=st.integers(1, 300), seed=st.integers(0, 5))
def test_a_generated_catalogue_has_exactly_the_items_asked_for(n_items, seed):
    large = generate(n_items, seed)
    products, variants = list(large.entries("products")), list(large.entries("variants"))
    assert len(variants) + sum(1 for p in products if not large.variants_of(p.id)) == n_items
    assert [v.id for p in products for v in large.variants_of(p.id)] == [v.id for v in variants]
    assert all(large.get("variants", v.id) == v and large.get("products", v.parent) for v in variants)
    assert len({v.ref for v in variants} | {p.ref for p in products}) == len(variants) + len(products)
    assert all(is_valid_gtin(v.values["ean"]) for v in variants)
    assert large.get("products", products[-1].id + 1) is None


def test_a_large_catalogue_is_the_beginning_of_a_larger_one_and_holds_nothing():
    small, huge = generate(100, 3), generate(100_000_000, 3)
    first = list(small.entries("products"))
    assert list(islice(huge.entries("products"), len(first))) == first
    far = next(huge.entries("variants", 60_000_000))
    assert huge.get("products", far.parent)
    tracemalloc.start()
    for _ in islice(huge.entries("variants"), 5_000):
        pass
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def test_edits_lie_over_the_stock_and_a_reset_takes_them_away():
    catalogue = load()
    before = list(catalogue.entries("variants"))
    catalogue.edit("products", 1001, now=EPOCH + 1, values={"brand": "Nova"})
    catalogue.edit("products", 1002, now=EPOCH + 2, status="I")
    catalogue.delete("products", 1003, now=EPOCH + 3)
    added = catalogue.add("variants", now=EPOCH + 4, ref="NEW-1", values={"size": "XL"}, parent=1001)
    assert catalogue.get("products", 1001).values["brand"] == "Nova"
    assert [v.ref for v in catalogue.variants_of(1001)][-1] == "NEW-1"
    assert next(catalogue.entries("variants", added.id - 1)) == added
    assert catalogue.get("products", 1003) is None
    assert dict(catalogue.departures("products", EPOCH)) == {1002: EPOCH + 2, 1003: EPOCH + 3}
    gone = {entry_id for entry_id, _ in catalogue.departures("variants", EPOCH)}
    assert gone == {v.id for v in before if v.parent in {1002, 1003}}
    catalogue.edit("products", 1002, now=EPOCH + 5, status="V")
    assert dict(catalogue.departures("products", EPOCH)) == {1003: EPOCH + 3}
    assert all(v.modified == EPOCH + 5 for v in catalogue.variants_of(1002))
    catalogue.reset()
    assert list(catalogue.entries("variants")) == before
    assert catalogue.get("products", 1001).values["brand"] == "Lumio"


def test_an_added_id_is_never_used_again():
    catalogue = load()
    first = catalogue.add("products", now=EPOCH, ref="A", values={})
    catalogue.delete("products", first.id, now=EPOCH)
    assert catalogue.add("products", now=EPOCH, ref="B", values={}).id == first.id + 1


@pytest.mark.parametrize("place", [{"parent": 999}, {}])
def test_a_variant_needs_its_product(place):
    with pytest.raises(KeyError, match="product"):
        load().add("variants", now=EPOCH, ref="X", values={}, **place)


def test_an_unknown_field_is_refused():
    with pytest.raises(KeyError, match="colour"):
        load().edit("products", 1001, now=EPOCH, values={"colour": "red"})


def test_lengths_are_wrong_in_the_way_that_is_said(catalogue):
    by_kind = {m["kind"]: m for m in MISTAKES}
    in_bytes = by_kind["title_too_long_bytes"]["set"]["product_name"]
    assert len(in_bytes) < 200 < len(in_bytes.encode())
    assert len(by_kind["title_too_long_characters"]["set"]["product_name"]) > 250
    assert len(by_kind["sku_too_long"]["rename"]) > 40
    wrong = {m["ref"] for m in MISTAKES if "title" in m["kind"]}
    names = [
        t
        for p in catalogue.entries("products")
        if p.ref not in wrong
        for t in p.values["product_name"].values()
    ]
    assert max(len(name.encode()) for name in names) < 100
