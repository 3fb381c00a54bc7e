"""What spreadsheets, programs and wrong decoders leave: refused, repaired, or no such thing."""

# ruff: noqa: RUF001 - letters that look like others are the matter

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amazon_listings.mapping.values.debris import (
    ERRORS,
    NULLS,
    begins_as_word,
    cleaned,
    is_suspect,
    sku_debris,
)
from amazon_listings.mapping.values.mojibake import decoded
from amazon_listings.mapping.values.notation import SourceNotation
from amazon_listings.mapping.values.options import ConversionError


def refused(text):
    with pytest.raises(ConversionError) as error:
        cleaned(text)
    return error.value.code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *((error, "debris_error") for error in sorted(ERRORS)),
        *((null, "debris_null") for null in sorted(NULLS)),
        (" #n/a ", "debris_error"),
        ("Lampe #REF! rouge", "debris_error"),
        ("#DIV/0!, bleu", "debris_error"),
        ("#########", "debris_error"),
        ("Err:502", "debris_error"),
        ("#N/V", "debris_error"),
        ("#I/T", "debris_error"),
        ("#HODNOTA!", "debris_error"),
        ("#ССЫЛКА!", "debris_error"),
        ("#REF", "debris_error"),
        ("NULL, NULL", "debris_null"),
        ("undefined undefined", "debris_null"),
        ("Lampe [object Object]", "debris_null"),
        ("[object HTMLElement]", "debris_null"),
        ("{{name}}", "debris_template"),
        ("{{ product.title }}", "debris_template"),
        ("Lampe {{ item.color | upper }} rouge", "debris_template"),
        ("Lampe ${name}", "debris_template"),
        ("<%= x %>", "debris_template"),
        ("Lampe <% title %>", "debris_template"),
        ("{% if brand %}Lumi", "debris_template"),
        ("<?= $name ?>", "debris_template"),
        ("Lampe <?php echo $item->name ?> rouge", "debris_template"),
        ("Lampe <?= $na", "debris_template"),
        ("Lampe {{ product.ti", "debris_template"),
        ("Lampe ${na", "debris_template"),
        ("Lampe {{", "debris_template"),
        ("%NAME%", "debris_template"),
        (" %product_name% ", "debris_template"),
        ("1,23457E+11", "debris_shortened"),
        ("4.00638E+12", "debris_shortened"),
        ("4E+12", "debris_shortened"),
        ("=SUMME(A1:A3)", "debris_formula"),
        ('=VLOOKUP("x";A:B;2)', "debris_formula"),
        ("Lumi\ufffdre", "debris_lost"),
        ("\ufeff#N/A", "debris_error"),
        ("NU\u00adLL", "debris_null"),
    ],
)
def test_debris_is_refused_and_named(text, code):
    assert is_suspect(text)
    assert refused(text) == code


@pytest.mark.parametrize(
    "text",
    [
        "Null", "NAN", "Nil", "NaN Bread", "None of the above", "NA", "none", "The Undefined", "N/A-Kabel",
        "Lampe #1", "C# in a Nutshell", "#NV Edition", "#1 Dad", "#wow!",
        "Null-Fehler", "Zero to Null", "Size: None", "undefined behaviour", "von null auf hundert",
        "[Object]", "100 % Baumwolle", "20% or 30%", "%20", "{{}}", "{{ 7 * 7 }}", "{{ 7", "US$ {5}",
        "a <b> {c}", "{rouge}", "${5}", "<%>", "a <? b", "#A", "#AB/C", "Vitamin E+", "1E5", "12E10", "5E12",
        "E+1", "a=b", "= Meter", "2 ^ 3 = 8", "R&D", "AT&amp;T", "«Ça» à l'Île", "MAÇÃ”", "São João – “Ação”",
        "Ærø", "Ðakovo", "Îlot", "café”…", "Ångström", "naïve", "GRÜN™", "Ñandú", "Ä“", "ROMÃ®",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467", "می\u200cخواهم", "क\u094d\u200dष", "\u05d0\u200f\u05d1",
        "line\nline\ttab", "Müller® Lampe", "12345.0", "'t Hof", "'n Roll'",
    ],
)  # fmt: skip
def test_what_only_looks_like_it_stays_as_it_is(text):
    assert cleaned(text) == (text, ())


@pytest.mark.parametrize(
    ("text", "meant", "repair"),
    [
        ("LumiÃ¨re", "Lumière", "decoded"),
        ("Ã‰tagÃ¨re", "Étagère", "decoded"),
        ("l\u00e2€™eau", "l\u2019eau", "decoded"),
        ("20 Â°C", "20 °C", "decoded"),
        ("Ã¼ber GrÃ¶ÃŸe", "über Größe", "decoded"),
        ("LumiÃƒÂ¨re", "Lumière", "decoded"),
        ("livrÃ©e Ã  domicile", "livrée à domicile", "decoded"),
        ("Lampe ðŸ˜€", "Lampe \U0001f600", "decoded"),
        ("ZaÅ¼Ã³Å‚Ä‡", "Zażółć", "decoded"),
        ("NÃ‰E", "NÉE", "decoded"),
        ("La\u200bmpe", "Lampe", "invisible"),
        ("\ufeffLampe", "Lampe", "invisible"),
        ("La\u200empe\u2060", "Lampe", "invisible"),
        ("La\u00adm\u2066pe\u3164", "Lampe", "invisible"),
        ("La\x00mpe\x1f", "Lampe", "controls"),
        ("a\x0bb", "a\nb", "controls"),
        ("l\x92eau", "l\u2019eau", "controls"),
        ('="00124"', "00124", "formula"),
        ('="a ""b"""', 'a "b"', "formula"),
        ("R&amp;amp;D", "R&amp;D", "entities"),
        ("&amp;amp;amp;eacute;", "&eacute;", "entities"),
        ("&amp;eacute;t&amp;eacute;", "&eacute;t&eacute;", "entities"),
    ],
)
def test_what_has_one_right_answer_is_repaired(text, meant, repair):
    assert is_suspect(text)
    assert cleaned(text) == (meant, (repair,))


@settings(max_examples=300, deadline=None)
@given(text=st.text("abcéàèùçñüöäßÉÀÜÖŁłżćœ€ ’", min_size=1, max_size=20))
def test_utf8_that_was_read_as_windows_1252_comes_back(text):
    wrong = text.encode().decode("cp1252", "replace")
    if "\ufffd" not in wrong:
        assert decoded(wrong) in {text, wrong}
        assert decoded(text) == text


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=40))
def test_a_repaired_text_needs_no_repair(text):
    try:
        found = cleaned(text)
    except ConversionError:
        return
    assert cleaned(found.text) == (found.text, ())


@pytest.mark.parametrize(
    ("sku", "code"),
    [
        ("#N/A", "debris_error"),
        ("NULL", "debris_null"),
        ("nan", "debris_null"),
        ("1,23457E+11", "debris_shortened"),
        ('="00124"', "debris_formula"),
        ("'00125", "debris_apostrophe"),
        ("12345.0", "debris_float"),
        ("12345,00", "debris_float"),
        ("A\u2066B", "debris_invisible"),
        ("A\u3164B", "debris_invisible"),
        ("AB\u200b1", "debris_invisible"),
        ("\ufeffAB1", "debris_invisible"),
        ("AB\t1", "debris_invisible"),
        *((f"A{blank}B", "debris_blank") for blank in "\u00a0\u2003\u2009\u202f\u205f\u2800\u3000"),
        ("2026-11-01 00:00:00", "debris_date"),
        ("2026-11-01T00:00:00.000Z", "debris_date"),
        ("01.12.2026 00:00", "debris_date"),
        ("12/1/26 0:00", "debris_date"),
        ("12/1/2026 12:00:00 AM", "debris_date"),
        *((sku, None) for sku in ("A B", "2026-11-01", "01.12.2026", "2026-11-01 A", "12:30", "20261101")),
        ("LumiÃ¨re-1", "debris_decoded"),
        ("R&amp;amp;D-1", "debris_entities"),
        *((sku, None) for sku in ("00124", "AB-1.5", "1E5", "12E10", "V2.0", "Null-1", "A#1", "É-1", "NAN")),
    ],
)
def test_a_sku_is_never_repaired(sku, code):
    assert sku_debris(sku) == code


#: Nulls without signs that no usual SKU has.
_USUAL = sorted(null for null in NULLS if re.fullmatch(r"[\w-]+", null))


@given(sku=st.text("019aAeEnNuUlLifTM_-", min_size=1, max_size=12) | st.sampled_from(_USUAL))
def test_a_sku_of_usual_signs_is_judged_as_one_with_a_blank_behind_it(sku):
    assert sku_debris(sku) == sku_debris(f"{sku} ")
    assert sku_debris(sku, frozenset(("null_words",))) is None


def test_a_byte_order_mark_that_was_decoded_wrongly_goes():
    assert cleaned("ï»¿Lampe") == ("Lampe", ("decoded", "invisible"))


def test_rules_are_turned_off_by_name():
    assert cleaned("NULL", frozenset(("null_words",))) == ("NULL", ())
    assert sku_debris("12345.0", frozenset(("whole_number_skus",))) is None
    assert sku_debris("2026-11-01 00:00:00", frozenset(("date_skus",))) is None


def texts(small, **more):
    return small.item(fields=more)


def test_mapped_text_is_refused_with_the_name_of_the_error(small):
    item = texts(small, brand="#N/A", name="Chaise")
    mapped = small.map({"brand": "{{ item.brand }}", "item_name": "{{ item.name }}"}, item)
    [issue] = mapped.issues
    assert (issue.severity, issue.attribute, "spreadsheet" in issue.message) == ("ERROR", "brand", True)
    assert "brand" not in mapped.attributes


def test_a_null_among_other_words_is_found_and_a_handled_one_is_not(small):
    item = texts(small, brand="NULL", name="Chaise")
    [issue] = small.map({"item_name": "{{ item.brand }} {{ item.name }}"}, item).issues
    assert issue.attribute == "item_name"
    handled = "{{ item.name if item.brand == 'NULL' else item.brand ~ ' ' ~ item.name }}"
    assert small.map({"item_name": handled}, item).attributes["item_name"][0]["value"] == "Chaise"


@pytest.mark.parametrize(
    ("expression", "fields"),
    [
        ("{{ item.brand }} {{ item.name }}", {"brand": "NULL NULL NULL NULL NULL NULL"}),
        ("{{ item.brand | clean_text }} {{ item.name }}", {"brand": "nan, nan, nan, nan,\n nan, nan, nan"}),
        ("{{ item.brand | upper }}", {"brand": "nan"}),
        ("{{ item.brand | first_upper }} {{ item.name }}", {"brand": "null"}),
        ("{{ item.brand | clean_html }} {{ item.name }}", {"brand": "<p>\n<b>NULL</b></p>"}),
        ("{{ item.brand | clean_html }} {{ item.name }}", {"brand": "<p>0000-00-00</p><p>00:00:00</p>"}),
        ("{{ item.brand | clean_html }} {{ item.name }}", {"brand": "<p><?= $brand ?></p>"}),
        ("{{ (item.brand ~ item.name) | truncate_words(12) }}", {"brand": "Lampe {{ product.title }}"}),
        ("{{ item.tags | join(', ') }}", {"tags": ["rouge", "NULL", "bleu"]}),
        ("{{ product.brand }} {{ item.name }}", {"brand": "#N/A"}),
        ("{{ product.brand }} {{ item.name }}", {"brand": "NULL"}),
    ],
)
def test_debris_is_found_whatever_an_expression_makes_of_it(small, expression, fields):
    mapped = small.map({"item_name": expression}, texts(small, name="Chaise", **fields))
    assert [issue.severity for issue in mapped.issues] == ["ERROR"], mapped
    assert "item_name" not in mapped.attributes


def test_debris_of_a_variant_is_found(small):
    item = small.item(variant=small.record(fields={"brand": "NULL"}), fields={"name": "Chaise"})
    [issue] = small.map({"item_name": "{{ variant.brand }} {{ item.name }}"}, item).issues
    assert issue.severity == "ERROR"


@pytest.mark.parametrize(
    ("expression", "fields"),
    [
        ("{{ item.name }} Annullable{{ '' if item.x else '' }}", {"x": "NULL"}),
        ("{{ item.name }} banane{{ '' if item.x else '' }}", {"x": "nan"}),
        ("{{ item.name }} {{ item.x | clean_html }}", {"x": "<p>None of them</p>"}),
        ("{{ item.name }} {{ item.x | replace('{{name}}', 'A') }}", {"x": "pour {{name}}"}),
    ],
)
def test_what_does_not_show_is_no_debris(small, expression, fields):
    mapped = small.map({"item_name": expression}, texts(small, name="Chaise", **fields))
    assert mapped.issues == []
    assert mapped.attributes["item_name"][0]["value"].startswith("Chaise")


def test_a_repair_is_a_warning_that_shows_both(small):
    mapped = small.map({"item_name": "{{ item.name }}"}, texts(small, name="LumiÃ¨re"))
    [issue] = mapped.issues
    assert (issue.severity, issue.code) == ("WARNING", "repaired")
    assert "LumiÃ¨re" in issue.message
    assert "Lumière" in issue.message
    assert mapped.attributes["item_name"][0]["value"] == "Lumière"


@pytest.mark.parametrize("text", ["Lampe undefined", "Lampe null", "Lampe NULL ", "Poids : NaN"])
def test_a_null_as_the_last_word_is_sent_with_a_warning(small, text):
    assert is_suspect(text)
    mapped = small.map({"item_name": "{{ item.name }}"}, texts(small, name=text))
    [issue] = mapped.issues
    assert (issue.severity, issue.code) == ("WARNING", "ends_in_null")
    assert text.strip() in issue.message
    assert mapped.attributes["item_name"][0]["value"] == text.strip()
    off = SourceNotation(allowed=frozenset(("null_words",)))
    assert not small.map({"item_name": "{{ item.name }}"}, texts(small, name=text), notation=off).issues


def test_a_placeholder_blocks_and_its_rule_can_be_turned_off(small):
    item = texts(small, name="Lampe ${product.name}")
    [issue] = small.map({"item_name": "{{ item.name }}"}, item).issues
    assert (issue.severity, issue.attribute) == ("ERROR", "item_name")
    assert "template" in issue.message
    off = SourceNotation(allowed=frozenset(("template_placeholders",)))
    mapped = small.map({"item_name": "{{ item.name }}"}, item, notation=off)
    assert mapped.attributes["item_name"][0]["value"] == "Lampe ${product.name}"
    assert sku_debris("{{sku}}") == "debris_template"


def test_what_the_author_of_a_mapping_wrote_is_meant(small):
    assert small.map({"brand": "NULL"}).attributes["brand"][0]["value"] == "NULL"


def test_a_rule_that_is_off_lets_the_brand_pass(small):
    notation = SourceNotation(allowed=frozenset(("null_words",)))
    mapped = small.map({"brand": "{{ item.brand }}"}, texts(small, brand="NULL"), notation=notation)
    assert mapped.attributes["brand"][0]["value"] == "NULL"


def test_a_number_that_is_an_error_is_named_so(small):
    mapping = {"item_weight": {"value": "{{ item.w }}", "unit": "kilograms"}}
    [issue] = small.map(mapping, texts(small, w="#DIV/0!")).issues
    assert "spreadsheet" in issue.message
    weight = small.map(mapping, texts(small, w='="1,5"')).attributes["item_weight"][0]["value"]
    assert weight == 1.5


@pytest.mark.parametrize("before", ["", " ", "\N{NO-BREAK SPACE}", "<p>", " <b> "])
@pytest.mark.parametrize(
    "word", [*sorted(NULLS), "#N/A", "=A1", "%name%", "Err:502", "1e+5", "+1,5E-7", "\uff11e-5"]
)
def test_what_begins_as_a_null_or_an_error_may_be_one(before, word):
    # A null in angle brackets reads as a tag.
    assert begins_as_word(before + word) is not word.startswith("<")


@pytest.mark.parametrize("text", ["", " ", "Tisch", "<p>Tisch</p>", "12", "é"])
def test_other_texts_do_not_begin_as_one(text):
    assert not begins_as_word(text)
