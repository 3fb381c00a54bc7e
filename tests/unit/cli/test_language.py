"""The language of a command: its own `--language` is that of all it says, from the first word on."""

import re

import pytest
from typer.testing import CliRunner

from amazon_listings.cli import app
from amazon_listings.cli.output.refusals import CONNECTOR_LANGUAGE, LANGUAGE
from amazon_listings.settings import settings


@pytest.fixture
def said():
    def run(*arguments):
        done = CliRunner().invoke(app, arguments)
        return done.exit_code, done.stderr

    before = LANGUAGE.get(), CONNECTOR_LANGUAGE.get()
    yield run
    settings.cache_clear()
    LANGUAGE.set(before[0])
    CONNECTOR_LANGUAGE.set(before[1])


@pytest.mark.parametrize("command", [["run", "nope"], ["map", "--connector", "nope"]])
def test_a_refusal_is_in_the_language_that_the_command_is_given(said, command, tmp_path, monkeypatch):
    monkeypatch.setenv("AMAZON_LISTINGS_CONNECTORS", str(tmp_path))
    monkeypatch.setenv("AMAZON_LISTINGS_LEDGER", f"sqlite:///{tmp_path}/ledger.db")
    settings.cache_clear()
    code, sentence = said(*command, "--language", "it")
    assert code == 1
    assert re.match(r"Non c'è (alcun|nessun) connettore 'nope'[.;]", sentence)


def test_misuse_is_in_that_language_too(said):
    code, sentence = said("run", "nope", "--operation", "foo", "--language", "de")
    assert (code, sentence) == (2, "--operation ist `test` oder `live`, nicht 'foo'.\n")


@pytest.mark.parametrize(
    "command", [["run", "x"], ["validate", "x", "--definition", "y"], ["fields", "X"], ["map", "x"]]
)
def test_a_language_that_there_is_not_is_misuse_of_every_command(said, command):
    code, sentence = said("--language", "it", *command, "--language", "tlh")
    assert (code, sentence) == (2, "--language è uno di de, en, es, fr, it, non 'tlh'.\n")
