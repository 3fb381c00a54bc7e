"""Numbers, dates, lengths and HTML, by property."""

import time
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from amazon_listings.mapping.values.booleans import yes_or_no
from amazon_listings.mapping.values.dates import DateReading, NotADate, iso, moment
from amazon_listings.mapping.values.html_text import html_to_text, is_html, one_spaced
from amazon_listings.mapping.values.lengths import modular_title, truncate_words
from amazon_listings.mapping.values.quantities import NotANumber, json_number, number, quantity
from amazon_listings.mapping.values.units import SYMBOLS, unit_code

DECIMALS = st.decimals(min_value=-(10**9), max_value=10**9, places=2)


@settings(max_examples=100, deadline=None)
@given(
    value=DECIMALS,
    blank=st.sampled_from(["", " ", "\u00a0", "\u202f", "'"]),
    unit=st.sampled_from(["", "kg", "€"]),
)
def test_a_number_in_french_notation_is_read_exactly(value, blank, unit):
    written = f"{value:,.2f}".replace(",", blank).replace(".", ",")
    found = quantity(f"{written} {unit}".strip(), ",")
    assert (found.number, found.unit) == (value, unit)


@settings(max_examples=100, deadline=None)
@given(value=DECIMALS)
def test_grouped_numbers_are_read_alike_whatever_the_sign(value):
    english = f"{value:,.2f}"
    german = english.replace(",", "\0").replace(".", ",").replace("\0", ".")
    assume(abs(value) >= 1000)
    assert quantity(english).number == quantity(german).number == value


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=30))
def test_any_text_is_a_finite_number_or_refused(text):
    try:
        found = number(text)
    except NotANumber:
        return
    assert abs(found) < float("inf")
    assert any(letter.isdigit() for letter in text)


@pytest.mark.parametrize(
    "text",
    [
        "1 2 3",
        "12 34",
        "1.2.3",
        "1,23,45.7",
        "1.23.456",
        "3 x 4 cm",
        "10-20",
        "1/2",
        "",
        "kg",
        "9" * 60,
        "1,234",
    ],
)
def test_what_is_no_single_number_is_refused(text):
    with pytest.raises(NotANumber):
        quantity(text)


def test_units_of_measure_with_digits():
    assert quantity("10 cm3") == (Decimal(10), "cm3")
    assert unit_code("Kg.", ["grams", "kilograms"]) == "kilograms"
    assert unit_code("kg", ["pounds"]) is None
    assert all(symbol == symbol.strip() for symbol in SYMBOLS)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("gramos", "grams"), ("grammes", "grams"), ("gramm", "grams"), ("grammi", "grams"),
        ("litros", "liters"), ("litres", "liters"), ("Liter", "liters"), ("Litri", "liters"),
        ("pulgadas", "inches"), ("pouces", "inches"), ("zoll", "inches"), ("pollici", "inches"),
    ],
)  # fmt: skip
def test_units_as_each_language_writes_them(written, code):
    assert unit_code(written, ["grams", "liters", "inches"]) == code


@pytest.mark.parametrize("word", ["yes", "Sí", "oui", "ja", "sì", "vero", "wahr"])
def test_yes_in_each_language(word):
    assert yes_or_no(word) is True


@pytest.mark.parametrize("word", ["no", "Non", "nein", "falso", "faux"])
def test_no_in_each_language(word):
    assert yes_or_no(word) is False


@given(value=st.floats(-1e15, 1e15))
@settings(max_examples=100, deadline=None)
def test_a_float_survives(value):
    assert json_number(Decimal(str(value))) == value


@pytest.mark.parametrize("huge", ["1e999", "1e400"])
def test_no_number_is_infinite(huge):
    with pytest.raises(NotANumber):
        number(huge)


@settings(max_examples=100, deadline=None)
@given(
    day=st.dates(date(1970, 1, 1), date(2100, 1, 1)),
    written=st.sampled_from(["%d/%m/%Y", "%d.%m.%Y", "%Y-%m-%d", "%Y%m%d", "%Y/%m/%d"]),
)
def test_a_date_is_the_same_day_however_written(day, written):
    assert iso(moment(day.strftime(written))) == day.isoformat()


def test_moments_keep_their_offset_and_midnight_utc_is_a_day():
    assert (
        iso(datetime(2026, 5, 1, 9, 30, tzinfo=timezone(timedelta(hours=2)))) == "2026-05-01T09:30:00+02:00"
    )
    assert iso(moment("2026-05-01 00:00:00")) == "2026-05-01"
    assert iso(moment("01/02/2026", DateReading(month_first=True))) == "2026-01-02"
    assert iso(moment("01.02.2026", DateReading(month_first=True))) == "2026-02-01"


@pytest.mark.parametrize(
    "text",
    [
        "31/02/2026",
        "2026-13-01",
        "tomorrow",
        "12/2026",
        "1.5",
        "2026-05-01 25:00",
        None,
        20260501,
        ["2026-05-01"],
    ],
)
def test_what_is_no_date_is_refused(text):
    with pytest.raises(NotADate):
        moment(text)


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=80), characters=st.integers(1, 60), octets=st.none() | st.integers(4, 60))
def test_truncated_text_fits_and_begins_as_it_did(text, characters, octets):
    cut = truncate_words(text, characters=characters, octets=octets)
    assert len(cut) <= characters
    assert octets is None or len(cut.encode("utf-8", "surrogatepass")) <= octets
    assert text.strip().startswith(cut)


@settings(max_examples=100, deadline=None)
@given(
    words=st.lists(st.text("abcdéß", min_size=1, max_size=9), min_size=1, max_size=20),
    characters=st.integers(10, 60),
)
def test_whole_words_are_kept(words, characters):
    text = " ".join(words)
    cut = truncate_words(text, characters=characters)
    assert text == cut or text[len(cut)] == " "


@settings(max_examples=150, deadline=None)
@given(title=st.text(st.sampled_from("abcé ,-|()"), max_size=260))
def test_a_modular_title_fits_and_loses_no_word(title):
    name, highlights, left_out = modular_title(title)
    assert len(name) <= 75
    assert len(highlights) <= 125
    kept = sorted("".join(filter(str.isalpha, name + highlights + left_out)))
    assert kept == sorted(filter(str.isalpha, title))


@settings(max_examples=200, deadline=None)
@given(text=st.text(st.sampled_from("ab<>/&;#39 p\n\"'!-"), max_size=60))
def test_any_markup_becomes_text_without_tags(text):
    plain = html_to_text(f"<p>{text}</p>")
    assert "<p>" not in plain
    assert plain == plain.strip()


@pytest.mark.parametrize("text", ["a < b and c > d", "R&D", "x&y;", "5 <6", "AT&T; done"])
def test_signs_that_are_no_markup_stay(text):
    assert not is_html(text) or html_to_text(text) == text


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("03/12/2026", date(2026, 3, 12)),
        ("03.12.2026", date(2026, 12, 3)),
        ("03-12-2026", date(2026, 3, 12)),
        ("12/13/2026", date(2026, 12, 13)),
        ("13.12.2026", date(2026, 12, 13)),
        ("12/12/2026", date(2026, 12, 12)),
        ("2026/03/12", date(2026, 3, 12)),
    ],
)
def test_the_month_comes_first_in_the_united_states_but_for_dates_with_points(written, day):
    assert moment(written, DateReading(month_first=True)) == day


@pytest.mark.parametrize(
    ("text", "octets", "kept"),
    [
        ("été bleu", 10, "été bleu"),
        ("été bleu", 9, "été"),
        ("été", 5, "été"),
        ("été", 4, "ét"),
        ("été", 3, "ét"),
    ],
)
def test_a_text_of_just_as_many_bytes_fits_and_one_more_does_not(text, octets, kept):
    assert truncate_words(text, octets=octets) == kept


@pytest.mark.parametrize(
    ("text", "characters", "kept"),
    [("red lamp", 8, "red lamp"), ("red lamp", 7, "red"), ("lamps", 4, "lamp")],
)
def test_a_text_of_just_as_many_characters_fits_and_one_more_does_not(text, characters, kept):
    assert truncate_words(text, characters=characters) == kept


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ('<a title="a>b">x</a>', "x"),
        ("<p>a</p><!-- no --><p>b</p>", "a\nb"),
        ("<script>if (a<b) c()</script>d", "d"),
        ("a &lt; b &#233; &eacute;", "a < b é é"),
        ("5 < 6 <b", "5 < 6 <b"),
        ("<p title=it's>x</p>", "x"),
        ("&#" + "9" * 5000 + ";x", "\ufffdx"),
    ],
)
def test_markup_goes_and_text_stays(html, text):
    assert html_to_text(html) == text


@pytest.mark.parametrize(
    "hostile",
    ["<a " * 40_000, "<!--" * 250_000, '<a "' * 100_000, "<b '\"" * 100_000, "</" * 300_000, "&" * 500_000,
     "<script>" * 100_000, "\t \t" * 300_000, "<p>" + "x" * 1_000_000, "&#1" * 300_000],
)  # fmt: skip
def test_html_becomes_text_in_time_in_proportion_to_its_length(hostile):
    begun = time.process_time()
    html_to_text(hostile)
    is_html(hostile)
    assert time.process_time() - begun < 2


@given(st.text(st.sampled_from("ab é\u00ad\u00a0\t\n\x1c\u2003\u2028\u3000") | st.characters(), max_size=8))
def test_words_are_one_space_apart(text):
    assert one_spaced(text) == " ".join(text.split())


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("2026-12-01 9:30", "2026-12-01T09:30:00Z"),
        ("2026-12-01T00:00:00Z", "2026-12-01"),
        ("2026-12-01T00:00:00-05:00", "2026-12-01T00:00:00-05:00"),
        ("2026-12-01T00:00:00+02:00", "2026-12-01T00:00:00+02:00"),
        ("2026-12-01T00:00:01Z", "2026-12-01T00:00:01Z"),
        ("2026-12-01T00:01:00Z", "2026-12-01T00:01:00Z"),
    ],
)
def test_only_midnight_in_utc_is_just_the_day(written, sent):
    assert iso(moment(written)) == sent


@pytest.mark.parametrize(("written", "found"), [("1.234.567", 1234567), ("1.234.567.890", 1234567890)])
def test_several_points_group_thousands(written, found):
    assert number(written) == found
