"""Values, places, languages: what the engine adds and what it refuses."""

import json

import pytest

from amazon_listings.mapping.faults import MappingErrors
from amazon_listings.mapping.values.notation import SourceNotation
from amazon_listings.messages import catalogue

FR = {"language_tag": "fr_FR", "marketplace_id": "A13V1IB3VIYZZH"}
HERE = {"marketplace_id": "A13V1IB3VIYZZH"}


def fields(small, **values):
    return small.item(fields=values)


def test_the_engine_wraps_and_tags(small):
    item = small.item(fields={"m": "X-1"}, texts={"name": {"fr": "Chaise"}})
    mapped = small.map(
        {"Nom de l'article": "{{ item.name }}", "model_number": "{{ item.m }}", "Marque": "Acme"}, item
    )
    assert mapped.attributes == {
        "item_name": [{"value": "Chaise", **FR}],
        "model_number": [{"value": "X-1", **HERE}],
        "brand": [{"value": "Acme", **FR}],
    }
    assert mapped.issues == []


@pytest.mark.parametrize(
    "text", ["0123", "1e5", "Infinity", "NAN", "true", "Null", "-0", "1_000", "0x1f", "1,5"]
)
def test_text_stays_text_whatever_it_looks_like(small, text):
    item = fields(small, code=text)
    assert small.map({"model_number": "{{ item.code }}"}, item).attributes["model_number"][0]["value"] == text
    assert small.map({"model_number": text}, item).attributes["model_number"][0]["value"] == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(123, "123"), (1.0, "1"), (0.1, "0.1"), (12345678901234567890, "12345678901234567890")],
)
def test_a_number_in_a_text_field_becomes_text(small, value, text):
    assert (
        small.map({"model_number": "{{ item.n }}"}, fields(small, n=value)).attributes["model_number"][0][
            "value"
        ]
        == text
    )


@pytest.mark.parametrize(
    "value",
    [
        "Infinity",
        "NaN",
        "inf",
        "nan",
        "1e999",
        "1,23457E+11",
        float("inf"),
        float("nan"),
        True,
        "vingt",
        ["1 2 3"],
        {"a": 1},
    ],
)
def test_no_number_is_made_of_what_is_none(small, value):
    mapped = small.map({"list_price": "{{ item.n }}"}, fields(small, n=value))
    assert "list_price" not in mapped.attributes
    [issue] = mapped.issues
    assert (issue.severity, issue.source, issue.attribute) == ("ERROR", "mapping", "list_price")
    json.dumps(issue.to_dict(), allow_nan=False, default=str)


@pytest.mark.parametrize(
    ("written", "number"),
    [("1 234,5", 1234.5), ("19.99", 19.99), ("1.234,50 €", 1234.5), (30, 30), ("30,0", 30), (0, 0), ("0", 0)],
)
def test_prices_in_the_pims_notation(small, written, number):
    mapped = small.map(
        {"list_price": {"value_with_tax": "{{ item.p | extract_number }}"}}, fields(small, p=written)
    )
    [element] = mapped.attributes["list_price"]
    assert element == {"value_with_tax": number, "currency": "EUR", **HERE}
    assert type(element["value_with_tax"]) is type(number)


def test_what_could_be_two_numbers_is_refused_until_the_sign_is_stated(small):
    item = fields(small, w="1,234")
    mapping = {"item_weight": {"value": "{{ item.w }}", "unit": "kilograms"}}
    [issue] = small.map(mapping, item).issues
    assert "it may mean “1234” or “1.234”" in issue.message
    for sign, weight in ((",", 1.234), (".", 1234)):
        found = small.map(mapping, item, notation=SourceNotation(sign)).attributes["item_weight"]
        assert found[0]["value"] == weight


@pytest.mark.parametrize("written", ["1,5 kg", "1.5kg", "1,5 Kilogrammes", "1,5 kilogramme", "kg 1,5"])
def test_a_value_with_its_unit_gives_both(small, written):
    mapped = small.map({"Poids de l'article": "{{ item.w }}"}, fields(small, w=written))
    assert mapped.attributes["item_weight"] == [{"value": 1.5, "unit": "kilograms", **HERE}]


def test_a_unit_that_contradicts_the_mapping_is_an_issue(small):
    mapped = small.map(
        {"item_weight": {"value": "{{ item.w }}", "unit": "Grammes"}}, fields(small, w="1,5 kg")
    )
    assert "item_weight" not in mapped.attributes
    assert "the value is in “kg”" in mapped.issues[0].message


def test_lines_of_one_attribute_make_one_element(small):
    mapped = small.map({"item_weight.value": "{{ item.w }}", "Unité de poids": "kg"}, fields(small, w=2))
    assert mapped.attributes["item_weight"] == [{"value": 2, "unit": "kilograms", **HERE}]


@pytest.mark.parametrize("empty", [None, "", "  ", []])
def test_an_empty_value_leaves_the_attribute_out_with_its_constants(small, empty):
    mapping = {
        "item_weight": {"value": "{{ item.x }}", "unit": "kilograms"},
        "item_name": "{{ item.x }}",
        "item_dimensions": {"length": {"value": "{{ item.x }}", "unit": "centimeters"}},
        "num_batteries": {"quantity": "{{ item.x }}", "type": "aa"},
        "offers": {"price": "{{ item.x }}"},
        "stock": "{{ item.x }}",
        "bullet_point": ["{{ item.x }}", "{{ item.x }}"],
        "unit_count": {"value": "{{ item.x }}", "type": {"value": "pièce"}},
    }
    mapped = small.map(mapping, fields(small, x=empty))
    assert mapped.attributes == {}
    assert mapped.issues == []


def test_zero_and_no_are_values(small):
    mapped = small.map(
        {"stock": "{{ item.q }}", "Piles nécessaires ?": "{{ item.b }}"}, fields(small, q=0, b=False)
    )
    assert mapped.attributes["fulfillment_availability"] == [
        {"fulfillment_channel_code": "DEFAULT", "quantity": 0}
    ]
    assert mapped.attributes["batteries_required"] == [{"value": False, **HERE}]


@pytest.mark.parametrize("word", ["Oui", "yes", "sí", "JA", "vrai", "1", 1, True, "x"])
def test_yes_in_four_languages(small, word):
    assert (
        small.map({"batteries_required": "{{ item.b }}"}, fields(small, b=word)).attributes[
            "batteries_required"
        ][0]["value"]
        is True
    )


@pytest.mark.parametrize("word", ["Non", "no", "NEIN", "faux", "0", 0, False])
def test_no_in_four_languages(small, word):
    assert (
        small.map({"batteries_required": "{{ item.b }}"}, fields(small, b=word)).attributes[
            "batteries_required"
        ][0]["value"]
        is False
    )


def test_neither_yes_nor_no_says_what_is_allowed(small):
    [issue] = small.map({"Piles nécessaires ?": "{{ item.b }}"}, fields(small, b="peut-être")).issues
    assert issue.label == "Piles nécessaires ?"
    assert issue.path == "batteries_required/0/value"
    assert issue.found == "peut-être"
    assert issue.allowed["options"] == [{"value": False, "name": "Non"}, {"value": True, "name": "Oui"}]
    assert (issue.origin.line, issue.origin.key, issue.origin.field) == (10, "Piles nécessaires ?", "b")


@pytest.mark.parametrize("written", ["CN", "Chine", "chine", " CHINE "])
def test_options_by_code_or_displayed_name(small, written):
    assert (
        small.map({"country_of_origin": "{{ item.c }}"}, fields(small, c=written)).attributes[
            "country_of_origin"
        ][0]["value"]
        == "CN"
    )


def test_a_name_of_two_options_is_refused_and_its_code_is_not(small):
    mapped = small.map({"country_of_origin": "{{ item.c }}"}, fields(small, c="Congo"))
    assert {option["value"] for option in mapped.issues[0].allowed["options"]} == {"CD", "CG"}
    assert small.map({"country_of_origin": "{{ item.c }}"}, fields(small, c="CD")).issues == []


def test_an_unknown_option_proposes_the_closest_first(small):
    [issue] = small.map(
        {"item_weight": {"value": 1, "unit": "{{ item.u }}"}}, fields(small, u="Kilogrames")
    ).issues
    assert issue.allowed["options"][0] == {"value": "kilograms", "name": "Kilogrammes"}


def test_text_beside_suggested_options_passes_and_the_definition_tells(small):
    mapped = small.map({"style": "{{ item.s }}"}, fields(small, s="Rustique"))
    assert mapped.attributes["style"][0]["value"] == "Rustique"
    assert mapped.issues == []
    assert (
        small.map({"style": "{{ item.s }}"}, fields(small, s="moderne")).attributes["style"][0]["value"]
        == "modern"
    )


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("03/12/2026", "2026-12-03"),
        ("3.12.2026", "2026-12-03"),
        ("2026-12-03", "2026-12-03"),
        ("2026-12-03 10:30", "2026-12-03T10:30:00+01:00"),
        ("20261203", "2026-12-03"),
        ("2026-12-03T10:30:00+02:00", "2026-12-03T10:30:00+02:00"),
    ],
)
def test_dates_become_iso(small, written, iso):
    assert (
        small.map({"release_date": "{{ item.d }}"}, fields(small, d=written)).attributes["release_date"][0][
            "value"
        ]
        == iso
    )


def test_the_united_states_write_the_month_first(small):
    mapped = small.map({"release_date": "{{ item.d }}"}, fields(small, d="03/12/2026"), country="US")
    assert mapped.attributes["release_date"][0]["value"] == "2026-03-12"


def test_html_becomes_text_unless_the_line_keeps_it(small):
    html = "<p>Bois &amp; <b>cuir</b></p><script>alert(1)</script><ul><li>Un</li><li>Deux</li></ul>"
    item = fields(small, h=html)
    assert (
        small.map({"product_description": "{{ item.h }}"}, item).attributes["product_description"][0]["value"]
        == "Bois & cuir\nUn\nDeux"
    )
    assert (
        small.map({"item_name": "{{ item.h }}"}, item).attributes["item_name"][0]["value"]
        == "Bois & cuir Un Deux"
    )
    kept = small.map({"product_description": {"value": "{{ item.h }}", "html": "keep"}}, item)
    assert kept.attributes["product_description"][0]["value"] == html


def test_too_long_stays_unless_the_line_truncates(small):
    item = fields(small, n="chaise " * 30)
    assert len(small.map({"item_name": "{{ item.n }}"}, item).attributes["item_name"][0]["value"]) == 209
    cut = small.map({"item_name": {"value": "{{ item.n }}", "truncate": "words"}}, item).attributes[
        "item_name"
    ][0]["value"]
    assert cut == " ".join(["chaise"] * 10)


def test_lists_fill_repeated_attributes_and_say_what_was_cut(small):
    mapped = small.map(
        {"Puce": ["{{ item.a }}", "{{ item.more }}", "{{ item.none }}"]},
        fields(small, a="un", more=[*"23456"], none=""),
    )
    assert [element["value"] for element in mapped.attributes["bullet_point"]] == ["un", *"2345"]
    [issue] = mapped.issues
    assert (issue.severity, issue.code, issue.attribute) == ("WARNING", "left_out", "bullet_point")
    assert issue.message == "“Puce” takes at most 5; 6 were given. Left out: the last 1."


def test_columns_of_one_attribute_go_side_by_side(small):
    mapped = small.map(
        {"num_batteries.type": ["aa", "9 V"], "num_batteries.quantity": ["{{ item.n }}", 3]},
        fields(small, n="2"),
    )
    assert mapped.attributes["num_batteries"] == [
        {"type": "aa", "quantity": 2, **HERE},
        {"type": "9v", "quantity": 3, **HERE},
    ]


def test_a_list_of_objects_is_a_list_of_elements(small):
    mapped = small.map(
        {"num_batteries": [{"type": "aa", "quantity": 1}, {"type": "9v", "quantity": "{{ item.n }}"}]},
        fields(small, n=""),
    )
    assert mapped.attributes["num_batteries"] == [{"type": "aa", "quantity": 1, **HERE}]


def test_a_leaf_that_is_a_list(small):
    mapped = small.map({"features.list": "{{ item.f }}"}, fields(small, f=["Doux", "hard", "Bleu"]))
    assert mapped.attributes["features"] == [{"list": ["soft", "hard"], **HERE}]
    [issue] = mapped.issues
    assert issue.code == "left_out"
    assert "takes at most 2; 3 were given" in issue.message


def test_an_expression_that_fails_in_a_list_of_plain_values_blocks_its_attribute(small):
    mapped = small.map({"features.list": ["soft", "{{ item.a / item.zero }}"]}, fields(small, a=1, zero=0))
    assert mapped.attributes == {}
    assert {(issue.code, issue.severity) for issue in mapped.issues} == {("expression_failed", "ERROR")}


ITEM = {"texts": {"name": {"fr": "Chaise", "nl": "Stoel", "de": ""}}, "fields": {"m": "X"}}
BOTH = {"fr": "fr_BE", "nl": "nl_BE"}
#: For Germany, with French where German is empty.
GERMAN = {"languages": {"de": "de_DE"}, "fallback_language": "fr", "country": "DE"}


class TestLanguages:
    def test_several_languages_give_several_elements(self, small):
        mapping = {
            "item_name": "{{ item.name }}",
            "brand": "Acme",
            "model_number": "{{ item.m }}",
            "battery.material.value": "{{ item.name }}",
        }
        mapped = small.map(mapping, small.item(**ITEM), languages=BOTH, country="BE")
        assert [(e["value"], e["language_tag"]) for e in mapped.attributes["item_name"]] == [
            ("Chaise", "fr_BE"),
            ("Stoel", "nl_BE"),
        ]
        assert [(e["value"], e["language_tag"]) for e in mapped.attributes["brand"]] == [
            ("Acme", "fr_BE"),
            ("Acme", "nl_BE"),
        ]
        assert len(mapped.attributes["model_number"]) == 1
        [battery] = mapped.attributes["battery"]
        assert battery["material"] == [
            {"value": "Chaise", "language_tag": "fr_BE"},
            {"value": "Stoel", "language_tag": "nl_BE"},
        ]

    def test_a_missing_language_is_left_out_and_said_when_asked(self, small):
        asked = {"languages": {"fr": "fr_FR", "de": "de_DE"}}
        mapped = small.map({"item_name": "{{ item.name }}"}, small.item(**ITEM), **asked)
        assert [e["language_tag"] for e in mapped.attributes["item_name"]] == ["fr_FR"]
        assert mapped.issues == []
        mapped = small.map(
            {"item_name": "{{ item.name }}"}, small.item(**ITEM), **asked, report_missing_languages=True
        )
        assert [(i.code, i.origin.language) for i in mapped.issues] == [("missing_language", "de")]

    def test_a_fallback_keeps_its_own_tag(self, small):
        mapped = small.map({"color": "{{ item.name }}"}, small.item(**ITEM), **GERMAN)
        assert mapped.attributes["color"] == [
            {"value": "Chaise", "language_tag": "fr_FR", "marketplace_id": "A1PA6795UKMFR9"}
        ]
        assert [(i.code, i.severity) for i in mapped.issues] == [("fallback_language", "WARNING")]
        assert mapped.origins["color/0/value"].language == "fr"

    def test_a_fallback_never_satisfies_a_required_text(self, small):
        mapped = small.map({"item_name": "{{ item.name }}"}, small.item(**ITEM), **GERMAN)
        assert [(i.code, i.severity) for i in mapped.issues] == [("fallback_language", "ERROR")]

    def test_without_a_stated_fallback_there_is_none(self, small):
        assert (
            small.map(
                {"color": "{{ item.name }}"}, small.item(**ITEM), languages={"de": "de_DE"}, country="DE"
            ).attributes
            == {}
        )

    def test_an_object_inside_an_element_has_its_tag_too(self, small):
        mapped = small.map({"unit_count": {"value": 2, "type": {"value": "pièce"}}})
        assert mapped.attributes["unit_count"] == [
            {"value": 2, "type": {"value": "pièce", "language_tag": "fr_FR"}, **HERE}
        ]


class TestVariants:
    def test_the_variants_value_wins_when_it_is_not_empty(self, small):
        variant = small.record(
            fields={"color": "", "ean": "4006381333931"}, texts={"name": {"fr": ""}}, ref="V1"
        )
        item = small.item(
            variant=variant, fields={"color": "rouge", "ean": "x"}, texts={"name": {"fr": "Chaise"}}
        )
        mapped = small.map(
            {
                "color": "{{ item.color }}",
                "model_number": "{{ item.ean }} {{ product.ean }} {{ variant.color }}{{ item.reference }}",
                "item_name": "{{ item.name }}",
            },
            item,
        )
        assert mapped.attributes["color"][0]["value"] == "rouge"
        assert mapped.attributes["model_number"][0]["value"] == "4006381333931 x V1"
        assert mapped.attributes["item_name"][0]["value"] == "Chaise"


def test_a_pim_field_that_is_not_there_is_empty(small):
    mapped = small.map(
        {"color": "{{ item.colr }}", "size": "{{ item.colr | upper }}"}, fields(small, color="rouge")
    )
    assert (mapped.attributes, mapped.issues) == ({}, [])


def test_a_failing_expression_blocks_its_item_and_names_everything(small):
    mapping = small.compile({"Marque": "Acme", "color": "{{ item.price / item.zero }}"}, connector="fr_home")
    mapped = mapping.apply(fields(small, price=1, zero=0))
    assert mapped.attributes == {"brand": [{"value": "Acme", **FR}]}
    [issue] = mapped.issues
    assert (issue.code, issue.severity) == ("expression_failed", "ERROR")
    for part in ("fr_home", "S1", "line 11", "color"):
        assert part in issue.message
    assert (issue.path, issue.origin.field) == ("color/0/value", "price, zero")
    assert mapping.apply(fields(small, price=1, zero=2)).issues == []


def test_origins_lead_back_to_line_field_and_language(small):
    item = small.item(fields={"w": "1,5 kg"}, texts={"name": {"fr": "Chaise"}, "p": {"fr": "Solide"}})
    mapping = small.compile(
        {
            "item_name": "{{ item.name }}",
            "Poids de l'article": "{{ item.w }}",
            "Puce": ["Beau", "{{ item.p }}"],
        }
    )
    mapped = mapping.apply(item)
    assert mapped.origin_of("item_name/0/value").language == "fr"
    assert mapped.origin_of("item_weight/0/unit").field == "w"
    assert mapped.origin_of("bullet_point/1/value").field == "p"
    assert mapped.origin_of("bullet_point/0").field == ""
    assert mapping.origin_of("item_weight/0/nothing").line == 11
    assert mapping.origin_of("color/0/value") is None


def test_explain_says_what_was_done_to_each_value(small):
    made = small.compile({"item_weight": {"value": "{{ item.w }}", "unit": "kg"}}).explain(
        fields(small, w="1,5")
    )
    assert [(m.path, m.value, m.source, m.rule) for m in made] == [
        ("item_weight/0/value", 1.5, "1,5", "number"),
        ("item_weight/0/unit", "kilograms", "kg", "constant"),
    ]


class TestMistakes:
    @pytest.mark.parametrize(
        ("key", "value", "said", "candidate"),
        [
            ("Couleurs de l'article", "x", "No Amazon field", ""),
            ("Autre chose entièrement", "x", "No Amazon field", ""),
            ("item_weight", {"valeur": 1}, "nothing called 'valeur'", "value (Poids de l'article)"),
            ("item_weight.unit", "kilogrames", "not among the options", "Kilogrammes (kilograms)"),
            ("batteries_required", "peut-être", "neither yes nor no", "Oui (True)"),
            ("item_name", "{{ item.name", "", ""),
            ("item_name", "{{ itm.name }}", "'itm' is not known", ""),
            ("item_name", "{{ item.name | uper }}", "uper", ""),
            ("item_name", {"value": "x", "truncate": "letters"}, "truncate", ""),
            ("item_name", {"value": "x", "language_tag": "fr_FR"}, "is filled in by itself", ""),
            ("purchasable_offer", "{{ item.price }}", "has several fields", "currency (Devise)"),
            ("list_price", "gratuit", "not a number", ""),
            ("item_name", {"value": {"deep": 1}}, "deep", ""),
        ],
    )
    def test_a_bad_line_says_where_and_what_may_be_meant(self, small, key, value, said, candidate):
        with pytest.raises(MappingErrors) as caught:
            small.compile({"brand": "Acme", key: value}, connector="fr_home")
        [fault] = caught.value.faults
        assert fault.line[:2] == (11, key)
        assert said in catalogue().value(fault)
        assert candidate in "".join(fault.candidates)
        assert "connector fr_home" in str(caught.value)
        assert "line 11" in str(caught.value)

    def test_every_bad_line_is_listed(self, small):
        with pytest.raises(MappingErrors) as caught:
            small.compile({"nothing": 1, "brand": "Acme", "nowhere": 2, "item_weight.unit": "x"})
        assert [fault.line.number for fault in caught.value.faults] == [10, 12, 13]

    @pytest.mark.parametrize(
        "pair", [("item_name", "Nom de l'article"), ("item_weight", "item_weight.value")]
    )
    def test_one_field_mapped_twice_is_a_mistake(self, small, pair):
        with pytest.raises(MappingErrors, match="mapped already"):
            small.compile(dict.fromkeys(pair, 1))

    def test_a_member_that_a_line_and_an_element_give_is_a_mistake(self, small):
        with pytest.raises(MappingErrors, match="mapped already"):
            small.compile({"num_batteries.type": "aa", "num_batteries": [{"quantity": 1, "type": "9v"}]})

    def test_a_field_that_the_account_may_not_use(self, small):
        small.definition["properties"]["purchasable_offer"]["items"]["properties"]["quantity_discount_plan"][
            "maxItems"
        ] = 0
        with pytest.raises(MappingErrors, match="Amazon Business"):
            small.compile({"offers": {"price": 1, "quantity_discounts": {"levels": {5: 1}}}})

    @pytest.mark.parametrize("schema", [{"type": "string"}, {"type": "array", "items": {"type": "string"}}])
    @pytest.mark.parametrize("value", ["a", ["a", "b"], "{{ item.name }}"])
    def test_an_attribute_of_plain_values_is_a_mistake(self, small, schema, value):
        small.definition["properties"]["plain"] = schema
        with pytest.raises(MappingErrors, match=r"line 10.*`plain` takes plain values"):
            small.compile({"plain": value})

    def test_mistakes_are_said_in_the_language_of_the_reader(self, small):
        with pytest.raises(MappingErrors) as caught:
            small.compile({"item_name": "{{ item.name | uper }}", "list_price": {}}, connector="de_home")
        said = caught.value.worded(catalogue("de"))
        assert "Die Zuordnung des Konnektors de_home hat 2 Fehler:" in said
        assert "Zeile 10: „item_name“: Es gibt keinen Filter 'uper' in" in said
        assert "meinten Sie upper?" in said
        assert "Zeile 11: „list_price“: `list_price` hat keinen Wert" in said


def test_what_to_do_about_an_expression_that_reads_no_field(small):
    (issue,) = small.map({"brand": "{{ 1 / 0 }}"}).issues
    assert issue.action == "Have the expression of the connector corrected."
    (issue,) = small.map({"brand": "{{ 1 / item.zero }}"}, small.item(fields={"zero": 0})).issues
    assert issue.action.startswith("Correct “zero” in the PIM, or have")
