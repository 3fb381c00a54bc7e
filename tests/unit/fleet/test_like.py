"""`connectors new --like`: the same connector for other countries."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from amazon_listings.cli import app
from amazon_listings.connectors import load_connectors

DEMO = Path(__file__).resolve().parents[3] / "include" / "connectors"


@pytest.fixture
def run(folder):
    return lambda *words: CliRunner().invoke(app, ["connectors", "new", *words, "--folder", str(folder)])


def test_a_file_for_each_country(run, folder):
    text = (DEMO / "de_backpacks.yaml").read_text(encoding="utf-8")
    (folder / "de_backpacks.yaml").write_text("was: old_backpacks\n" + text, encoding="utf-8")
    result = run("--like", "de_backpacks", "--country", "FR,ES")
    assert result.exit_code == 0, result.output
    loaded = {one.id: one for one in load_connectors(folder, {}).connectors}
    before, after = loaded["de_backpacks"], loaded["fr_backpacks"]
    assert (after.amazon.country, after.amazon.locale, after.title) == ("FR", "fr_FR", "BACKPACK, amazon.fr")
    assert after.language_tags == (("fr", "fr_FR"),)
    assert after.sync.operation == "test"  # although the other one is live
    assert after.was == ()
    assert after.mapping == before.mapping
    assert after.parts[0].locale == "de_DE"
    assert loaded["es_backpacks"].amazon.country == "ES"
    assert run("--like", "de_backpacks", "--country", "FR").exit_code == 1  # it is there already


@pytest.mark.parametrize("block", ["languages:\n  - de", "languages:  # theirs\n    - de  # one\n    - fr"])
def test_a_block_list_stays_one_and_leaves_what_follows_alone(run, folder, block):
    text = (DEMO / "de_backpacks.yaml").read_text(encoding="utf-8").replace("languages: [de]", block)
    assert block in text
    (folder / "de_backpacks.yaml").write_text(text, encoding="utf-8")
    assert run("--like", "de_backpacks", "--country", "ES").exit_code == 0
    loaded = {one.id: one for one in load_connectors(folder, {}).connectors}
    before, after = loaded["de_backpacks"], loaded["es_backpacks"]
    assert after.source.languages == ("es",)
    assert after.source.sku == before.source.sku


@pytest.mark.parametrize("written", ["country: [FR, DE]", "country:\n    - FR\n    - DE\n   "])
def test_a_matrix_gets_countries(run, folder, written):
    text = (folder / "lamps.yaml").read_text(encoding="utf-8")
    matrix = f"for: {{{written}, product_type: [LAMP]}}"
    if "\n" in written:
        matrix = "for:\n  country:\n    - FR\n    - DE\n  product_type: [LAMP]"
    (folder / "lamps.yaml").write_text(
        text.replace("for: {country: [FR, DE], product_type: [LAMP, BACKPACK]}", matrix), encoding="utf-8"
    )
    assert run("--like", "fr_lamp", "--country", "es").exit_code == 0
    assert [one.id for one in load_connectors(folder, {}).connectors] == ["de_lamp", "es_lamp", "fr_lamp"]


def test_without_a_country(run):
    result = run("--like", "fr_lamp")
    assert result.exit_code == 1
    assert "--country" in result.stderr
