"""Report pages read what was authorised and nothing else, and their links work without a login."""

import re

import pytest
from starlette.testclient import TestClient

from amazon_listings.airflow_adapter import downloads
from amazon_listings.runs.folder import RunFolder
from amazon_listings.settings import settings
from amazon_listings.web.activity import report_pages
from support.ledgers import ledger_in

KNOWN = {"amazon_lamps", "lamps", "other"}


class Session:
    """A session of Airflow's database that knows some DAGs."""

    def scalar(self, statement):
        (wanted,) = statement.compile().params.values()
        return wanted if wanted in KNOWN else None


@pytest.fixture
def client(tmp_path, monkeypatch):
    monkeypatch.setenv("AMAZON_LISTINGS_STORAGE", str(tmp_path))
    ledger_in(tmp_path)
    monkeypatch.setenv("AMAZON_LISTINGS_LEDGER", f"sqlite:///{tmp_path}/ledger.db")
    settings.cache_clear()
    (session,) = (found.dependency for found in report_pages.SessionDep.__metadata__)
    allowed = {report_pages._may_read.dependency: lambda: None, session: Session}
    monkeypatch.setattr(report_pages.app, "dependency_overrides", allowed)
    folder = RunFolder.of(tmp_path, "lamps", "manual__1").root / "report"
    folder.mkdir(parents=True)
    (folder / "report.html").write_text('<a href="items.csv">Items</a>')
    (folder / "items.csv").write_text("sku\n")
    yield TestClient(report_pages.app)
    settings.cache_clear()


@pytest.mark.parametrize("dag_id", ["lamps", "other", "amazon_gone", "fr_lamps", "amazon_amazon_lamps"])
@pytest.mark.parametrize(
    "address", ["/reports/{}/manual__1", "/reports/{}/manual__1/items.csv", "/quality/{}/index.html"]
)
def test_what_is_no_dag_of_a_connector_is_not_found(client, dag_id, address):
    assert client.get(address.format(dag_id)).status_code == 404


def test_a_page_is_not_kept_by_browsers(client):
    for address in ("/reports/amazon_lamps/manual__1", "/reports/amazon_lamps/manual__1/items.csv"):
        found = client.get(address)
        assert (found.status_code, found.headers["Cache-Control"]) == (200, "no-store")


def test_a_link_of_the_page_gives_the_file_without_a_login(client):
    page = client.get("/reports/amazon_lamps/manual__1")
    link = re.search(r'href="../../(downloads/[^"]+/items.csv[^"]*)"', page.text)[1]
    found = client.get(f"/{link}")
    assert (found.status_code, found.text) == (200, "sku\n")
    assert "attachment" in found.headers["Content-Disposition"]
    assert client.get(f"/{link.replace('manual__1', 'manual__2')}").status_code == 403
    assert client.get(f"/{link.replace('amazon_lamps', 'lamps')}").status_code == 403


def test_every_attempt_of_a_run_can_be_opened(client, tmp_path):
    folder = RunFolder.of(tmp_path, "lamps", "manual__1", 1).root / "report"
    folder.mkdir(parents=True)
    (folder / "report.html").write_text('<body><main>second <a href="items.csv">Items</a></main>')
    (folder / "items.csv").write_text("sku\nB\n")
    first = RunFolder.of(tmp_path, "lamps", "manual__1").root / "report" / "report.html"
    first.write_text('<body><main>first <a href="items.csv">Items</a></main>')
    address = "/reports/amazon_lamps/manual__1"
    page = client.get(address)
    assert "second" in page.text, "the latest, where none is named"
    assert "first" in client.get(address, params={"attempt": 0}).text
    assert client.get(f"{address}/items.csv", params={"attempt": 0}).text == "sku\n"
    # The page is in a frame without a login: its links carry a key.
    (link,) = re.findall(r'href="../../(downloads/[^"]+/attempts/0)"', page.text)
    other = client.get(f"/{link}")
    assert "first" in other.text
    file = re.search(r'href="([^"]+/items.csv[^"]+)"', other.text)[1]
    assert client.get(str(other.url.join(file))).text == "sku\n"
    (back,) = re.findall(r'href="([^"]+/attempts/1)"', other.text)
    assert "second" in client.get(str(other.url.join(back))).text
    assert client.get(f"/{link.replace('manual__1', 'manual__2')}").status_code == 403


def test_a_key_is_for_one_run_and_some_hours(monkeypatch):
    key = downloads.key_of("amazon_lamps", "r")
    assert downloads.fits(key, "amazon_lamps", "r")
    assert not downloads.fits(key, "amazon_lamps", "r2")
    for bad in ("", "1", f"9{key}", "9" * 30 + ".x", "1.é"):
        assert not downloads.fits(bad, "amazon_lamps", "r")
    now = downloads.time.time()
    monkeypatch.setattr(downloads.time, "time", lambda: now + downloads.GOOD_FOR + 1)
    assert not downloads.fits(key, "amazon_lamps", "r")
