"""20,000 items through a 60-line mapping on the real HOME definition of Amazon.fr.

    python benchmarks/mapping.py [--items 20000] [--json]

Rivals, in the same run and on the same items: a plain Python function written by hand for this
mapping, and the same function under pandas' `apply`. All three must give the same payloads; the
goal is under 3 times the cost of the hand-written function, with memory flat.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import os
import sys
import time
from pathlib import Path

import pandas as pd
import psutil

from amazon_listings.mapping import compile_mapping
from amazon_listings.marketplaces import marketplace
from amazon_listings.product_types.fields import fields
from amazon_listings.product_types.labels import FieldIndex

SHARED = Path(os.environ.get("AMAZON_LISTINGS_SHARED", Path(__file__).resolve().parents[1].parent / "shared"))
DEFINITION = SHARED / "amazon/product_types/HOME.FR.fr_FR.2025-01.json"
MARKET = "A13V1IB3VIYZZH"
FR = "fr_FR"

MAPPING = {
    "Nom de l'article": {"value": "{{ item.name }} – {{ item.color }}", "truncate": "words"},
    "Marque": "Acme",
    "Fabricant": "{{ item.manufacturer }}",
    "Description du produit > Description du produit": "{{ item.description }}",
    "Puce": ["{{ item.point_1 }}", "{{ item.point_2 }}", "{{ item.point_3 }}"],
    "generic_keyword": "{{ item.keywords | clean_text }}",
    "Couleur": "{{ item.color }}",
    "Taille": "{{ item.size | upper }}",
    "style": "{{ item.style }}",
    "material": "{{ item.materials }}",
    "pattern": "{{ item.pattern }}",
    "model_name": "{{ item.model }}",
    "model_number": "{{ item.reference }}",
    "part_number": "{{ item.part }}",
    "item_weight": {"value": "{{ item.weight }}", "unit": "kilograms"},
    "item_package_weight": {"value": "{{ item.package_weight }}", "unit": "{{ item.weight_unit }}"},
    "item_dimensions.length.value": "{{ item.length }}",
    "item_dimensions.length.unit": "centimeters",
    "item_dimensions.width.value": "{{ item.width }}",
    "item_dimensions.width.unit": "centimeters",
    "item_dimensions.height.value": "{{ item.height }}",
    "item_dimensions.height.unit": "centimeters",
    "item_package_dimensions.length.value": "{{ item.package_length }}",
    "item_package_dimensions.length.unit": "centimeters",
    "item_package_dimensions.width.value": "{{ item.package_width }}",
    "item_package_dimensions.width.unit": "centimeters",
    "item_package_dimensions.height.value": "{{ item.package_height }}",
    "item_package_dimensions.height.unit": "centimeters",
    "country_of_origin": "{{ item.origin }}",
    "number_of_items": "{{ item.pieces | default(1) }}",
    "item_package_quantity": 1,
    "unit_count.value": "{{ item.pieces }}",
    "unit_count.type.value": "unité",
    "Piles nécessaires ?": "{{ item.needs_batteries }}",
    "batteries_included": "{{ item.has_batteries }}",
    "supplier_declared_dg_hz_regulation": "not_applicable",
    "recommended_browse_nodes": "{{ item.node }}",
    "condition_type": "Nouveau",
    "list_price": "{{ item.msrp }}",
    "product_site_launch_date": "{{ item.launched }}",
    "merchant_release_date": "{{ item.launched }}",
    "max_order_quantity": "{{ item.most }}",
    "is_fragile": "{{ item.fragile }}",
    "item_shape": "{{ item.shape }}",
    "occasion": "{{ item.occasion }}",
    "theme": "{{ item.theme }}",
    "collection_description": "{{ item.collection }}",
    "edition": "{{ item.edition }}",
    "design_name": "{{ item.design }}",
    "wattage": {"value": "{{ item.watts }}", "unit": "watts"},
    "voltage": {"value": "{{ item.volts }}", "unit": "volts"},
    "number_of_boxes": "{{ item.boxes }}",
    "gift_options": {"can_be_messaged": True, "can_be_wrapped": "{{ item.wrap }}"},
    "skip_offer": False,
    "safety_data_sheet_url": "{{ item.sheet }}",
    "gtin": "{{ item.ean }}",
    "images": "{{ item.pictures }}",
    "offers": {"price": "{{ item.price }}", "minimum": "{{ item.floor }}"},
    "stock": {"quantity": "{{ item.stock }}", "handling_days": 2},
    "item_form": "{{ item.form }}",
}

WEIGHTS = {"kg": "kilograms", "g": "grams"}
COUNTRIES = {"France": "FR", "Portugal": "PT", "Chine": "CN"}


def items(count):
    """Real-shaped PIM items, made one at a time."""
    for number in range(count):
        product = {
            "id": str(number), "ref": f"P{number}", "status": "V", "modified": "2026-05-01T10:00:00Z",
            "fields": {
                "manufacturer": "Acme Maison", "materials": ["Chêne", "Acier"], "model": f"M{number % 97}",
                "weight": f"{number % 30},{number % 10}5" if number % 10 else 3, "package_weight": 2.5, "weight_unit": "kg",
                "length": number % 200 + 1, "width": f"{number % 50 + 1},5", "height": 30.5, "package_length": 40,
                "package_width": 30, "package_height": 20, "origin": ("France", "Portugal", "Chine")[number % 3],
                "pieces": None if number % 7 == 0 else 2, "needs_batteries": "Non", "has_batteries": False,
                "node": "3312431031", "msrp": "1 249,90", "launched": "01/12/2026", "most": 10, "fragile": "oui",
                "watts": 60 if number % 2 else None, "volts": "", "boxes": 1, "wrap": True, "sheet": None,
                "floor": 10, "price": "1099,00", "form": "", "part": f"00{number}",
            },
            "texts": {
                "name": {"fr": f"Table basse ronde en chêne massif numéro {number}", "en": "Table"},
                "description": {"fr": "<p>Une table <b>solide</b> &amp; belle.</p><p>Montage facile.</p>"},
                "point_1": {"fr": "Chêne massif certifié"}, "point_2": {"fr": "Montage sans outil"},
                "point_3": {"fr": "" if number % 3 else "Garantie 5 ans"},
                "keywords": {"fr": "table  basse salon"}, "style": {"fr": "Moderne"},
                "pattern": {"fr": "Uni"}, "shape": {"fr": "Rond"}, "occasion": {"fr": ""}, "theme": {"fr": ""},
                "collection": {"fr": "Printemps"}, "edition": {"fr": ""}, "design": {"fr": "Fjord"},
                "color": {"fr": "Naturel"},
            },
            "images": {"pictures": [{"url": f"https://img.example/{number}/{n}.jpg"} for n in range(5)]},
        }  # fmt: skip
        variant = {
            "id": f"v{number}", "ref": f"V{number}", "status": "V", "modified": None,
            "fields": {"size": "m", "ean": "4006381333931", "stock": number % 50, "price": ""},
            "texts": {"color": {"fr": ("Rouge", "", "Vert")[number % 3]}}, "images": {},
        }  # fmt: skip
        yield {"id": f"variants/v{number}", "group": f"products/{number}", "sku": f"S{number}", "status": "V",
               "modified": None, "product": product, "variant": variant}  # fmt: skip


def by_hand():
    """The mapping as a Python programmer would write it, once, for this definition."""
    from amazon_listings.mapping.conversion import Reading, Treatment, converter
    from amazon_listings.mapping.dates import iso, moment
    from amazon_listings.mapping.html_text import html_to_text, is_html
    from amazon_listings.mapping.lengths import truncate_words
    from amazon_listings.mapping.quantities import number as read_number
    from amazon_listings.mapping.words import yes_or_no

    del Reading, Treatment, converter
    suggested = {
        name: {option.name.lower(): option.value for option in item.options}
        for item in fields(json.loads(DEFINITION.read_text()))
        for name in [item.path]
        if item.open
    }

    def clean(text):
        return html_to_text(text) if is_html(text) else text.strip()

    def yes(value):
        return value if isinstance(value, bool) else yes_or_no(value)

    def num(value):
        return value if type(value) is int else read_number(value)

    def map_item(item):
        product, variant = item["product"], item["variant"]
        pf, vf, pt, vt = product["fields"], variant["fields"], product["texts"], variant["texts"]

        def get(name):
            value = vf.get(name)
            if value is None or value == "":
                value = pf.get(name)
            return None if value == "" else value

        def text(name):
            value = vt[name].get("fr") if name in vt else None
            return value or pt[name].get("fr")

        out = {}

        def put(name, value):
            out[name] = [{"value": value, "marketplace_id": MARKET}]

        def put_text(name, value):
            out[name] = [{"value": value, "language_tag": FR, "marketplace_id": MARKET}]

        title = f"{text('name')} – {text('color')}"
        put_text("item_name", truncate_words(clean(title), characters=200))
        put_text("brand", "Acme")
        if value := get("manufacturer"):
            put_text("manufacturer", clean(value))
        if value := text("description"):
            put_text("product_description", clean(value))
        points = [clean(p) for p in (text("point_1"), text("point_2"), text("point_3")) if p]
        if points:
            out["bullet_point"] = [{"value": p, "language_tag": FR, "marketplace_id": MARKET} for p in points[:10]]
        if value := text("keywords"):
            put_text("generic_keyword", clean(" ".join(value.split())))
        if value := text("color"):
            put_text("color", clean(value))
        if value := get("size"):
            put_text("size", clean(value.upper()))
        for name, field in (("style", "style"), ("pattern", "pattern"), ("item_shape", "shape")):
            if value := text(field):
                put_text(name, suggested[f"{name}.value"].get(value.lower(), value))
        if value := get("materials"):
            out["material"] = [{"value": clean(m), "language_tag": FR, "marketplace_id": MARKET} for m in value[:14]]
        if value := get("model"):
            put_text("model_name", clean(value))
        put("model_number", clean(variant["ref"]))
        if value := get("part"):
            put("part_number", clean(value))
        if (value := get("weight")) is not None:
            out["item_weight"] = [{"value": num(value), "unit": "kilograms", "marketplace_id": MARKET}]
        if (value := get("package_weight")) is not None:
            unit = WEIGHTS[get("weight_unit")]
            out["item_package_weight"] = [{"value": num(value), "unit": unit, "marketplace_id": MARKET}]
        for name, prefix in (("item_dimensions", ""), ("item_package_dimensions", "package_")):
            sides = {}
            for side in ("length", "width", "height"):
                if (value := get(prefix + side)) is not None:
                    sides[side] = {"value": num(value), "unit": "centimeters"}
            if sides:
                sides["marketplace_id"] = MARKET
                out[name] = [sides]
        if value := get("origin"):
            put("country_of_origin", COUNTRIES[value])
        pieces = get("pieces")
        put("number_of_items", 1 if pieces is None else int(num(pieces)))
        put("item_package_quantity", 1)
        if pieces is not None:
            out["unit_count"] = [{"value": num(pieces), "type": {"value": "unité", "language_tag": FR}, "marketplace_id": MARKET}]
        put("batteries_required", yes(get("needs_batteries")))
        put("batteries_included", yes(get("has_batteries")))
        put("supplier_declared_dg_hz_regulation", "not_applicable")
        if value := get("node"):
            put("recommended_browse_nodes", clean(value))
        put("condition_type", "new_new")
        if (value := get("msrp")) is not None:
            out["list_price"] = [{"value_with_tax": num(value), "currency": "EUR", "marketplace_id": MARKET}]
        if value := get("launched"):
            put("product_site_launch_date", iso(moment(value)))
            put("merchant_release_date", iso(moment(value)))
        if (value := get("most")) is not None:
            put("max_order_quantity", int(num(value)))
        if (value := get("fragile")) is not None:
            put("is_fragile", yes(value))
        for name, field in (("occasion", "occasion"), ("theme", "theme"), ("collection_description", "collection"),
                            ("edition", "edition"), ("design_name", "design")):  # fmt: skip
            if value := text(field):
                put_text(name, clean(value))
        if (value := get("watts")) is not None:
            out["wattage"] = [{"value": num(value), "unit": "watts", "marketplace_id": MARKET}]
        if (value := get("volts")) is not None:
            out["voltage"] = [{"value": num(value), "unit": "volts", "marketplace_id": MARKET}]
        if (value := get("boxes")) is not None:
            put("number_of_boxes", int(num(value)))
        out["gift_options"] = [{"can_be_messaged": True, "can_be_wrapped": yes(get("wrap")), "marketplace_id": MARKET}]
        put("skip_offer", False)
        if value := get("sheet"):
            put_text("safety_data_sheet_url", value)
        if value := get("ean"):
            digits = value.replace(" ", "").replace("-", "")
            kind = {12: "upc", 14: "gtin"}.get(len(digits), "ean")
            out["externally_assigned_product_identifier"] = [{"type": kind, "value": digits, "marketplace_id": MARKET}]
        pictures = product["images"].get("pictures") or []
        names = ["main_product_image_locator", *(f"other_product_image_locator_{n}" for n in range(1, 9))]
        for name, picture in zip(names, pictures, strict=False):
            out[name] = [{"media_location": picture["url"].strip(), "marketplace_id": MARKET}]
        if (value := get("price")) is not None:
            offer = {"currency": "EUR", "audience": "ALL", "our_price": [{"schedule": [{"value_with_tax": num(value)}]}],
                     "marketplace_id": MARKET}  # fmt: skip
            if (least := get("floor")) is not None:
                offer["minimum_seller_allowed_price"] = [{"schedule": [{"value_with_tax": num(least)}]}]
            out["purchasable_offer"] = [offer]
        if (value := get("stock")) is not None:
            out["fulfillment_availability"] = [{"fulfillment_channel_code": "DEFAULT", "quantity": int(num(value)),
                                                "lead_time_to_ship_max_days": 2}]  # fmt: skip
        if value := text_or_field(pf, pt, "form"):
            put_text("item_form", clean(value))
        return out

    def text_or_field(pf, pt, name):
        return pf.get(name) or (pt.get(name) or {}).get("fr")

    return map_item


def ours():
    document = json.loads(DEFINITION.read_text())
    mapping = compile_mapping(
        MAPPING, index=FieldIndex(fields(document)), definition=document, marketplace=marketplace("FR"), languages={"fr": FR}
    )  # fmt: skip
    return lambda item: mapping.apply(item).attributes


def timed(function, count):
    """Seconds per 1,000 items, the making of items not counted; and what memory grew by, in MB."""
    process = psutil.Process()
    spent, start_memory, peak = 0.0, None, 0
    source = items(count)
    while chunk := list(itertools.islice(source, 1000)):
        gc.collect()
        begun = time.perf_counter()
        for item in chunk:
            function(item)
        spent += time.perf_counter() - begun
        memory = process.memory_info().rss / 1e6
        start_memory = memory if start_memory is None else start_memory
        peak = max(peak, memory)
    return spent / count * 1000, peak - start_memory


def with_pandas(function, count):
    """The hand-written function under `DataFrame.apply`, item by item."""
    spent = 0.0
    source = items(count)
    while chunk := list(itertools.islice(source, 1000)):
        frame = pd.DataFrame(chunk)
        begun = time.perf_counter()
        frame.apply(lambda row: function({"product": row["product"], "variant": row["variant"]}), axis=1)
        spent += time.perf_counter() - begun
    return spent / count * 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if not DEFINITION.exists():
        sys.exit(f"The real definition is not here ({DEFINITION}): nothing measured.")
    plain, compiled = by_hand(), ours()
    for item in items(300):
        assert plain(item) == compiled(item), (plain(item), compiled(item))
    rounds = [(timed(plain, asked.items // 2), timed(compiled, asked.items // 2)) for _ in range(2)]
    hand = min(one[0][0] for one in rounds)
    mapped = min(one[1][0] for one in rounds)
    frame = with_pandas(plain, asked.items)
    result = {
        "items": asked.items, "lines": len(MAPPING), "by_hand_ms": round(hand * 1000, 1), "ours_ms": round(mapped * 1000, 1),
        "pandas_apply_ms": round(frame * 1000, 1), "times_by_hand": round(mapped / hand, 2),
        "memory_growth_mb": round(max(one[1][1] for one in rounds), 1),
    }  # fmt: skip
    if asked.json:
        print(json.dumps(result))
        return
    print(f"{asked.items:,} items, {len(MAPPING)} lines; milliseconds for 1,000 items")
    print(f"  by hand          {result['by_hand_ms']:8.1f}")
    print(f"  this mapping     {result['ours_ms']:8.1f}   {result['times_by_hand']:.2f} times by hand (goal: under 3)")
    print(f"  pandas apply     {result['pandas_apply_ms']:8.1f}")
    print(f"  memory grew by   {result['memory_growth_mb']:8.1f} MB over the run")


if __name__ == "__main__":
    main()
