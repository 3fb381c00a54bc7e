"""Names, descriptions and bullet points of a product, from the sentences of its family."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spapi_sandbox.catalogue.files import Plan

MEASURES = ("watt", "lumen", "cable", "hours", "litres", "laptop", "pockets", "ml", "pieces")


def decimal(value: float, language: str) -> str:
    """`value` as it is written in the language: 1.2 or 1,2."""
    text = f"{value:g}"
    return text if language == "en" else text.replace(".", ",")


def _in_sentence(material: str, language: str) -> str:
    if language == "de":  # nouns keep their capital
        return material
    return " ".join(word if word[:2].isupper() else word.lower() for word in material.split())


def _elided(text: str, language: str) -> str:
    """French articles before a vowel: "la Orbe" is "l'Orbe"."""
    return re.sub(r"\b([Ll])[ae] (?=[AEIOUÉ])", r"\1'", text) if language == "fr" else text


def _facts(plan: Plan, language: str) -> dict[str, str]:
    row = plan.row
    height, width, depth = row["cm"]
    numbers = {"h": height, "w": width, "d": depth, "kg": row["kg"]}
    numbers |= {key: row[key] for key in MEASURES if key in row}
    facts = {key: decimal(value, language) for key, value in numbers.items()}
    material = _in_sentence(plan.files.words["materials"][row["material"]][language], language)
    return {
        "model": row["model"],
        "base": row.get("base", ""),
        "ip": row.get("ip", ""),
        "material": material,
        "pieces": "1",
        **facts,
    }


def texts_of(plan: Plan) -> dict[str, dict[str, str]]:
    """Return every text field of a product, by field and language."""
    words, kind, family, row = plan.files.words, plan.kind, plan.family, plan.row
    texts: dict[str, dict[str, str]] = {}

    def put(field: str, language: str, text: str) -> None:
        texts.setdefault(field, {})[language] = text

    for language in plan.files.languages:
        facts = _facts(plan, language)
        material = words["materials"][row["material"]][language]
        suffix = family["name_suffix"][language].format(**facts)
        put("product_name", language, f"{row['brand']} {row['model']} {kind[language]}, {material}, {suffix}")
        intro = _elided(kind["intro"][language].format(**facts), language)
        rest = words["rest_of_description"][language].format(**facts)
        put("description", language, f"<p>{intro}</p><p>{rest}</p>")
        for number, code in enumerate(row.get("features", kind["features"]), start=1):
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
