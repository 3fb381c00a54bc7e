"""What needs a person: the counts beside the menu, the check of all connectors, the largest price changes."""

import json

import pytest
import yaml

from amazon_listings.fleet import check
from amazon_listings.web.connectors import attention
from support.hostile import HOSTILE


@pytest.fixture
def in_time(monkeypatch):
    """Time enough, however busy the machine is."""
    monkeypatch.setattr(attention, "IN_TIME", 60)


def test_the_menu_counts_what_the_reader_may_see(client):
    mine = client("viewer", **{"accept-language": "fr"}).get("/attention").text
    assert "2 erreurs ouvertes" in mine
    assert "4 erreurs ouvertes" in client("admin", **{"accept-language": "fr"}).get("/attention").text


def test_every_connector_is_checked_at_once(client, folder, in_time):
    document = yaml.safe_load((folder / "elsewhere.yaml").read_text("utf-8"))
    document["mapping"]["Aucun champ"] = "{{ item.name }}"
    (folder / "elsewhere.yaml").write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    page = client("admin", **{"accept-language": "fr"}).get("/check")
    assert page.status_code == 200
    assert "1 connecteur correct, 1 inutilisables." in page.text
    assert "Aucun champ" in page.text
    assert HOSTILE not in page.text
    assert "elsewhere" not in client("viewer").get("/check").text


def test_a_check_reads_no_rows_and_says_what_it_left_out(client, in_time, monkeypatch):
    french = client("admin", **{"accept-language": "fr"})
    read: list[str] = []
    monkeypatch.setattr(check, "find_states", lambda *_: iter(read.append("rows") or ()))
    page = french.get("/check").text
    assert read == []
    assert "Aucun article n&#39;a été lu ici" in page
    assert "dans le temps imparti" not in page


def test_a_check_goes_on_where_the_last_one_ended(client, folder, monkeypatch):
    monkeypatch.setattr(attention, "IN_TIME", -1)
    french = client("admin", **{"accept-language": "fr"})
    page = french.get("/check").text
    assert "dans le temps imparti" in page
    assert (page.count("Non vérifié"), page.count("Utilisable")) == (1, 1)
    page = french.get("/check").text
    assert "dans le temps imparti" not in page
    assert (page.count("Non vérifié"), page.count("Utilisable")) == (0, 2)
    assert client("admin").get("/check").text.count("Not checked") == 1  # its sentences are not made yet
    mend = yaml.safe_load((folder / "lamps.yaml").read_text("utf-8"))
    mend["mapping"]["Aucun champ"] = "{{ item.name }}"
    (folder / "lamps.yaml").write_text(yaml.safe_dump(mend, allow_unicode=True), encoding="utf-8")
    assert french.get("/check").text.count("Non vérifié") == 1  # nothing of what was is shown of it
    assert "1 connecteur correct, 1 inutilisables." in french.get("/check").text


def test_a_check_is_made_again_with_another_definition(client, tmp_path, in_time):
    admin = client("admin")
    page = admin.get("/check").text
    assert "2 connectors right" in page
    assert "Not compared" not in page
    note = next((tmp_path / "storage").rglob("definitions.json"))
    noted = json.loads(note.read_text("utf-8"))
    noted["key"]["seller_id"] = "A2ELSEWHERE"
    note.write_text(json.dumps(noted), encoding="utf-8")
    assert "Not compared" in admin.get("/check").text  # none is stored for this seller


def test_few_comparisons_are_kept(client, in_time, monkeypatch):
    monkeypatch.setattr(attention, "MOST_KEPT", 1)
    client("admin").get("/check")
    assert len(attention._KEPT) == 1


def test_a_check_names_connectors_that_cannot_be_loaded(client, folder, in_time):
    (folder / "lamps.yaml").write_text("id: lamps\nsync: {operation: lve}\n", encoding="utf-8")
    page = client("admin").get("/check").text
    assert "lve" in page
    assert "1 connector right, 1 broken." in page


def test_a_connector_that_one_may_not_see_yet_is_no_dead_end(client):
    page = client("viewer").get("/activity?dag=amazon_elsewhere").text
    assert "You cannot see the DAG <code>amazon_elsewhere</code> yet" in page
    assert 'data-refresh="5"' in page


def test_connectors_are_narrowed_to_an_owner(client, folder):
    document = yaml.safe_load((folder / "elsewhere.yaml").read_text("utf-8")) | {"owner": "bags"}
    (folder / "elsewhere.yaml").write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    assert [one["id"] for one in client("admin").get("/api/connectors?owner=bags").json()] == ["elsewhere"]
    assert 'name="owner"' in client("admin").get("/").text
