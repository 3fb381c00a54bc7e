"""The written catalogue, expanded: one row of a family's file becomes a product with its variants."""

from __future__ import annotations

import random
from bisect import bisect_right
from itertools import count
from typing import TYPE_CHECKING, Any

from spapi_sandbox.catalogue.entry import TABLES, VISIBLE, Entry, Table
from spapi_sandbox.catalogue.files import CatalogueFiles, Plan
from spapi_sandbox.catalogue.texts import decimal, texts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

EPOCH = 1793491200
"""2026-11-01T00:00:00Z: original entries were last changed in the 30 days before."""

DAY = 86_400
FIRST_PRODUCT, FIRST_VARIANT = 1001, 5001
SIZE_PRICE_STEP = 0.15
SALE_SHARE, CLEARANCE_SHARE = 0.25, 0.4
GRAMS_BELOW = 0.25
AS_PNG = 4
"""The fourth picture of a product is a PNG, the others are JPEGs."""


def gtin13(twelve_digits: str) -> str:
    """`twelve_digits` with the GS1 check digit appended."""
    total = sum(int(digit) * (3 if index % 2 else 1) for index, digit in enumerate(twelve_digits))
    return f"{twelve_digits}{-total % 10}"


class ListedStock:
    """The entries of the files, all in memory: categories, products and variants by id."""

    def __init__(self, files: CatalogueFiles, *, seed: int = 0, mistakes: bool = True) -> None:
        self._entries: dict[Table, dict[int, Entry]] = {table: {} for table in TABLES}
        self._variants: dict[int, list[Entry]] = {}
        for entry in _expand(files, seed):
            self._entries[entry.table][entry.id] = entry
            if entry.table == "variants" and entry.parent is not None:
                self._variants.setdefault(entry.parent, []).append(entry)
        self._ids = {table: sorted(entries) for table, entries in self._entries.items()}
        if mistakes:
            _make_mistakes(files, self._entries)

    def entries(self, table: Table, after: int) -> Iterator[Entry]:
        """Entries with an id above `after`, by id."""
        ids = self._ids[table]
        for position in range(bisect_right(ids, after), len(ids)):
            yield self._entries[table][ids[position]]

    def get(self, table: Table, entry_id: int) -> Entry | None:
        """Return the entry, or None."""
        return self._entries[table].get(entry_id)

    def variants_of(self, product: int) -> list[Entry]:
        """Return the product's variants, by id."""
        return self._variants.get(product, [])

    def last_id(self, table: Table) -> int:
        """Return the highest id in use."""
        return self._ids[table][-1]


def _expand(files: CatalogueFiles, seed: int) -> Iterator[Entry]:
    for category_id, row in files.words["categories"].items():
        yield _category(files, category_id, row)
    eans = (gtin13(f"{files.words['ean_prefix']}{serial:05}") for serial in count(1))
    variant_ids = count(FIRST_VARIANT)
    plans = [
        (family, position, row)
        for family in files.families
        for position, row in enumerate(family["products"])
    ]
    for product_id, (family, position, row) in enumerate(plans, start=FIRST_PRODUCT):
        ref = f"LUM-{family['letter']}{101 + position}"
        chance = random.Random(f"{seed}:{ref}")  # noqa: S311 - a catalogue, not a secret
        plan = Plan(files, family, row)
        product = _product(plan, product_id, ref, chance)
        choices = _choices(row)
        if not choices:
            product.values["ean"] = next(eans)
        yield product
        for choice in choices:
            yield _variant(plan, product, choice, variant_id=next(variant_ids), ean=next(eans), chance=chance)


def _category(files: CatalogueFiles, category_id: int, row: dict[str, Any]) -> Entry:
    names = {language: row[language] for language in files.languages}
    return Entry(
        table="categories",
        id=category_id,
        ref=row["ref"],
        status=VISIBLE,
        modified=EPOCH - 30 * DAY,
        created=EPOCH - 400 * DAY,
        media_modified=EPOCH - 400 * DAY,
        parent=row["parent"],
        values={
            "section_name": names,
            "section_description": {language: f"<p>{name}</p>" for language, name in names.items()},
            "section_image": [_image(category_id * 100, row["ref"].lower(), "png")],
        },
    )


def _choices(row: dict[str, Any]) -> list[tuple[str, str | None]]:
    sizes: list[str | None] = [str(size) for size in row.get("sizes", ())] or [None]
    return [(color, size) for color in row.get("colors", ()) for size in sizes]


def _image(image_id: int, name: str, ending: str = "jpg") -> dict[str, Any]:
    return {"id": image_id, "name": f"{name}.{ending}", "url": f"/images/ORG/{name}.{ending}"}


def _product(plan: Plan, product_id: int, ref: str, chance: random.Random) -> Entry:
    family, row, kind = plan.family, plan.row, plan.kind
    height, width, depth = row["cm"]
    on_sale = chance.random() < SALE_SHARE
    launch = f"20{chance.randint(19, 25)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}T00:00:00"
    values: dict[str, Any] = {
        **texts_of(plan),
        "brand": row["brand"],
        "manufacturer": family["manufacturer"],
        "amazon_product_type": family["product_type"],
        "product_line": row["model"],
        "model_number": f"{row['model'][:3].upper()}-{product_id}",
        **_weight(family, row["kg"]),
        "height_cm": height,
        "width_cm": width,
        "depth_cm": depth,
        "dimensions": [
            ["", "H cm", "W cm", "D cm"],
            ["Item", f"{height:g}", f"{width:g}", f"{depth:g}"],
            ["Package", f"{height + 4:g}", f"{width + 4:g}", f"{depth + 4:g}"],
        ],
        "price": f"{row['eur']:.2f}",
        "sale_price": f"{row['eur'] * 0.8:.2f}" if on_sale else None,
        "sale_from": "2026-11-20T00:00:00" if on_sale else None,
        "sale_to": "2027-12-31T23:59:59" if on_sale else None,
        "stock": chance.randint(0, 250),
        "country_of_origin": row["origin"],
        "hs_code": family["hs_code"],
        "launch_date": launch,
        "tags": [row["kind"], row["material"], *(["sale"] if on_sale else [])],
        "eco_certified": row["material"] in {"polyester", "oak", "linen", "bamboo", "tarpaulin"},
        **_family_values(row),
        "product_image": [_image(product_id * 10 + 1, f"{ref}-1")],
        "additional_images": [
            _image(product_id * 10 + n, f"{ref}-{n}", "png" if n == AS_PNG else "jpg") for n in (2, 3, 4)
        ],
        "manual": [{"id": product_id * 10 + 9, "name": f"{ref}.pdf", "url": f"/images/ORG/{ref}.pdf"}],
    }
    return Entry(
        table="products",
        id=product_id,
        ref=ref,
        status=row.get("status", VISIBLE),
        modified=EPOCH - chance.randint(1, 30 * DAY),
        created=EPOCH - chance.randint(100 * DAY, 400 * DAY),
        media_modified=EPOCH - 60 * DAY,
        categories=(*kind["categories"], *((29,) if on_sale and chance.random() < CLEARANCE_SHARE else ())),
        values=values,
    )


def _weight(family: dict[str, Any], kilograms: float) -> dict[str, Any]:
    """Weight as the team writes it: value and unit, but only text for cups, small ones in grams."""
    if family["product_type"] != "DRINKING_CUP":
        return {"weight": f"{decimal(kilograms, 'de')} kg", "weight_value": kilograms, "weight_unit": "kg"}
    return {
        "weight": f"{kilograms * 1000:.0f} g" if kilograms < GRAMS_BELOW else f"{decimal(kilograms, 'de')} kg"
    }


def _family_values(row: dict[str, Any]) -> dict[str, Any]:
    if "watt" in row:
        batteries = row.get("batteries", 0)
        return {
            "batteries_required": bool(batteries),
            "batteries_included": bool(batteries),
            "battery_count": batteries or None,
            "battery_type": "lithium_ion" if batteries else None,
            "power_w": row["watt"],
            "voltage_v": 5 if batteries else 230,
            "bulb_base": row["base"],
            "luminous_flux_lm": row["lumen"],
            "color_temperature_k": 2700,
            "bulb_included": row["base"] == "LED",
            "dimmable": row["kind"] != "floor",
            "ip_rating": row.get("ip", "IP20"),
            "cable_length_cm": row["cable"],
        }
    if "litres" in row:
        return {
            "capacity_l": row["litres"],
            "laptop_size_in": row["laptop"] or None,
            "pocket_count": row["pockets"],
            "water_resistant": row["material"] in {"nylon", "tarpaulin", "canvas"},
            "batteries_required": False,
        }
    return {
        "capacity_ml": row["ml"],
        "piece_count": row.get("pieces", 1),
        "dishwasher_safe": row["kind"] not in {"travel", "glass"},
        "microwave_safe": row["material"] in {"stoneware", "porcelain", "borosilicate"},
        "batteries_required": False,
    }


def _variant(
    plan: Plan,
    product: Entry,
    choice: tuple[str, str | None],
    *,
    variant_id: int,
    ean: str,
    chance: random.Random,
) -> Entry:
    color, size = choice
    paint = plan.files.words["colors"][color]
    sku = "-".join(filter(None, (product.ref, paint["code"], size)))
    values: dict[str, Any] = {
        "format_sku": sku,
        "ean": ean,
        "color": {language: paint[language] for language in plan.files.languages},
        "stock": chance.randint(0, 120),
        "format_image": [_image(variant_id * 10 + n, f"{sku}-{n}") for n in (1, 2)],
    }
    if size is not None:
        values |= _size_values(plan.family, plan.row, size)
    return Entry(
        table="variants",
        id=variant_id,
        ref=sku,
        status=next(
            (status for status, skus in plan.files.words["hidden_variants"].items() if sku in skus), VISIBLE
        ),
        modified=EPOCH - chance.randint(1, 30 * DAY),
        created=product.created,
        media_modified=EPOCH - 60 * DAY,
        parent=product.id,
        values=values,
    )


def _size_values(family: dict[str, Any], row: dict[str, Any], size: str) -> dict[str, Any]:
    """Return what a size changes: its own measure, and weight and price that grow with it."""
    sizes = [str(key) for key in row["sizes"]]
    growth = 1 + SIZE_PRICE_STEP * sizes.index(size)
    measure = list(row["sizes"].values())[sizes.index(size)]
    by_family = {
        "LAMP": {"size": size, "height_cm": measure},
        "BACKPACK": {"size": size, "capacity_l": measure},
        "DRINKING_CUP": {"size": f"{measure} ml", "capacity_ml": measure},
    }
    weight = _weight(family, round(row["kg"] * growth, 2))
    return {**by_family[family["product_type"]], **weight, "price": f"{row['eur'] * growth:.2f}"}


def _make_mistakes(files: CatalogueFiles, entries: dict[Table, dict[int, Entry]]) -> None:
    by_ref = {(table, entry.ref): entry for table in TABLES for entry in entries[table].values()}
    for mistake in files.mistakes:
        entry = by_ref[mistake["table"], mistake["ref"]]
        for name, value in mistake.get("set", {}).items():
            _set(entry, name, value, mistake.get("language"))
        if "rename" in mistake:
            entry.ref = entry.values["format_sku"] = mistake["rename"]
        if "ean_off_by" in mistake:
            ean = entry.values["ean"]
            entry.values["ean"] = f"{ean[:-1]}{(int(ean[-1]) + mistake['ean_off_by']) % 10}"
        if "ean_of" in mistake:
            entry.values["ean"] = by_ref["variants", mistake["ean_of"]].values["ean"]


def _set(entry: Entry, name: str, value: object, language: str | None) -> None:
    if language is not None:
        entry.values[name][language] = value
        if value is None:
            del entry.values[name][language]
    else:
        entry.values[name] = value
