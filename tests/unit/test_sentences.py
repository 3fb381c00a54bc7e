"""No sentence that a person reads is written outside the catalogue."""

import ast
import re
from pathlib import Path

import pytest

import amazon_listings
import amazon_product_types
from amazon_listings.messages import catalogue

ROOTS = [Path(module.__file__).parent for module in (amazon_listings, amazon_product_types)]
BASES = {"CodedError", "AmazonListingsError", "ProductTypeError"}
CODE = re.compile(r"[a-z][a-z0-9_.]*")
#: Calls whose first argument is a code.
WORDING = {"refuse", "say", "message", "phrase", "action", "issue_texts"}
#: What still writes sentences where faults are found.
NOT_YET = {
    "amazon_product_types/candidates.py",  # fields that a mapping key may mean
    "amazon_product_types/labels.py",
    "amazon_listings/mapping/",  # mistakes of mapping lines
}


def sources():
    for root in ROOTS:
        for path in sorted(root.rglob("*.py")):
            yield path.relative_to(root.parent).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def coded_errors():
    """The names of all exceptions that carry a code."""
    parents = {
        node.name: {getattr(base, "attr", getattr(base, "id", "")) for base in node.bases}
        for _, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    found = set(BASES)
    while more := {name for name, bases in parents.items() if bases & found} - found:
        found |= more
    return found


def calls(names):
    for file, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and node.args:
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if name in names:
                    yield f"{file}:{node.lineno}", node


@pytest.mark.parametrize("language", ["en", "it"])
def test_every_code_that_is_written_has_a_message(language):
    messages = catalogue(language)
    missing = [
        (place, node.args[0].value)
        for place, node in calls(coded_errors() | WORDING)
        if isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
        and CODE.fullmatch(node.args[0].value)
        and "." in node.args[0].value
        and not messages.knows(node.args[0].value)
    ]
    assert missing == []


def test_errors_are_raised_with_codes_and_not_with_sentences():
    built = [
        place
        for place, node in calls(coded_errors() | {"refuse"})
        if isinstance(node.args[0], ast.JoinedStr | ast.BinOp)
        or (isinstance(node.args[0], ast.Constant) and not CODE.fullmatch(str(node.args[0].value)))
    ]
    assert [place for place in built if not place.startswith(tuple(NOT_YET))] == []


def test_what_to_do_is_a_message_too():
    written = [
        place
        for place, node in calls(coded_errors())
        for keyword in node.keywords
        if keyword.arg == "hint" and isinstance(keyword.value, ast.Constant | ast.JoinedStr | ast.BinOp)
        if not (isinstance(keyword.value, ast.Constant) and keyword.value.value is None)
    ]
    assert [place for place in written if not place.startswith(tuple(NOT_YET))] == []
