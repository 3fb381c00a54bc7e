"""The demo catalogue through a connector in French labels, judged by Amazon's definition of HOME.FR."""

# ruff: noqa: RUF001 - Amazon's French labels, with their apostrophes

from __future__ import annotations

import pytest
from fields_documents import document

from amazon_listings.authoring.relabelling import relabel
from amazon_listings.mapping.mapping import compile_mapping
from amazon_listings.marketplaces import marketplace
from amazon_listings.sources.extraction import read_items
from amazon_listings.sources.sales_layer.account import SalesLayerAccount
from amazon_listings.sources.sales_layer.connection import PimConnection
from amazon_listings.sources.selection import Selection
from amazon_product_types.definition import Definition
from amazon_product_types.fields import fields
from amazon_product_types.labels import FieldIndex
from amazon_product_types.validation import compile_definition
from spapi_sandbox.server import running_sandbox

FRENCH = {
    "Nom de l'article": {"value": "{{ item.prod_title }}", "truncate": "words"},
    "Marque": "{{ item.brand }}",
    "Fabricant": "{{ item.manufacturer }}",
    "Description du produit": "{{ item.prod_description }}",
    "Puce": ["{{ item.feature_1 }}", "{{ item.feature_2 }}", "{{ item.feature_3 }}"],
    "Termes de recherche": "{{ item.keywords }}",
    "Couleur": "{{ item.color or item.material }}",
    "Taille": "{{ item.size or 'Taille unique' }}",
    "Référence de pièce": "{{ item.reference }}",
    "Type de matériau": "{{ item.material }}",
    "Numéro du modèle": "{{ item.model_number }}",
    "Pays d'origine": "{{ item.country_of_origin }}",
    "Poids de l'article": "{{ item.weight }}",
    "Poids de l’emballage": {"value": "{{ item.weight_value }}", "unit": "Kilogrammes"},
    "Dimensions de l’article": {
        "Longueur de l’article": "{{ item.depth_cm }}",
        "Largeur de l’article": "{{ item.width_cm }}",
        "Hauteur de l’article": "{{ item.height_cm }}",
        "Unité de la longueur du produit": "Centimètres",
        "Unité de la largeur du produit": "Centimètres",
        "Unité de la hauteur du produit": "Centimètres",
    },
    "Dimensions de l’emballage": {
        "Longueur de l’emballage": "{{ item.depth_cm }}",
        "Largeur de l’emballage": "{{ item.width_cm }}",
        "Hauteur de l’emballage": "{{ item.height_cm }}",
        "Unité de longueur de l’emballage": "Centimètres",
        "Unité de largeur de l’emballage": "Centimètres",
        "Unité de hauteur de l’emballage": "Centimètres",
    },
    "Nombre d’articles dans l'unité vendue au client": 1,
    "Piles nécessaires ?": "{{ item.batteries_required | default('Non') }}",
    "Piles fournies ?": "{{ item.batteries_included | default('Non') }}",
    "Prise électrique": "{{ 'Prise européenne CEE 7/16' if item.power_w else 'Aucune prise' }}",
    "Fréquence de tension acceptée": "220 à 240 volts et 50 hertz",
    "Article fragile ?": "{{ item.amazon_product_type in ('LAMP', 'DRINKING_CUP') }}",
    "Régions d’expéditions du vendeur": "Livraison standard",
    "Réglementation en matière de marchandises dangereuses": "Non applicable",
    "Nœuds d’arborescence recommandés": "3312431031",
    "Type de condition de l'offre": "Nouveau",
    "Votre prix": "{{ item.price | extract_number }}",
    "Prix catalogue TTC": "{{ item.price | extract_number }}",
    "Quantité": "{{ item.stock }}",
    "Code de canal d’expédition": "DEFAULT",
    "Type d'identifiant produit (code-barres)": "EAN",
    "Identifiant produit (code-barres) > Identifiant produit (code-barres)": "{{ item.ean }}",
    "URL de l’image principale": "{{ item.product_image | image }}",
    "Autre URL de l’image": "{{ item.additional_images | images }}",
}


@pytest.fixture(scope="module")
def home():
    return document("HOME.FR.fr_FR.2025-01")


@pytest.fixture(scope="module")
def catalogue(home):
    """The demo catalogue, as Sales Layer sends it."""
    with running_sandbox() as sandbox:
        connection = PimConnection(
            api="rest", base_url=f"{sandbox.url}/sales_layer/rest/Catalog", api_key="sandbox-pim-key"
        )
        yield list(read_items(SalesLayerAccount(connection), Selection(languages=("fr",))))


def compiled(mapping, home, index, **options):
    return compile_mapping(
        mapping,
        index=index,
        definition=home,
        marketplace=marketplace("FR"),
        languages={"fr": "fr_FR"},
        **options,
    )


def test_a_mapping_wholly_in_french_gives_payloads_that_amazons_definition_accepts(home, catalogue):
    mapping = compiled(FRENCH, home, FieldIndex(fields(Definition(home))))
    judge = compile_definition(home)
    accepted, refused = 0, {}
    for item in catalogue:
        mapped = mapping.apply(item)
        errors = [issue for issue in mapped.issues if issue.severity == "ERROR"]
        found = [issue for issue in judge.issues(mapped.attributes) if issue.severity == "ERROR"]
        accepted += not errors and not found
        if errors or found:
            refused[item["pim_id"]] = [issue.message for issue in [*errors, *found]]
        else:
            assert judge.is_valid(mapped.attributes)
    # What is refused are the catalogue's deliberate mistakes, and lamps with batteries nobody mapped.
    assert accepted >= 0.9 * len(catalogue), refused
    assert accepted + len(refused) == len(catalogue) >= 100


def test_relabelled_to_english_it_gives_the_same_payloads(home, catalogue):
    french = FieldIndex(fields(Definition(home)))
    english = FieldIndex(fields(Definition(home, labels=document("HOME.US.en_US.2025-01"))))
    relabelled = relabel(FRENCH, french, english)
    before = compiled(FRENCH, home, french)
    after = compiled(relabelled.mapping, home, english)
    assert relabelled.unknown == ()
    assert relabelled.keys["Marque"] == "Brand Name"
    for item in catalogue:
        mapped = before.apply(item)
        if not any(issue.severity == "ERROR" for issue in mapped.issues):
            assert after.apply(item).attributes == mapped.attributes
