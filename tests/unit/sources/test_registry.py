"""Sources of other distributions that cannot be used, and why."""

import sys
from importlib.metadata import EntryPoint

import pytest

from amazon_listings.messages import catalogue
from amazon_listings.sources.registry import GROUP, collected

MODULE = """
class Whole:
    title = summary = settings_schema = abilities = connection = open = None
    name = "tiny"
class Part:
    name = "tiny"
    title = summary = settings_schema = abilities = connection = None
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "a_tiny_source.py").write_text(MODULE)
    (tmp_path / "a_broken_source.py").write_text("raise RuntimeError('no licence')")
    yield "a_tiny_source"
    sys.modules.pop("a_tiny_source", None)


def found(name, value):
    return collected([EntryPoint(name, value, GROUP)])


def test_a_whole_one_is_there_beside_ours(module):
    known = found("tiny", f"{module}:Whole")
    assert {"tiny", "sales_layer", "files"} <= set(known.sources)
    assert known.broken == {}


@pytest.mark.usefixtures("module")
@pytest.mark.parametrize(
    ("name", "value", "english", "german"),
    [
        ("tiny", "a_tiny_source:Part", "it has no open", "ihr fehlt open"),
        (
            "tiny",
            "a_broken_source",
            "it fails (RuntimeError: no licence)",
            "ihr Import schlägt fehl",
        ),
        ("other", "a_tiny_source:Whole", "it calls itself 'tiny'", "sie nennt sich selbst 'tiny'"),
        ("Tiny!", "a_tiny_source:Whole", "small letters, digits and _", "Kleinbuchstaben, Ziffern und _"),
        ("files", "a_tiny_source:Whole", "another source has this name", "eine andere Quelle heißt schon so"),
    ],
)
def test_why_one_cannot_be_used_is_said_in_the_readers_language(name, value, english, german, caplog):
    known = found(name, value)
    why = known.broken[name]
    assert known.sources.keys() == {"sales_layer", "files"}
    assert english in catalogue("en").word(why)
    assert german in catalogue("de").word(why)
    assert catalogue("en").word(why) == caplog.messages[0]
    assert catalogue("en").word(why).startswith(f"The source {name} ({value}) cannot be used: ")
