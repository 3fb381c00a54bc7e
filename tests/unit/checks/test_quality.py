"""What every extract is expected to be, item by item."""

from amazon_listings.mapping.mapping import compile_mapping
from amazon_listings.runs.notes import QualityNote
from amazon_listings.runs.quality_docs import docs_index
from amazon_product_types.validation import Issue, merge_issues
from support.quality import codes


def test_a_good_item_passes_and_a_bad_one_is_blocked_with_all_its_issues(check, item, folder, pages, storage):
    rows = check([item(1), item(2, sku_text=None, ean="4006381333932", photo="img.jpg", brand=" ")])
    assert check.counts == {"checked": 2, "blocked": 1}
    assert list(rows) == ["products/2"]
    assert rows["products/2"]["blocks"]
    assert sorted(codes(rows["products/2"])) == ["gtin", "image_url", "pim_field_empty", "sku_missing"]
    missing = next(one for one in rows["products/2"]["issues"] if one["code"] == "sku_missing")
    assert missing["action"] == "Renseignez « sku_text » dans le PIM."
    assert missing["label"] == "SKU"
    assert (missing["origin"]["key"], missing["origin"]["field"]) == ("sku", "sku_text")
    assert missing["origin"]["line"]
    gtin = next(one for one in rows["products/2"]["issues"] if one["code"] == "gtin")
    assert gtin["message"].startswith("« 4006381333932 » n'est pas un GTIN")
    assert gtin["found"] == "4006381333932"
    assert (gtin["attribute"], gtin["label"]) == (
        "externally_assigned_product_identifier",
        "Identifiant externe du produit",
    )
    assert (gtin["origin"]["field"], gtin["origin"]["key"]) == ("ean", "Identifiant externe du produit")
    assert gtin["origin"]["line"]
    assert "2 total rows" in pages()["items"] or "gtin" in pages()["items"].lower()
    link = folder.stage("report") / folder.noted(QualityNote).docs
    assert link.resolve() == docs_index(storage, "lamps").resolve()
    assert link.exists()


def test_a_value_that_none_can_be_blocks_its_item_and_says_which_field(check, item):
    unfit = [{"field": "brand", "reason": "half_character", "limit": 0}]
    rows = check([item(1), item(2, brand=None) | {"unfit": unfit}, item(3)])
    assert check.counts == {"checked": 3, "blocked": 1}
    (row,) = rows.values()
    assert codes(row) == ["unfit_value"]  # and not that it is empty
    assert row["issues"][0]["message"].startswith(
        "« brand » est inutilisable : la valeur contient une moitié"
    )
    assert row["issues"][0]["action"] == "Corrigez « brand » dans le PIM."


def test_a_sku_is_unique_over_the_whole_extract_not_over_its_part(check, item):
    rows = check([item(1), item(2)], [item(3, sku_text="A-1")], [item(4), item(5)])
    assert {identity: codes(row) for identity, row in rows.items()} == {
        "products/1": ["sku_duplicate"],
        "products/3": ["sku_duplicate"],
    }
    assert rows["products/1"]["issues"][0]["message"] == "Le SKU « A-1 » appartient à 2 articles."


def test_skus_that_cannot_be_sent_are_blocked(check, item):
    rows = check([item(1, sku_text="A "), item(2, sku_text="x" * 41), item(3, sku_text="B")])
    assert {one: codes(row) for one, row in rows.items()} == {
        "products/1": ["sku_unsendable"],
        "products/2": ["sku_too_long"],
    }
    assert "compte 41 caractères" in rows["products/2"]["issues"][0]["message"]


def test_a_default_in_the_mapping_fills_what_the_pim_leaves_empty(check, item):
    mapping = {"Nom du produit": "{{ item.name }}", "Marque": "{{ item.brand or 'Acme' }}"}
    assert check([item(1, brand="")], mapping=mapping) == {}
    mapping["Marque"] = "{{ item.brand }}{{ item.maker }}"
    rows = check([item(1, brand="", maker=""), item(2, brand="", maker="M")], mapping=mapping)
    assert list(rows) == ["products/1"]
    assert rows["products/1"]["issues"][0]["origin"]["field"] == "brand, maker"


def test_a_text_in_any_value_language_fills_a_required_field(check, item):
    languages = {"languages": {"fr": "fr_FR", "en": "en_GB"}}
    rows = check([item(1, name={"fr": "", "en": "Lamp"}), item(2, name={"fr": ""})], sales_layer=languages)
    assert list(rows) == ["products/2"]


def test_an_empty_required_field_and_the_definitions_complaint_are_one_issue(
    check, item, connector, definitions
):
    rows = check([item(1, brand="")])
    (found,) = [Issue.from_dict(one) for one in rows["products/1"]["issues"]]
    one = connector()
    mapping = compile_mapping(
        one.mapping,
        index=definitions.index,
        definition=definitions.document,
        marketplace=one.marketplace,
        languages=dict(one.language_tags),
    )
    schema = [
        issue
        for issue in definitions.issues(mapping.apply(item(1, brand="")).attributes)
        if issue.attribute == "brand"
    ]
    (merged,) = merge_issues([found, *schema])
    assert set(merged.sources) == {"quality", "schema"}
    assert merged.origin.field == "brand"
    assert (merged.severity, merged.label) == ("ERROR", "Marque")


def test_an_empty_extract_is_checked_too(check):
    assert check() == {}
    assert check.counts == {"checked": 0, "blocked": 0}


def test_what_was_made_of_a_barcode_number_is_named(check, item):
    rows = check(
        [item(1, ean="'4006381333931"), item(2, ean="4 006381-333931"), item(3, ean="4006381333931.0")]
    )
    said = [rows[f"products/{number}"]["issues"][0]["message"] for number in (1, 2, 3)]
    for sentence, words in zip(said, ("apostrophe", "signes entre", "décimale"), strict=True):
        assert words in sentence
