"""Each code that validation can find has a sentence, and no sentence is without a code."""

import ast
from pathlib import Path

import amazon_product_types.rules
import amazon_product_types.validation
from amazon_product_types.messages import texts
from amazon_product_types.validation.causes import CODES
from amazon_product_types.validation.explanation import ADVISED

#: Issues are the codes without a prefix.
ISSUES = {
    code for code, variant in texts("amazon_product_types", "en").entries if "." not in code and not variant
} - {"quote"}


def codes_in_the_source():
    """Every text in the modules that name codes and that the catalogue or a keyword table knows."""
    folder = Path(amazon_product_types.validation.__file__).parent
    rules = Path(amazon_product_types.rules.__file__).parent
    modules = [
        *(folder / f"{name}.py" for name in ("causes", "validator", "explanation")),
        *rules.glob("*.py"),
    ]
    found = {
        node.value
        for module in modules
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    built = {f"{kind}_{place}" for kind in ("missing", "unknown") for place in ("attribute", "field")}
    return (found & ISSUES) | set(CODES.values()) | set(ADVISED.values()) | built


def test_each_code_has_its_sentences_and_no_sentence_is_without_code():
    assert codes_in_the_source() == ISSUES
