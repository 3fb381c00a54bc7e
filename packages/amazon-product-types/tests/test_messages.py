"""One catalogue per language: how facts are written in it, and what falls back to what."""

import gettext
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.resources import files

import pytest
from babel.messages.pofile import read_po

from amazon_product_types.errors import ProductTypeError
from amazon_product_types.messages import Catalogue, Message, catalogue, languages
from amazon_product_types.messages.po_file import Entry, Texts, read_texts
from amazon_product_types.messages.printable import from_difference


def one(language, text, counted="", plural=None):
    """A catalogue whose message `x` is this text, or these plural forms."""
    texts = text if isinstance(text, tuple) else (text,)
    found = catalogue(language)
    rule = plural or (lambda number: int(number != 1))
    return Catalogue(
        language, found.locale, (lambda: Texts({("x", ""): Entry(texts, counted)}, rule), *found._texts)
    )


@pytest.mark.parametrize(
    ("language", "word"), [("de_AT", "und"), ("FR", "et"), ("es-419", "y"), ("tlh", "and"), ("", "and")]
)
def test_a_locale_falls_back_to_its_language_and_to_english(language, word):
    assert catalogue(language).all_of("ab") == f"a {word} b"


def test_english_is_read_where_another_language_lacks_a_text():
    read = []

    def texts(language, entries):
        read.append(language)
        return Texts({(code, ""): Entry((text,), "") for code, text in entries.items()}, lambda _: 0)

    found = Catalogue(
        "fr",
        catalogue("fr").locale,
        (lambda: texts("fr", {"x": "Oui"}), lambda: texts("en", {"x": "Yes", "y": "No"})),
    )
    assert (found.message("x"), set(read)) == ("Oui", {"fr"})
    assert (found.message("y"), set(read)) == ("No", {"fr", "en"})


def test_lists():
    english = catalogue("en")
    assert [english.any_of("abc"[:count]) for count in range(4)] == ["", "a", "a or b", "a, b or c"]
    assert english.all_of(["a", "b"]) == "a and b"
    assert one("fr", "{names:or}").message("x", names=["a", 1200]) == "a ou 1\u202f200"


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "12,000"), ("de", "12.000"), ("fr", "12\u202f000"), ("es_MX", "12,000")],
)
def test_a_number_is_written_as_the_locale_of_the_reader_writes_it(language, text):
    assert one(language, "{count}").message("x", count=12000) == text
    assert one(language, "{count:plain}").message("x", count=12000) == "12000"


def test_decimals_percents_and_dates_are_written_as_the_locale_writes_them():
    german = one("de", "{a} {b} {c:percent} {d} {e}")
    facts = {"a": 1.5, "b": Decimal("1234.567"), "c": 0.25, "d": date(2026, 11, 8)}
    written = german.message("x", **facts, e=datetime(2026, 11, 8, 9, 5, tzinfo=UTC))
    assert written == "1,5 1.234,567 25\u00a0% 08.11.2026 08.11.2026, 09:05"


@pytest.mark.parametrize("number", [10**400, -(10**400), 10**30])
def test_a_number_of_any_size_takes_little_room(number):
    assert len(one("de", "{count}").message("x", count=number)) < 20


def test_one_fact_decides_between_singular_and_plural():
    english = one("en", ("{count} item of {all}", "{count} items of {all}"), "count")
    assert english.message("x", count=1, all=5) == "1 item of 5"
    assert english.message("x", count=0, all=5) == "0 items of 5"
    french = one("fr", ("{count} article", "{count} articles"), "count", lambda number: int(number > 1))
    assert french.message("x", count=0) == "0 article"


def test_a_message_among_the_facts_is_worded_in_the_same_language():
    outer = one("de", "Grund: {reason}")
    assert (
        outer.message("x", reason=Message("type.boolean"))
        == f"Grund: {catalogue('de').phrase('type.boolean')}"
    )


def test_an_error_is_worded_where_it_is_read():
    error = ProductTypeError("missing_attribute", label="X")
    assert str(error) == "X is missing. Fill in X."
    assert error.worded(catalogue("de")) == "X fehlt. X ausfüllen."
    assert (error.code, error.facts) == ("missing_attribute", {"label": "X"})
    error.language = "de"
    assert str(error) == "X fehlt. X ausfüllen."


def test_a_code_without_a_text_shows_itself_and_its_facts():
    assert str(ProductTypeError("no.such_code", sku="S1")) == "no.such_code (sku=S1)"
    with pytest.raises(KeyError):
        catalogue("en").phrase("no.such_code")
    assert catalogue("en").message("no.such_code") == ""


@pytest.mark.parametrize("language", languages())
def test_a_value_stands_in_quotation_marks(language):
    assert "a b" in catalogue(language).quoted("a\nb") != "a b"
    assert catalogue(language).quoted(1.5) == "1.5"


@pytest.mark.parametrize(
    ("one", "other", "shown"),
    [
        ("a" * 70 + "red", "a" * 70 + "blue", ("…" + "a" * 12 + "red", "…" + "a" * 12 + "blue")),
        ("a" * 70, "a" * 70 + " two", ("…" + "a" * 12, "…" + "a" * 12 + " two")),
        ("red", "blue", ("red", "blue")),
        ("lamp, " + "x" * 90, "vase, " + "x" * 90, ("lamp, " + "x" * 90, "vase, " + "x" * 90)),
        (None, "x" * 90, (None, "x" * 90)),
        ([1], [2], ([1], [2])),
    ],
)
def test_two_texts_are_shown_where_they_differ(one, other, shown):
    assert from_difference(one, other) == shown


@pytest.mark.parametrize("language", languages())
def test_a_file_is_read_as_babel_reads_it(language):
    content = (files("amazon_product_types") / "messages" / f"{language}.po").read_bytes()
    reference = read_po(io.BytesIO(content), locale=language)
    found = read_texts(content.decode())
    assert len(found.entries) == len([one for one in reference if one.id])
    for one in reference:
        code, counted = one.id if isinstance(one.id, tuple) else (one.id, "")
        if code:
            written = one.string if isinstance(one.string, tuple) else (one.string,)
            assert found.entries[code, one.context or ""] == (tuple(written), counted)
    rule = gettext.c2py(reference.plural_expr)
    assert [found.plural(number) for number in range(200)] == [rule(number) for number in range(200)]


def test_a_file_may_be_written_in_any_way_that_the_format_allows():
    content = (
        '# a comment\nmsgid ""\nmsgstr ""\n"Plural-Forms: nplurals=2; plural=(n > 1);\\n"\n\n'
        '#: place\nmsgctxt "action"\nmsgid "a"\nmsgstr ""\n"one \\"two\\"\\n"\n"three\\\\"\n  \n'
        'msgid "b"\nmsgid_plural "count"\nmsgstr[0] "x"\nmsgstr[1] "y"\n\nmsgid "c"\nmsgstr ""\n'
    )
    found = read_texts(content)
    assert found.entries == {
        ("a", "action"): Entry(('one "two"\nthree\\',), ""),
        ("b", ""): Entry(("x", "y"), "count"),
    }
    assert [found.plural(number) for number in (0, 1, 2)] == [0, 0, 1]


@pytest.mark.parametrize("other", [{"name": "b"}, {"name": ["a"]}, {}, {"name": "a", "more": []}])
def test_messages_are_keys_by_what_they_say(other):
    listed = {"name": "a", "options": ["x", {"y": 1}]}
    kept = dict.fromkeys([Message("c", listed), Message("c", other), Message("c", dict(listed))])
    assert list(kept) == [Message("c", listed), Message("c", other)]
    assert hash(Message("c", {"count": 1})) == hash(Message("c", {"count": True}))
