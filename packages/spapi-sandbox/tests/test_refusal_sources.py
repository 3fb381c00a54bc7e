"""Of every text that the sandbox refuses with, it is written down where it is from."""

import ast
import csv
from pathlib import Path

import spapi_sandbox
from spapi_sandbox.account.rotation import NOT_ENROLLED
from spapi_sandbox.admission.refusals import _DEFAULTS, UNPARSED

PACKAGE = Path(spapi_sandbox.__file__).parent
#: Exceptions whose arguments are texts, and how many come before them.
RAISED = {"Refusal": 1, "LwaError": 2, "TokenRefused": 0}


def texts():
    """The texts as they are written, with {} for what is put in."""
    yield from (UNPARSED, NOT_ENROLLED, *(message for _, message in _DEFAULTS.values()))
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RAISED:
                named = [one.value for one in node.keywords if one.arg in {"message", "details"}]
                for given in (*node.args[RAISED[node.func.id] :], *named):
                    if isinstance(given, ast.Constant) and given.value:
                        yield given.value
                    elif isinstance(given, ast.JoinedStr):
                        parts = (one.value if isinstance(one, ast.Constant) else "{}" for one in given.values)
                        yield "".join(parts)


def test_every_refusal_has_a_source():
    with (PACKAGE / "admission" / "refusal_sources.csv").open(encoding="utf-8", newline="") as file:
        sources = {row["text"]: row["source"] for row in csv.DictReader(file)}
    assert all(sources.values())
    # A text that begins with what is put in is the end of another.
    unknown = [text for text in texts() if text not in sources]
    assert [
        text for text in unknown if not any(one.endswith(text.removeprefix("{}")) for one in sources)
    ] == []
