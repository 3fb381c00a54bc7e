"""Great Expectations' pages in Airflow: sandboxed, and nothing but pages of the site."""

import pytest
from starlette.testclient import TestClient

from amazon_listings.runs.quality_docs import docs_index
from amazon_listings.settings import settings
from amazon_listings.web.activity import report_pages


@pytest.fixture
def client(tmp_path, monkeypatch):
    monkeypatch.setenv("AMAZON_LISTINGS_STORAGE", str(tmp_path))
    settings.cache_clear()
    allowed = {
        report_pages._may_read.dependency: lambda: None,
        report_pages.connector_of: lambda dag_id: dag_id.removeprefix("amazon_"),
    }
    monkeypatch.setattr(report_pages.app, "dependency_overrides", allowed)
    yield TestClient(report_pages.app)
    settings.cache_clear()


def test_a_page_of_the_site_has_no_part_in_airflows_origin(client, tmp_path):
    index = docs_index(tmp_path, "lamps")
    index.parent.mkdir(parents=True)
    index.write_text("<p>Data Docs")
    found = client.get("/quality/amazon_lamps/index.html")
    assert (found.status_code, found.text) == (200, "<p>Data Docs")
    policy = found.headers["Content-Security-Policy"]
    assert "sandbox allow-scripts" in policy
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy


def test_a_connector_without_results_says_so(client):
    assert "No run of this DAG has checked items yet" in client.get("/quality/amazon_lamps/index.html").text


def test_where_there_is_nothing_to_show_the_readers_language_says_so(client):
    german = {"Accept-Language": "de-DE,en;q=0.5"}
    assert "Noch kein Lauf" in client.get("/quality/amazon_lamps/index.html", headers=german).text
    assert "keinen Bericht" in client.get("/reports/amazon_lamps/manual__1", headers=german).text
    missing = client.get("/quality/amazon_lamps/x.json", headers=german)
    assert (missing.status_code, missing.json()["detail"]) == (404, "Eine solche Seite gibt es nicht.")


@pytest.mark.parametrize("name", ["%2e%2e/x.html", "a/%2e%2e/%2e%2e/x.html", "secret.json", "/x.html"])
def test_what_is_no_page_of_the_site_is_not_served(client, tmp_path, name):
    (tmp_path / "x.html").write_text("secret")
    assert client.get(f"/quality/amazon_lamps/{name}").status_code == 404
