"""The rival of benchmarks/mapping.py: its mapping as a plain Python function, written by hand."""

from __future__ import annotations

import html
import re
from datetime import datetime

MARKET = "A13V1IB3VIYZZH"
FR = "fr_FR"
WEIGHTS = {"kg": "kilograms", "g": "grams"}
COUNTRIES = {"France": "FR", "Portugal": "PT", "Chine": "CN"}


YES = {"oui": True, "non": False}
BREAKS = re.compile(r"</(?:p|div|li|h[1-6])>|<br */?>")
TAGS = re.compile(r"<[^>]*>")


def options_of(document, name):
    """The suggested values of an attribute, by their French name in lower case."""
    value = document["properties"][name]["items"]["properties"]["value"]
    return {
        label.lower(): option
        for branch in (value, *value.get("anyOf", ()))
        for option, label in zip(branch.get("enum", ()), branch.get("enumNames", ()), strict=False)
    }


def by_hand(document):  # noqa: C901, PLR0915 - as one writes it for one product type
    """The mapping as a Python programmer would write it, once, for this definition; nothing of it is ours."""
    suggested = {name: options_of(document, name) for name in ("style", "pattern", "item_shape")}

    def clean(text):
        if "<" not in text and "&" not in text:
            return text.strip()
        return html.unescape(TAGS.sub("", BREAKS.sub("\n", text))).strip()

    def yes(value):
        return value if isinstance(value, bool) else YES[value.lower()]

    def num(value):
        if not isinstance(value, str):
            return value
        found = float(value.replace(" ", "").replace(",", "."))
        return int(found) if found.is_integer() else found

    def words(text, most):
        return text if len(text) <= most else text[: most + 1].rsplit(" ", 1)[0]

    def day(text):
        return datetime.strptime(text, "%d/%m/%Y").date().isoformat()  # noqa: DTZ007 - a day has no zone

    def map_item(item):  # noqa: C901, PLR0912, PLR0915 - as one writes it
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

        title = f"{text('name')}, {text('color')}"
        put_text("item_name", words(clean(title), 200))
        put_text("brand", "Acme")
        if value := get("manufacturer"):
            put_text("manufacturer", clean(value))
        if value := text("description"):
            put_text("product_description", clean(value))
        points = [clean(p) for p in (text("point_1"), text("point_2"), text("point_3")) if p]
        if points:
            out["bullet_point"] = [
                {"value": p, "language_tag": FR, "marketplace_id": MARKET} for p in points[:10]
            ]
        if value := text("keywords"):
            put_text("generic_keyword", clean(" ".join(value.split())))
        if value := text("color"):
            put_text("color", clean(value))
        if value := get("size"):
            put_text("size", clean(value.upper()))
        for name, field in (("style", "style"), ("pattern", "pattern"), ("item_shape", "shape")):
            if value := text(field):
                put_text(name, suggested[name].get(value.lower(), value))
        if value := get("materials"):
            out["material"] = [
                {"value": clean(m), "language_tag": FR, "marketplace_id": MARKET} for m in value[:14]
            ]
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
            out["unit_count"] = [
                {
                    "value": num(pieces),
                    "type": {"value": "unité", "language_tag": FR},
                    "marketplace_id": MARKET,
                }
            ]
        put("batteries_required", yes(get("needs_batteries")))
        put("batteries_included", yes(get("has_batteries")))
        put("supplier_declared_dg_hz_regulation", "not_applicable")
        if value := get("node"):
            put("recommended_browse_nodes", clean(value))
        put("condition_type", "new_new")
        if (value := get("msrp")) is not None:
            out["list_price"] = [{"value_with_tax": num(value), "currency": "EUR", "marketplace_id": MARKET}]
        if value := get("launched"):
            put("product_site_launch_date", day(value))
            put("merchant_release_date", day(value))
        if (value := get("most")) is not None:
            put("max_order_quantity", int(num(value)))
        if (value := get("fragile")) is not None:
            put("is_fragile", yes(value))
        for name, field in (
            ("occasion", "occasion"),
            ("theme", "theme"),
            ("collection_description", "collection"),
            ("edition", "edition"),
            ("design_name", "design"),
        ):
            if value := text(field):
                put_text(name, clean(value))
        if (value := get("watts")) is not None:
            out["wattage"] = [{"value": num(value), "unit": "watts", "marketplace_id": MARKET}]
        if (value := get("volts")) is not None:
            out["voltage"] = [{"value": num(value), "unit": "volts", "marketplace_id": MARKET}]
        if (value := get("boxes")) is not None:
            put("number_of_boxes", int(num(value)))
        out["gift_options"] = [
            {"can_be_messaged": True, "can_be_wrapped": yes(get("wrap")), "marketplace_id": MARKET}
        ]
        put("skip_offer", value=False)
        if value := get("sheet"):
            put_text("safety_data_sheet_url", value)
        if value := get("ean"):
            digits = value.replace(" ", "").replace("-", "")
            kind = {12: "upc", 14: "gtin"}.get(len(digits), "ean")
            out["externally_assigned_product_identifier"] = [
                {"type": kind, "value": digits, "marketplace_id": MARKET}
            ]
        pictures = product["images"].get("pictures") or []
        names = ["main_product_image_locator", *(f"other_product_image_locator_{n}" for n in range(1, 9))]
        for name, picture in zip(names, pictures, strict=False):
            out[name] = [{"media_location": picture["url"].strip(), "marketplace_id": MARKET}]
        if (value := get("price")) is not None:
            offer = {
                "currency": "EUR",
                "audience": "ALL",
                "our_price": [{"schedule": [{"value_with_tax": num(value)}]}],
                "marketplace_id": MARKET,
            }
            if (least := get("floor")) is not None:
                offer["minimum_seller_allowed_price"] = [{"schedule": [{"value_with_tax": num(least)}]}]
            out["purchasable_offer"] = [offer]
        if (value := get("stock")) is not None:
            out["fulfillment_availability"] = [
                {
                    "fulfillment_channel_code": "DEFAULT",
                    "quantity": int(num(value)),
                    "lead_time_to_ship_max_days": 2,
                }
            ]
        if value := text_or_field(pf, pt, "form"):
            put_text("item_form", clean(value))
        return out

    def text_or_field(pf, pt, name):
        return pf.get(name) or (pt.get(name) or {}).get("fr")

    return map_item
