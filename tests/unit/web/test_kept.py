"""What pages keep between requests is made again as soon as what it comes from has changed."""

import pytest

from amazon_listings.airflow_adapter import connections
from amazon_listings.web.configured import configured, connector_of
from amazon_listings.web.described import mapping_of, stored_definitions_of


@pytest.fixture
def mapped(client):
    """Return the mapping of lamps, as a page would take it now."""

    def mapped():
        one = connector_of("amazon_lamps")
        return mapping_of(one, stored_definitions_of(one, connections.ledger(), "lamps"))

    return mapped


def test_a_mapping_is_compiled_again_only_where_something_of_it_changed(mapped, folder):
    first = mapped()
    file = folder / "lamps.yaml"
    text = file.read_text("utf-8")
    (folder / "elsewhere.yaml").touch()
    assert mapped() is first
    file.write_text(f"# A comment\n{text}", encoding="utf-8")
    moved = mapped()
    assert moved.lines["brand"].line == first.lines["brand"].line + 1
    file.write_text(text.replace("{{ item.brand }}", "{{ item.maker }}"), encoding="utf-8")
    assert "maker" in mapped().reads().item


def test_a_link_to_nothing_hides_no_change_of_other_files(client, folder):
    (folder / "gone.txt").symlink_to(folder / "nothing")
    before = configured()
    assert configured() is before
    file = folder / "lamps.yaml"
    file.write_text(f"{file.read_text('utf-8')}# Changed\n", encoding="utf-8")
    assert configured() is not before
