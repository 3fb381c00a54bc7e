"""One catalogue per language and distribution: complete, with the same facts, in every language."""

import re
from importlib.resources import files
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from amazon_listings.messages import Joined, catalogue, joined_notes, languages
from amazon_product_types.messages import languages as languages_of
from amazon_product_types.messages import placeholders, texts

DOCS = Path(__file__).resolve().parents[2] / "docs" / "validation.md"
PACKAGES = ("amazon_product_types", "amazon_listings")
#: How names and values are said: attribute names are English, so only other languages need the label.
BY_LANGUAGE = {"why.named", "why.valued"}
#: A text without a letter outside its placeholders, or one word that languages share, may be the same.
SAME = re.compile(r"(\{[^}]*\}|[^A-Za-z])*")


def issues(package):
    """The messages of issues by code: those without a prefix."""
    found = texts(package, "en").entries
    return {code: entry.templates[-1] for (code, variant), entry in found.items() if is_issue(code, variant)}


def is_issue(code, variant):
    return not variant and "." not in code and code != "quote"


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("language", languages())
def test_each_language_says_everything_with_the_same_facts(package, language):
    english, other = texts(package, "en").entries, texts(package, language).entries
    assert english.keys() - other.keys() == set(), "not translated"
    assert other.keys() - english.keys() == set(), "no such message"
    for key, entry in english.items():
        assert other[key].counted == entry.counted, key
        facts = placeholders(entry.templates[-1])
        assert key[0] in BY_LANGUAGE or placeholders(other[key].templates[-1]) == facts, key
        for template in other[key].templates:
            assert placeholders(template) <= facts | placeholders(other[key].templates[-1]), key


#: A number and what it counts; what is a part of so many is plural whatever the number.
COUNTED = re.compile(
    r"(?<!of )(?<!of the )\{(\w+)(?::plain)?\} (?:other |more )?"
    r"(bytes|calls|cells|characters|combinations|columns|days|digits|elements|hours|items|levels|lines|listings"
    r"|minutes|pages|people|pictures|pieces|places|products|results|rows|runs|seconds|times|values|weeks)\b"
)
#: Where the number is a limit of ours or Amazon's, or more than another one: it is never one.
NEVER_ONE = {
    "amazon.document_too_large", "amazon.feed_message_too_large", "check.schedules", "cli.airflow_slow",
    "document.long_number", "document.too_deep", "document.too_many_combinations", "duration.hours",
    "expression.long", "expression.long_list", "expression.long_pattern", "expression.long_text",
    "expression.longer_text", "left_out", "modular_title_highlights", "modular_title_name", "not_suggested",
    "pim.dates_ahead", "relabel.done", "report.cut", "row.id_too_long", "row.line_too_long",
    "runs.no_answers", "runs.sum_wrong", "sales_layer.answer_too_large", "sku_duplicate", "sku_too_long",
    "sources.related_table_more_than", "too_long", "too_many_alike", "too_many_days", "too_many_values",
    "too_short", "unfit.too_large", "unfit.too_long", "unfit.too_many",
}  # fmt: skip


@pytest.mark.parametrize("package", PACKAGES)
def test_what_is_counted_has_a_singular(package):
    without = {
        code
        for (code, _), entry in texts(package, "en").entries.items()
        for template in entry.templates
        for fact, _ in COUNTED.findall(template)
        if fact != entry.counted
    }
    assert without - NEVER_ONE == set()


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize(
    ("code", "facts"),
    [
        ("web.took_long", {"seconds": "{}"}),
        ("row.cells", {"cells": "{}", "header": 3}),
        ("change.characters_min", {"limit": "{}"}),
        ("runs.file_empty", {"path": "p", "rows": "{}"}),
        ("too_few_values", {"label": "x", "items": "{}", "limit": 3}),
    ],
)
def test_one_of_something_is_worded_as_one(language, code, facts):
    def worded(number):
        given = {name: number if fact == "{}" else fact for name, fact in facts.items()}
        return catalogue(language).phrase(code, **given)

    assert worded(1).replace("1", "2") != worded(2) or (language, code) == ("de", "change.characters_min")
    assert worded(1.0) == worded(1)


#: "Voi", as a sentence begins or goes on with it; these words end like it and are nouns, or names in code.
VOI = re.compile(r"(?:^|[.:;,] |\b(?:o|e|ed|oppure|prima) )([A-Za-z]+(?:ate|ete|ite)(?:l[oaie])?)\b")
NOT_VOI = {"Chiamate", "chiamate", "Limite", "delete", "recreate", "ripete", "ritirate", "tramite"}


@pytest.mark.parametrize("package", PACKAGES)
def test_italian_has_one_form_of_address(package):
    found = {
        word
        for entry in texts(package, "it").entries.values()
        for template in entry.templates
        for word in VOI.findall(template)
    }
    assert found - NOT_VOI == set()


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("language", sorted(set(languages()) - {"en"}))
def test_no_sentence_is_left_in_english(package, language):
    english, other = texts(package, "en").entries, texts(package, language).entries
    left = [
        key
        for key, entry in english.items()
        if other[key].templates == entry.templates
        and len(entry.templates[0].split()) > 2
        and not SAME.fullmatch(entry.templates[0])
    ]
    assert left == []


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("language", languages())
def test_a_catalogue_is_a_valid_po_file(package, language):
    with (files(package) / "messages" / f"{language}.po").open("rb") as file:
        found = read_po(file, locale=language, abort_invalid=True)
    keys = [(one.id, one.context) for one in found if one.id]
    assert len(keys) == len(set(keys))
    assert not [one.id for one in found if one.id and not one.string]


def test_a_code_stands_in_the_catalogue_of_one_distribution():
    ours, theirs = ({code for code, _ in texts(package, "en").entries} for package in PACKAGES)
    assert ours & theirs == set(), "the one would be worded with the facts of the other"


def test_both_distributions_have_the_same_languages():
    assert languages_of("amazon_product_types") == languages()
    assert {"en", "es", "fr", "de"} <= set(languages())


@pytest.mark.parametrize("package", PACKAGES)
def test_each_issue_says_what_to_do_or_is_only_a_note(package):
    english = texts(package, "en").entries
    for code, message in issues(package).items():
        if message.endswith(".") and code != "vendor_cost_price_repeated":
            assert english[code, "action"].templates[-1].endswith("."), code


def test_each_code_of_an_issue_is_documented_and_no_other():
    documented = re.findall(
        r"^\| `([a-z_0-9]+)` \| (?:ERROR|WARNING|INFO)", DOCS.read_text("utf-8"), re.MULTILINE
    )
    codes = {
        code
        for package in PACKAGES
        for code, message in issues(package).items()
        if message.endswith(".") or code == "unreadable"  # what is said there ends it
    }
    assert set(documented) == codes


@pytest.mark.parametrize(
    ("language", "quoted"), [("en", "“a b”"), ("es", "«a b»"), ("fr", "« a b »"), ("de", "„a b“")]
)
def test_a_value_stands_in_the_quotation_marks_of_its_language(language, quoted):
    assert catalogue(language).quoted("a\nb") == quoted
    assert catalogue(language).quoted(1.5) == "1.5"


def test_the_phrases_of_the_library_serve_here_too():
    french = catalogue("fr_CA")
    assert french.any_of("ab") == "a ou b"
    assert french.phrase("mapping.line", number=3) == "ligne 3"


@pytest.mark.parametrize(
    ("notes", "joined"),
    [
        ((), ""),
        (("", ""), ""),
        (("It waits.",), "It waits."),
        (("It waits.", "", "not previewed"), "It waits; not previewed"),
        (("not previewed", "It waits."), "not previewed; It waits."),
    ],
)
def test_notes_are_joined_without_a_full_stop_inside(notes, joined):
    assert joined_notes(notes, catalogue("en")) == joined


def test_a_language_sets_the_semicolon_between_notes():
    assert joined_notes(("Il attend.", "non vérifié"), catalogue("fr")) == "Il attend ; non vérifié"
    assert catalogue("fr").value(Joined(("a", 1200, "c"))) == "a ; 1\u202f200 ; c"
    assert catalogue("fr").value(Joined(())) == ""
