"""A small definition in Amazon's dialect, French labels, and items to map."""

MARKET = {"$ref": "#/$defs/marketplace_id"}
TAG = {"$ref": "#/$defs/language_tag"}


def leaf(title, **rules):
    return {"title": title, "type": "string", **rules}


def attribute(title, members, *, selectors=("marketplace_id",), limit=1, language=False, **rules):
    properties = {**members, "marketplace_id": MARKET}
    selectors = [*selectors]
    if language:
        properties["language_tag"] = TAG
        selectors.append("language_tag")
    items = {"type": "object", "properties": properties, "additionalProperties": False}
    return {
        "title": title,
        "type": "array",
        "minItems": 1,
        "maxUniqueItems": limit,
        "selectors": selectors,
        "items": items,
        **rules,
    }


def text(title, *, limit=1, **rules):
    return attribute(title, {"value": leaf(title, **rules)}, limit=limit, language=True)


def plain(title, **rules):
    return attribute(title, {"value": {"title": title, **rules}})


def listed(title, codes, **rules):
    return leaf(title, enum=list(codes), enumNames=list(codes.values()), **rules)


def array(items, **rules):
    return {"type": "array", "minItems": 1, "items": {"type": "object", "properties": items}, **rules}


def price(title):
    return array({"schedule": array({"value_with_tax": {"title": title, "type": "number"}})})


WEIGHTS = {"grams": "Grammes", "kilograms": "Kilogrammes", "pounds": "Livres"}
DATE = {
    "type": "string",
    "oneOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}],
}
SIDE = {
    "type": "object",
    "properties": {
        "value": {"title": "Côté", "type": "number"},
        "unit": listed("Unité du côté", {"centimeters": "Centimètres"}),
    },
}
OFFER = {
    "currency": leaf("Devise", default="EUR"),
    "audience": listed("Public", {"ALL": "Tous", "B2B": "Professionnels"}),
    "our_price": price("Votre prix"),
    "minimum_seller_allowed_price": price("Prix minimum"),
    "discounted_price": array(
        {
            "schedule": array(
                {
                    "value_with_tax": {"title": "Prix réduit", "type": "number"},
                    "start_at": {"title": "Début de la remise", **DATE},
                    "end_at": {"title": "Fin de la remise", **DATE},
                }
            )
        }
    ),
    "quantity_discount_plan": array(
        {
            "schedule": array(
                {
                    "discount_type": listed("Type de remise", {"fixed": "Fixe", "percent": "Pourcentage"}),
                    "levels": array(
                        {
                            "lower_bound": {"title": "Seuil", "type": "integer"},
                            "value": {"title": "Prix par quantité", "type": "number"},
                        },
                        maxItems=5,
                    ),
                }
            )
        },
        maxItems=1,
    ),
}

DEFINITION = {
    "$schema": "https://schemas.amazon.com/selling-partners/definitions/product-types/meta-schema/v1",
    "$id": "https://schemas.amazon.com/selling-partners/definitions/product-types/schema/v1/CHAIR",
    "$defs": {
        "marketplace_id": {"type": "string", "default": "A13V1IB3VIYZZH"},
        "language_tag": {"type": "string", "default": "fr_FR"},
    },
    "type": "object",
    "required": ["item_name", "brand"],
    "additionalProperties": False,
    "properties": {
        "item_name": text("Nom de l'article", maxLength=75, maxUtf8ByteLength=150),
        "title_differentiation": text("Points forts", maxLength=125),
        "brand": text("Marque", maxLength=50),
        "product_description": text("Description", maxLength=2000),
        "bullet_point": text("Puce", limit=5, maxLength=500),
        "model_number": plain("Numéro de modèle", type="string"),
        "color": text("Couleur"),
        "size": text("Taille"),
        "style": attribute(
            "Style",
            {
                "value": leaf(
                    "Style",
                    anyOf=[
                        {"type": "string"},
                        {"type": "string", "enum": ["modern"], "enumNames": ["Moderne"]},
                    ],
                )
            },
            language=True,
        ),
        "item_weight": attribute(
            "Poids de l'article",
            {
                "value": {"title": "Poids de l'article", "type": "number"},
                "unit": listed("Unité de poids", WEIGHTS),
            },
        ),
        "item_dimensions": attribute("Dimensions", {"length": SIDE, "width": SIDE}),
        "unit_count": attribute(
            "Nombre d'unités",
            {
                "value": {"title": "Nombre d'unités", "type": "number"},
                "type": {
                    "type": "object",
                    "properties": {"value": leaf("Type d'unité"), "language_tag": TAG},
                },
            },
        ),
        "battery": attribute(
            "Pile",
            {
                "material": {
                    "title": "Matière",
                    **array(
                        {"value": leaf("Matière de la pile"), "language_tag": TAG},
                        maxUniqueItems=2,
                        selectors=["language_tag"],
                    ),
                }
            },
        ),
        "num_batteries": attribute(
            "Piles",
            {
                "quantity": {"title": "Nombre de piles", "type": "integer"},
                "type": listed("Type de pile", {"aa": "AA", "9v": "9 V"}),
            },
            selectors=("marketplace_id", "type"),
            limit=3,
        ),
        "number_of_items": plain("Nombre d'articles", type="integer"),
        "batteries_required": plain(
            "Piles nécessaires ?", type="boolean", enum=[False, True], enumNames=["Non", "Oui"]
        ),
        "country_of_origin": plain(
            "Pays d'origine",
            type="string",
            enum=["FR", "CN", "CD", "CG"],
            enumNames=["France", "Chine", "Congo", "Congo"],
        ),
        "release_date": plain("Date de parution", **DATE),
        "main_product_image_locator": attribute(
            "Image principale", {"media_location": leaf("URL de l'image principale", format="uri")}
        ),
        **{
            f"other_product_image_locator_{n}": attribute(
                "Autre image", {"media_location": leaf("URL d'une autre image", format="uri")}
            )
            for n in (1, 2, 3)
        },
        "features": attribute(
            "Atouts",
            {
                "list": {
                    "type": "array",
                    "maxItems": 2,
                    "items": listed("Atout", {"soft": "Doux", "hard": "Dur", "blue": "Bleu"}),
                }
            },
        ),
        "purchasable_offer": attribute("Offre", OFFER, selectors=("marketplace_id", "currency", "audience")),
        "list_price": attribute(
            "Prix catalogue",
            {
                "value_with_tax": {"title": "Prix catalogue", "type": "number"},
                "currency": listed("Devise du prix", {"EUR": "EUR"}),
            },
            selectors=("marketplace_id", "currency"),
        ),
        "cost_price": attribute(
            "Prix d'achat",
            {"value": {"title": "Prix d'achat", "type": "number"}, "currency": leaf("Devise d'achat")},
        ),
        "fulfillment_availability": {
            "title": "Disponibilité",
            **array(
                {
                    "fulfillment_channel_code": listed(
                        "Canal", {"DEFAULT": "DEFAULT", "AMAZON_EU": "AMAZON_EU"}
                    ),
                    "quantity": {"title": "Quantité", "type": "integer"},
                    "lead_time_to_ship_max_days": {"title": "Délai", "type": "integer"},
                    "restock_date": {"title": "Retour en stock", **DATE},
                },
                maxUniqueItems=1,
                selectors=["fulfillment_channel_code"],
            ),
        },
        "condition_type": plain("État", type="string", enum=["new_new"], enumNames=["Neuf"]),
        "externally_assigned_product_identifier": attribute(
            "Code-barres",
            {
                "type": listed("Type de code-barres", {"ean": "EAN", "upc": "UPC", "gtin": "GTIN"}),
                "value": leaf("Code-barres"),
            },
            selectors=("marketplace_id", "type"),
        ),
        "merchant_suggested_asin": attribute(
            "ASIN", {"value": leaf("ASIN")}, selectors=("marketplace_id", "value")
        ),
        "supplier_declared_has_product_identifier_exemption": plain("Exempté de code-barres", type="boolean"),
        "parentage_level": plain(
            "Niveau", type="string", enum=["child", "parent"], enumNames=["Enfant", "Parent"]
        ),
        "child_parent_sku_relationship": attribute(
            "Relation",
            {
                "child_relationship_type": listed("Type de relation", {"variation": "Variante"}),
                "parent_sku": leaf("SKU parent"),
            },
        ),
        "variation_theme": {
            "title": "Thème",
            **array(
                {
                    "name": listed(
                        "Nom du thème",
                        {"SIZE/COLOR": "TAILLE/COULEUR", "COLOR_NAME": "COULEUR", "MYSTERY": "MYSTERE"},
                        **{"$lifecycle": {"enumDeprecated": ["COLOR_NAME"]}},
                    )
                },
                maxItems=1,
            ),
        },
    },
}


def record(**given):
    return {
        "id": "1",
        "ref": "P1",
        "status": "V",
        "modified": None,
        "fields": {},
        "texts": {},
        "images": {},
        **given,
    }


def make_item(*, variant=None, sku="S1", number=1, **product):
    return {
        "pim_id": f"variants/{number}",
        "group": "products/1",
        "sku": sku,
        "status": "V",
        "modified": None,
        "product": record(**product),
        "variant": variant,
    }


def values(mapped, name):
    """The values of an attribute's elements, without what the engine adds."""
    engine = ("marketplace_id", "language_tag")
    return [
        {k: v for k, v in element.items() if k not in engine} for element in mapped.attributes.get(name, [])
    ]
