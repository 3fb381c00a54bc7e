import ast
import json
from importlib.resources import files
from pathlib import Path

import pytest

import amazon_product_types.validation
from amazon_product_types.validation.causes import CODES
from amazon_product_types.validation.explanation import ADVISED
from amazon_product_types.validation.words import words

TEXTS = json.loads(
    (files("amazon_product_types.validation") / "messages" / "en.json").read_text(encoding="utf-8")
)


def codes_in_the_source():
    """Every text in the modules that name codes and that a message file or a keyword table knows."""
    folder = Path(amazon_product_types.validation.__file__).parent
    texts = {
        node.value
        for module in ("causes", "definition", "explanation")
        for node in ast.walk(ast.parse((folder / f"{module}.py").read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    built = {f"{kind}_{place}" for kind in ("missing", "unknown") for place in ("attribute", "field")}
    return (texts & TEXTS["codes"].keys()) | set(CODES.values()) | set(ADVISED.values()) | built


def test_each_code_has_its_sentences_and_no_sentence_is_without_code():
    assert codes_in_the_source() == TEXTS["codes"].keys()


@pytest.mark.parametrize(
    ("language", "word"), [("de_AT", "und"), ("FR", "et"), ("es-419", "y"), ("nl", "and"), ("", "and")]
)
def test_a_locale_falls_back_to_its_language_and_to_english(language, word):
    assert words(language).word("and") == word


def test_lists():
    english = words("en")
    assert [english.any_of("abc"[:count]) for count in range(4)] == ["", "a", "a or b", "a, b or c"]
    assert english.all_of(["a", "b"]) == "a and b"
