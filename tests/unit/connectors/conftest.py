import pytest
import yaml

from amazon_listings.connectors import load_connectors


@pytest.fixture
def document():
    """A connector document that is right."""
    return {
        "id": "fr_home",
        "amazon": {"connection": "amazon_fr", "country": "FR", "product_type": "HOME"},
        "sales_layer": {"languages": ["fr"]},
        "mapping": {
            "Nom du produit": "{{ item.name }}",
            "item_weight": {"value": "{{ item.w }}", "unit": "kilograms"},
        },
    }


@pytest.fixture
def write(tmp_path):
    """Writes a document, or a text, as a connector file."""

    def write(document, name="fr_home.yaml"):
        text = document if isinstance(document, str) else yaml.safe_dump(document, sort_keys=False)
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path

    return write


@pytest.fixture
def broken_text(write):
    """The text about a document (and Variables) with something wrong in it."""

    def broken_text(document, **variables):
        loaded = load_connectors(
            write(document), {f"amazon_connector_{key}": text for key, text in variables.items()}
        )
        assert not loaded.connectors
        (broken,) = loaded.broken
        return broken.text

    return broken_text
