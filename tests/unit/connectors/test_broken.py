"""Five broken files and three broken Variables, and the exact texts that people get to read."""

import json
from pathlib import Path

import pytest

from amazon_listings.connectors import load_connectors

HERE = Path(__file__).parent
VARIABLES = {
    "amazon_connector_overridden": json.dumps(
        {
            "amazon": {"product_type": None, "locale": "fr"},
            "sync": {"schedule": "daily", "preview": {"sample": 0}},
        }
    ),
    "amazon_connector_overriden": json.dumps({"sync": {"operation": "live"}}),
    "amazon_connector_torn": '{"amazon": {"country": "FR"',
    "an_unrelated_variable": "no JSON at all",
}


@pytest.fixture
def texts(monkeypatch):
    monkeypatch.chdir(HERE)
    loaded = load_connectors(Path("broken"), VARIABLES)
    assert not loaded.connectors
    return {broken.id: broken.text for broken in loaded.broken}


def test_all_are_told(texts):
    assert set(texts) == {path.stem for path in (HERE / "broken").glob("*.txt")}


@pytest.mark.parametrize("golden", sorted((HERE / "broken").glob("*.txt")), ids=lambda path: path.stem)
def test_text(texts, golden):
    assert texts[golden.stem] == golden.read_text(encoding="utf-8")


def test_no_credential_is_shown(texts):
    assert "0123456789abcdef" not in "".join(texts.values())
