"""The catalogue written in include/sandbox/catalogue/: short YAML rows expanded to full entries.

A row gives a product's model, kind, material, measures and colours; names, descriptions and bullet
points in every language come from the sentences of its family.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TYPE_CHECKING

import yaml

from amazon_listings.sandbox.catalogue_entry import TABLES, VISIBLE, Entry, Field, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).resolve().parents[3] / "include" / "sandbox" / "catalogue"
FAMILIES = ("lamp", "backpack", "drinking_cup")

EPOCH = 1793491200
"""2026-11-01T00:00:00Z: original entries were last changed in the 30 days before."""

DAY = 86_400
FIRST_PRODUCT, FIRST_VARIANT = 1001, 5001
SIZE_PRICE_STEP = 0.15


@dataclass(frozen=True)
class Book:
    """What the folder says, unexpanded."""

    words: dict[str, Any]
    families: list[dict[str, Any]]
    mistakes: list[dict[str, Any]]
    fields: dict[Table, dict[str, Field]]
    languages: tuple[str, ...]
    company: dict[str, Any]


def read_book(folder: Path = FOLDER) -> Book:
    """The catalogue's files."""
    words = _yaml(folder / "words.yaml")
    languages = tuple(words["languages"])
    return Book(
        words=words,
        families=[_yaml(folder / f"{name}.yaml") for name in FAMILIES],
        mistakes=_yaml(folder / "mistakes.yaml"),
        fields=_fields(_yaml(folder / "fields.yaml"), languages),
        languages=languages,
        company=words["company"],
    )


def gtin13(twelve_digits: str) -> str:
    """`twelve_digits` with the GS1 check digit appended."""
    total = sum(int(digit) * (3 if index % 2 else 1) for index, digit in enumerate(twelve_digits))
    return f"{twelve_digits}{-total % 10}"


class ListedStock:
    """The entries of a book, all held: categories, products and variants by id."""

    def __init__(self, book: Book, *, seed: int = 0, mistakes: bool = True) -> None:
        self._entries: dict[Table, dict[int, Entry]] = {table: {} for table in TABLES}
        self._variants: dict[int, list[Entry]] = {}
        for entry in _expand(book, seed):
            self._entries[entry.table][entry.id] = entry
            if entry.table == "variants" and entry.parent is not None:
                self._variants.setdefault(entry.parent, []).append(entry)
        self._ids = {table: sorted(entries) for table, entries in self._entries.items()}
        if mistakes:
            _make_mistakes(book, self._entries)

    def entries(self, table: Table, after: int) -> Iterator[Entry]:
        """Entries with an id above `after`, by id."""
        ids = self._ids[table]
        for position in range(bisect_right(ids, after), len(ids)):
            yield self._entries[table][ids[position]]

    def get(self, table: Table, entry_id: int) -> Entry | None:
        """The entry, or None."""
        return self._entries[table].get(entry_id)

    def variants_of(self, product: int) -> list[Entry]:
        """The product's variants, by id."""
        return self._variants.get(product, [])

    def last_id(self, table: Table) -> int:
        """The highest id in use."""
        return self._ids[table][-1]


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _fields(document: dict[str, Any], languages: tuple[str, ...]) -> dict[Table, dict[str, Field]]:
    return {
        table: {
            name: Field(
                name=name,
                type=kind.rstrip("*"),
                per_language=kind.endswith("*"),
                titles=dict(zip(languages, map(str, titles), strict=True)),
                rest_name=document["rest_names"][table].get(name, name),
            )
            for name, (kind, *titles) in document[table].items()
        }
        for table in TABLES
    }


def _expand(book: Book, seed: int) -> Iterator[Entry]:
    for category_id, row in book.words["categories"].items():
        yield _category(book, category_id, row)
    product_id, variant_id, serial = FIRST_PRODUCT, FIRST_VARIANT, 1
    for family in book.families:
        for position, row in enumerate(family["products"]):
            ref = f"LUM-{family['letter']}{101 + position}"
            chance = random.Random(f"{seed}:{ref}")  # noqa: S311 - a catalogue, not a secret
            product = _product(book, family, row, product_id, ref, chance)
            choices = _choices(row)
            if not choices:
                product.values["ean"] = gtin13(f"{book.words['ean_prefix']}{serial:05}")
                serial += 1
            yield product
            for color, size in choices:
                yield _variant(book, family, row, product, variant_id, (color, size), serial, chance)
                variant_id, serial = variant_id + 1, serial + 1
            product_id += 1


def _category(book: Book, category_id: int, row: dict[str, Any]) -> Entry:
    names = {language: row[language] for language in book.languages}
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
    sizes = [str(size) for size in row.get("sizes", ())] or [None]
    return [(color, size) for color in row.get("colors", ()) for size in sizes]


def _image(image_id: int, name: str, ending: str = "jpg") -> dict[str, Any]:
    return {"id": image_id, "name": f"{name}.{ending}", "url": f"/images/ORG/{name}.{ending}"}


def _number(value: float, language: str) -> str:
    text = f"{value:g}"
    return text if language == "en" else text.replace(".", ",")


def _in_sentence(material: str, language: str) -> str:
    if language == "de":  # nouns keep their capital
        return material
    return " ".join(word if word[:2].isupper() else word.lower() for word in material.split())


def _facts(book: Book, row: dict[str, Any], language: str) -> dict[str, str]:
    height, width, depth = row["cm"]
    numbers = {"h": height, "w": width, "d": depth, "kg": row["kg"]}
    numbers |= {
        key: row[key]
        for key in ("watt", "lumen", "cable", "hours", "litres", "laptop", "pockets", "ml", "pieces")
        if key in row
    }
    facts = {key: _number(value, language) for key, value in numbers.items()}
    material = _in_sentence(book.words["materials"][row["material"]][language], language)
    return {
        "model": row["model"],
        "base": row.get("base", ""),
        "ip": row.get("ip", ""),
        "material": material,
        "pieces": "1",
        **facts,
    }


def _texts(book: Book, family: dict[str, Any], row: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Every text field of a product, by field and language."""
    words, kind = book.words, family["kinds"][row["kind"]]
    texts: dict[str, dict[str, str]] = {}

    def put(field: str, language: str, text: str) -> None:
        texts.setdefault(field, {})[language] = text

    for language in book.languages:
        facts = _facts(book, row, language)
        material = words["materials"][row["material"]][language]
        suffix = family["name_suffix"][language].format(**facts)
        put("product_name", language, f"{row['brand']} {row['model']} {kind[language]}, {material}, {suffix}")
        intro = kind["intro"][language].format(**facts)
        rest = words["rest_of_description"][language].format(**facts)
        put("description", language, f"<p>{intro}</p><p>{rest}</p>")
        for number, code in enumerate(kind["features"], start=1):
            sentence = family["features"][code][language].format(**facts)
            put(f"feature_{number}", language, sentence[0].upper() + sentence[1:])
        put("keywords", language, kind["keywords"][language])
        put("material", language, material)
        put("care", language, words["care"][kind.get("care", family["care"])][language])
        put(
            "target_audience",
            language,
            words["audiences"][kind.get("audience", family["audience"])][language],
        )
        if "watt" in row:
            put(
                "place_of_use",
                language,
                words["places"]["outdoor" if row["kind"] == "lantern" else "indoor"][language],
            )
        if "closure" in row:
            put("closure", language, words["closures"][row["closure"]][language])
    return texts


def _product(
    book: Book, family: dict[str, Any], row: dict[str, Any], product_id: int, ref: str, chance: random.Random
) -> Entry:
    kind = family["kinds"][row["kind"]]
    height, width, depth = row["cm"]
    on_sale = chance.random() < 0.25
    launch = f"20{chance.randint(19, 25)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}T00:00:00"
    values: dict[str, Any] = {
        **_texts(book, family, row),
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
            _image(product_id * 10 + n, f"{ref}-{n}", "png" if n == 4 else "jpg") for n in (2, 3, 4)
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
        categories=(*kind["categories"], *((29,) if on_sale and chance.random() < 0.4 else ())),
        values=values,
    )


def _weight(family: dict[str, Any], kilograms: float) -> dict[str, Any]:
    """Weight as the team writes it: value and unit, but only text for cups, small ones in grams."""
    if family["product_type"] != "DRINKING_CUP":
        return {"weight": f"{_number(kilograms, 'de')} kg", "weight_value": kilograms, "weight_unit": "kg"}
    return {"weight": f"{kilograms * 1000:.0f} g" if kilograms < 0.25 else f"{_number(kilograms, 'de')} kg"}


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
    book: Book,
    family: dict[str, Any],
    row: dict[str, Any],
    product: Entry,
    variant_id: int,
    choice: tuple[str, str | None],
    serial: int,
    chance: random.Random,
) -> Entry:
    color, size = choice
    paint = book.words["colors"][color]
    sku = "-".join(filter(None, (product.ref, paint["code"], size)))
    values: dict[str, Any] = {
        "format_sku": sku,
        "ean": gtin13(f"{book.words['ean_prefix']}{serial:05}"),
        "color": {language: paint[language] for language in book.languages},
        "stock": chance.randint(0, 120),
        "format_image": [_image(variant_id * 10 + n, f"{sku}-{n}") for n in (1, 2)],
    }
    if size is not None:
        values |= _size_values(family, row, size)
    return Entry(
        table="variants",
        id=variant_id,
        ref=sku,
        status=next(
            (status for status, skus in book.words["hidden_variants"].items() if sku in skus), VISIBLE
        ),
        modified=EPOCH - chance.randint(1, 30 * DAY),
        created=product.created,
        media_modified=EPOCH - 60 * DAY,
        parent=product.id,
        values=values,
    )


def _size_values(family: dict[str, Any], row: dict[str, Any], size: str) -> dict[str, Any]:
    """What a size changes: its own measure, and weight and price that grow with it."""
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


def _make_mistakes(book: Book, entries: dict[Table, dict[int, Entry]]) -> None:
    by_ref = {(table, entry.ref): entry for table in TABLES for entry in entries[table].values()}
    for mistake in book.mistakes:
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


def _set(entry: Entry, name: str, value: Any, language: str | None) -> None:
    if language is not None:
        entry.values[name][language] = value
        if value is None:
            del entry.values[name][language]
    else:
        entry.values[name] = value
