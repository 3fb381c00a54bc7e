"""No sentence that a person reads is written outside the catalogue."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

import amazon_listings
import amazon_product_types
from amazon_listings.messages import catalogue

ROOTS = [Path(module.__file__).parent for module in (amazon_listings, amazon_product_types)]
BASES = {"CodedError", "AmazonListingsError", "ProductTypeError"}
CODE = re.compile(r"[a-z][a-z0-9_.]*")
#: Calls whose first argument is a code.
WORDING = {"refuse", "say", "message", "log_line", "phrase", "remark", "action", "issue_texts"}
#: Calls whose arguments people read as they are.
SHOWING = {"echo", "print", "confirm", "prompt", "secho"}
LOGGING = {"debug", "info", "warning", "error", "exception", "critical"}
#: Two words side by side, outside placeholders.
WORDS = re.compile(r"[A-Za-z]{2,}[,;:]? [a-z]{2,}")


def sources():
    for root in ROOTS:
        for path in sorted(root.rglob("*.py")):
            yield path.relative_to(root.parent).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes():
    """All calls, classes and yields with their files: going through all code takes seconds."""
    return [
        (file, node)
        for file, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call | ast.ClassDef | ast.Yield)
    ]


@cache
def all_calls():
    return [
        (f"{file}:{node.lineno}", getattr(node.func, "attr", getattr(node.func, "id", "")), node)
        for file, node in nodes()
        if isinstance(node, ast.Call)
    ]


@cache
def coded_errors():
    """The names of all exceptions that carry a code."""
    parents = {
        node.name: {getattr(base, "attr", getattr(base, "id", "")) for base in node.bases}
        for _, node in nodes()
        if isinstance(node, ast.ClassDef)
    }
    found = set(BASES)
    while more := {name for name, bases in parents.items() if bases & found} - found:
        found |= more
    return found


def calls(names):
    return ((place, node) for place, name, node in all_calls() if name in names and node.args)


def written_in(node):
    """The texts that stand in an expression, with a placeholder for what is filled in."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.JoinedStr):
        filled = [written_in(part.value) for part in node.values if isinstance(part, ast.FormattedValue)]
        own = "".join(part.value if isinstance(part, ast.Constant) else "·" for part in node.values)
        return [own, *(text for texts in filled for text in texts)]
    if isinstance(node, ast.BinOp | ast.IfExp):
        return [text for below in ast.iter_child_nodes(node) for text in written_in(below)]
    return []


def sentences(node):
    return [text for text in written_in(node) if WORDS.search(text)]


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


@pytest.mark.parametrize(
    "names", [{"HTTPException"}, {"WrittenItem", "outcome_of", "replace"}, {"fail", "retry"}]
)
def test_what_a_call_hands_to_readers_is_in_the_catalogue(names):
    """Answers of pages, notes of items, reasons of retries: wherever in the call they stand."""
    written = [
        (place, text)
        for place, name, node in all_calls()
        if name in names
        for each in (*node.args, *(keyword.value for keyword in node.keywords))
        for text in sentences(each)
    ]
    assert written == []


def test_errors_are_raised_with_codes_and_not_with_sentences():
    built = [
        place
        for place, node in calls(coded_errors() | {"refuse"})
        if isinstance(node.args[0], ast.JoinedStr | ast.BinOp)
        or (isinstance(node.args[0], ast.Constant) and not CODE.fullmatch(str(node.args[0].value)))
    ]
    assert built == []


def test_what_to_do_is_a_message_too():
    written = [
        place
        for place, node in calls(coded_errors())
        for keyword in node.keywords
        if keyword.arg == "hint" and isinstance(keyword.value, ast.Constant | ast.JoinedStr | ast.BinOp)
        if not (isinstance(keyword.value, ast.Constant) and keyword.value.value is None)
    ]
    assert written == []


def test_nothing_is_printed_that_is_not_in_the_catalogue():
    shown = [(place, text) for place, node in calls(SHOWING) for text in sentences(node.args[0])]
    assert shown == []


def test_nothing_is_logged_that_is_not_in_the_catalogue():
    logged = [
        (place, text)
        for place, node in calls(LOGGING)
        if getattr(getattr(node.func, "value", None), "id", "") in {"log", "_log", "logger"}
        for text in sentences(node.args[0])
    ]
    assert logged == []


def test_what_a_form_of_airflow_says_is_in_the_catalogue():
    """Titles and helps of parameters, descriptions and documents of DAGs."""
    named = {"title", "description", "description_md", "doc_md", "dag_display_name"}
    written = [
        (place, text)
        for place, name, node in all_calls()
        if name in {"Param", "DAG"}
        for keyword in node.keywords
        if keyword.arg in named
        for text in sentences(keyword.value)
    ]
    assert written == []


def test_what_a_generator_of_lines_yields_is_in_the_catalogue():
    """Commands print what such functions yield."""
    yielded = [
        (f"{file}:{node.lineno}", text)
        for file, node in nodes()
        if "/cli/" in file or "/command/" in file
        if isinstance(node, ast.Yield) and node.value is not None
        for text in sentences(node.value)
    ]
    assert yielded == []
