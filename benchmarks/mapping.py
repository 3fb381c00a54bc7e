"""20,000 items through a 60-line mapping on the real HOME definition of Amazon.fr.

    python benchmarks/mapping.py [--items 20000] [--json]

Rivals, in the same run and on the same items: a plain Python function written by hand for this
mapping, and the same function under pandas' `apply`. All three must give the same payloads; the
goal is at most 2 times the cost of the hand-written function, with memory flat. The hand-written one uses
nothing of ours.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import os
import sys
import time
from operator import truediv
from pathlib import Path
from statistics import median

import pandas as pd
import psutil
from mapping_by_hand import FR, by_hand

from amazon_listings.mapping.mapping import compile_mapping
from amazon_listings.marketplaces import marketplace
from amazon_product_types.definition import Definition
from amazon_product_types.fields import fields
from amazon_product_types.labels import FieldIndex

SHARED = Path(os.environ.get("AMAZON_LISTINGS_SHARED", Path(__file__).resolve().parents[1].parent / "shared"))
DEFINITION = SHARED / "amazon/product_types/HOME.FR.fr_FR.2025-01.json"

MAPPING = {
    "Nom de l'article": {"value": "{{ item.name }}, {{ item.color }}", "truncate": "words"},
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


def items(count):
    """Real-shaped PIM items, made one at a time."""
    for number in range(count):
        product = {
            "id": str(number),
            "ref": f"P{number}",
            "status": "V",
            "modified": "2026-05-01T10:00:00Z",
            "fields": {
                "manufacturer": "Acme Maison",
                "materials": ["Chêne", "Acier"],
                "model": f"M{number % 97}",
                "weight": f"{number % 30},{number % 10}5" if number % 10 else 3,
                "package_weight": 2.5,
                "weight_unit": "kg",
                "length": number % 200 + 1,
                "width": f"{number % 50 + 1},5",
                "height": 30.5,
                "package_length": 40,
                "package_width": 30,
                "package_height": 20,
                "origin": ("France", "Portugal", "Chine")[number % 3],
                "pieces": None if number % 7 == 0 else 2,
                "needs_batteries": "Non",
                "has_batteries": False,
                "node": "3312431031",
                "msrp": "1 249,90",
                "launched": "01/12/2026",
                "most": 10,
                "fragile": "oui",
                "watts": 60 if number % 2 else None,
                "volts": "",
                "boxes": 1,
                "wrap": True,
                "sheet": None,
                "floor": 10,
                "price": "1099,00",
                "form": "",
                "part": f"00{number}",
            },
            "texts": {
                "name": {"fr": f"Table basse ronde en chêne massif numéro {number}", "en": "Table"},
                "description": {"fr": "<p>Une table <b>solide</b> &amp; belle.</p><p>Montage facile.</p>"},
                "point_1": {"fr": "Chêne massif certifié"},
                "point_2": {"fr": "Montage sans outil"},
                "point_3": {"fr": "" if number % 3 else "Garantie 5 ans"},
                "keywords": {"fr": "table  basse salon"},
                "style": {"fr": "Moderne"},
                "pattern": {"fr": "Uni"},
                "shape": {"fr": "Rond"},
                "occasion": {"fr": ""},
                "theme": {"fr": ""},
                "collection": {"fr": "Printemps"},
                "edition": {"fr": ""},
                "design": {"fr": "Fjord"},
                "color": {"fr": "Naturel"},
            },
            "images": {"pictures": [{"url": f"https://img.example/{number}/{n}.jpg"} for n in range(5)]},
        }
        variant = {
            "id": f"v{number}",
            "ref": f"V{number}",
            "status": "V",
            "modified": None,
            "fields": {"size": "m", "ean": "4006381333931", "stock": number % 50, "price": ""},
            "texts": {"color": {"fr": ("Rouge", "", "Vert")[number % 3]}},
            "images": {},
        }
        yield {
            "pim_id": f"variants/v{number}",
            "group": f"products/{number}",
            "sku": f"S{number}",
            "status": "V",
            "modified": None,
            "product": product,
            "variant": variant,
        }


def ours():
    document = json.loads(DEFINITION.read_text())
    mapping = compile_mapping(
        MAPPING,
        index=FieldIndex(fields(Definition(document))),
        definition=document,
        marketplace=marketplace("FR"),
        languages={"fr": FR},
    )
    return lambda item: mapping.apply(item).attributes


def in_turns(plain, compiled, count):
    """Median CPU seconds for 1,000 items of both, the median of their ratios, and what memory grew by in MB.

    Both map the same few items one after the other, now the one first, now the other: what else a machine
    does slows down both alike, so that the ratios are steadier than the times. The making of items is not
    counted.
    """
    process = psutil.Process()
    by_hand, ours, start_memory, peak = [], [], None, 0
    turns = [(plain, by_hand), (compiled, ours)]
    source = items(count)
    while chunk := list(itertools.islice(source, 200)):
        gc.collect()
        turns.reverse()
        for function, spent in turns:
            begun = time.process_time()
            for item in chunk:
                function(item)
            spent.append((time.process_time() - begun) / len(chunk) * 1000)
        memory = process.memory_info().rss / 1e6
        start_memory = memory if start_memory is None else start_memory
        peak = max(peak, memory)
    ratio = median(map(truediv, ours, by_hand))
    return median(by_hand), median(ours), ratio, peak - start_memory


def with_pandas(function, count):
    """The hand-written function under `DataFrame.apply`, item by item."""
    spent = 0.0
    source = items(count)
    while chunk := list(itertools.islice(source, 1000)):
        frame = pd.DataFrame(chunk)
        begun = time.process_time()
        frame.apply(lambda row: function({"product": row["product"], "variant": row["variant"]}), axis=1)
        spent += time.process_time() - begun
    return spent / count * 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if not DEFINITION.exists():
        sys.exit(f"The real definition is not here ({DEFINITION}): nothing measured.")
    plain, compiled = by_hand(json.loads(DEFINITION.read_text())), ours()
    for item in items(300):
        assert plain(item) == compiled(item), (plain(item), compiled(item))
    hand, mapped, times_by_hand, growth = in_turns(plain, compiled, asked.items)
    frame = with_pandas(plain, asked.items)
    result = {
        "items": asked.items,
        "lines": len(MAPPING),
        "by_hand_ms": round(hand * 1000, 1),
        "ours_ms": round(mapped * 1000, 1),
        "pandas_apply_ms": round(frame * 1000, 1),
        "times_by_hand": round(times_by_hand, 2),
        "memory_growth_mb": round(growth, 1),
    }
    if asked.json:
        print(json.dumps(result))
        return
    print(f"{asked.items:,} items, {len(MAPPING)} lines; CPU milliseconds for 1,000 items")
    print(f"  by hand          {result['by_hand_ms']:8.1f}")
    print(
        f"  this mapping     {result['ours_ms']:8.1f}"
        f"   {result['times_by_hand']:.2f} times by hand (goal: at most 2)"
    )
    print(f"  pandas apply     {result['pandas_apply_ms']:8.1f}")
    print(f"  memory grew by   {result['memory_growth_mb']:8.1f} MB over the run")


if __name__ == "__main__":
    main()
