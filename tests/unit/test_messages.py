"""The sentences of issues: every package that makes issues has them in every language."""

import json
import re
import string
from importlib.resources import files
from pathlib import Path

import pytest

from amazon_product_types.validation.words import words

DOCS = Path(__file__).resolve().parents[2] / "docs" / "validation.md"
PACKAGES = (
    "amazon_product_types.validation",
    "amazon_product_types",
    "amazon_listings.mapping",
    "amazon_listings.runs",
)
#: How names and values are said: attribute names are English, so only other languages need the label.
BY_LANGUAGE = {"named", "valued"}
#: Sentences that hold no word of any language.
WORDLESS = {"{label}: {reason}."}


def texts(package, language):
    return json.loads((files(package) / "messages" / f"{language}.json").read_text(encoding="utf-8"))


def values(text):
    return {field for _, field, _, _ in string.Formatter().parse(text) if field}


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("language", ["es", "fr", "de"])
def test_each_language_says_everything_with_the_same_values(package, language):
    english, other = texts(package, "en"), texts(package, language)
    assert other["words"].keys() == english["words"].keys()
    assert other["codes"].keys() == english["codes"].keys()
    for code, sentences in english["codes"].items():
        assert other["codes"][code].keys() == sentences.keys(), code
        for variant, text in sentences.items():
            assert values(other["codes"][code][variant]) == values(text), (code, variant)
            assert other["codes"][code][variant] != text or text in WORDLESS, (code, variant)
    for word, text in english["words"].items():
        assert word in BY_LANGUAGE or values(other["words"][word]) == values(text), word


@pytest.mark.parametrize("package", PACKAGES)
def test_each_issue_says_what_to_do_or_is_only_a_note(package):
    for code, sentences in texts(package, "en")["codes"].items():
        if sentences["message"].endswith(".") and code != "vendor_cost_price_repeated":
            assert sentences.get("action", "").endswith("."), code


def test_each_code_of_an_issue_is_documented_and_no_other():
    documented = re.findall(
        r"^\| `([a-z_0-9]+)` \| (?:ERROR|WARNING|INFO)", DOCS.read_text("utf-8"), re.MULTILINE
    )
    codes = {
        code
        for package in PACKAGES
        for code, sentences in texts(package, "en")["codes"].items()
        if sentences["message"].endswith(".") or code == "unreadable"  # what is said there ends it
    }
    assert set(documented) == codes


@pytest.mark.parametrize(
    ("language", "quoted"), [("en", "“a b”"), ("es", "«a b»"), ("fr", "« a b »"), ("de", "„a b“")]
)
def test_a_value_stands_in_the_quotation_marks_of_its_language(language, quoted):
    assert words(language).quoted("a\nb") == quoted
    assert words(language).quoted(1.5) == "1.5"


def test_the_phrases_of_validation_serve_every_package():
    french = words("fr_CA", "amazon_listings.mapping")
    assert french.any_of("ab") == "a ou b"
    assert french.word("line", number=3) == "ligne 3"
