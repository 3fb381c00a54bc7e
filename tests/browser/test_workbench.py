"""A merchandiser's whole job in a real browser against a running Airflow, in French, touching no file.

One Airflow serves every test here; `make pictures` runs them to take the pictures of README and docs.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from local_airflow import airflow as local
from local_airflow.project import PROJECT
from spapi_sandbox.server import running_sandbox
from support import fab
from support.airflow import CONFIRMED, Installation, pim_connection
from support.controls import Crawler
from support.hostile import HOSTILE

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = "/usr/bin/chromium"
PICTURES = os.environ.get("PICTURES")
#: Two people with the role that docs/merchandiser.md describes, a reader, and who makes the roles.
MAKER, COLLEAGUE, READER, ADMINISTRATOR = "marie", "jean", "luc", "anne"
DAG = "amazon_lampes_neuves"
#: A connector that is not theirs.
OTHER = "amazon_fr_lamps"
#: Slow machines are slow.
PATIENCE, RUN_PATIENCE = 150_000, 600_000
#: Fields that Amazon requires and that no PIM field fills, with what fills them.
MENDED = {
    "lamp_type.value": "desk_lamp",
    "light_source_type.value": "LED",
    "supplier_declared_dg_hz_regulation.value": "not_applicable",
    "merchant_shipping_group.value": "standard-template",
    "item_package_weight.value": "{{ item.weight }}",
}

#: A control is not wider than the column its form is in.
ENDS_WITHIN_ITS_FORM = """(one) =>
  one.getBoundingClientRect().right <= one.form.getBoundingClientRect().right"""

#: Every picture of the page has been shown, and one is no placeholder of a single point.
PICTURES_ARE_SHOWN = """() => {
  const all = [...document.querySelectorAll("main img")];
  all.forEach((one) => { one.loading = "eager"; });
  return all.every((one) => one.complete) && all.some((one) => one.naturalWidth > 1);
}"""

# Three whole runs take minutes where other work shares the machine: `make soak` and `make pictures` run it.
pytestmark = [pytest.mark.browser, pytest.mark.airflow, pytest.mark.soak, pytest.mark.timeout(1500)]


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """An Airflow with a connection to the PIM, people with roles, and a connector of others."""
    home = tmp_path_factory.mktemp("workbench")
    (home / "connectors").mkdir()
    other = f"{OTHER.removeprefix('amazon_')}.yaml"
    shutil.copy(PROJECT / "include" / "connectors" / other, home / "connectors" / other)
    with running_sandbox() as sandbox:
        extra = {
            "AIRFLOW_CONN_PIM": json.dumps(pim_connection(sandbox)),
            "AMAZON_LISTINGS_CONNECTORS": str(home / "connectors"),
            "AMAZON_LISTINGS_STORAGE": str(home / "storage"),
            "AMAZON_LISTINGS_LEDGER": f"sqlite:///{home / 'ledger.db'}",
            "AMAZON_LISTINGS_HTTP_HOSTS": sandbox.url.removeprefix("http://"),
            **fab.AUTH_MANAGER,
        }
        with local.running_airflow(home / "airflow", extra=extra) as airflow:
            port = int(airflow.url.rsplit(":", 1)[1])
            whole = local.environment(home / "airflow", port=port, all_admins=False) | extra
            house = Installation(airflow, sandbox, home, whole)
            roles = {MAKER: "Merchandiser", COLLEAGUE: "Merchandiser", READER: "Viewer"}
            fab.make_people(house, roles | {ADMINISTRATOR: "Admin"})
            yield house


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def signed_in(house, browser):
    """A page of a user who has signed in; what its console calls an error is collected."""
    pages = {}

    def signed_in(user: str) -> Page:
        if user not in pages:
            context = browser.new_context(locale="fr-FR", viewport={"width": 1400, "height": 920})
            page = context.new_page()
            page.set_default_timeout(PATIENCE)
            page.errors = []
            page.goto(f"{house.airflow.url}/auth/login/")
            page.fill("input[name=username]", user)
            page.fill("input[name=password]", fab.PASSWORD)
            page.press("input[name=password]", "Enter")
            page.wait_for_function("!location.pathname.includes('/auth/')")
            page.goto(place(house, ""))  # the script of FAB's page to sign in raises an error
            page.on("pageerror", lambda error: page.errors.append(str(error)))
            page.on("dialog", lambda dialog: page.errors.append(f"dialog: {dialog.message}"))
            pages[user] = page
        return pages[user]

    return signed_in


def picture(page: Page, name: str) -> None:
    """Keep a picture of a page, where pictures are wanted."""
    if PICTURES:
        page.wait_for_load_state("networkidle")
        page.screenshot(path=Path(PICTURES) / f"{name}.png")


def place(house: Installation, path: str) -> str:
    return f"{house.airflow.url}/amazon-listings/{path}"


def start(house: Installation, page: Page, operation: str) -> None:
    """Start a run on the page of activity, and wait until it has ended."""
    page.goto(place(house, f"activity?dag={DAG}"))
    before = page.locator("#list tbody tr").count()
    page.locator(f"input[name=operation][value={operation}][type=radio]").check()
    page.select_option("[name=selection]", "everything")
    page.click("button:has-text('Lancer')")
    ended(page, before + 1)


def ended(page: Page, count: int) -> None:
    """Wait until so many runs are listed, and the newest has ended."""
    page.locator("#list tbody tr").nth(count - 1).wait_for(timeout=RUN_PATIENCE)
    page.locator("#list tbody tr").first.locator("text=terminée").wait_for(timeout=RUN_PATIENCE)


def wait_for_dag(house: Installation, dag_id: str) -> None:
    """Wait until Airflow has read a DAG, so that rights on it can be given."""
    house.airflow.sign_in(ADMINISTRATOR, fab.PASSWORD)

    def is_known() -> bool:
        with suppress(requests.HTTPError):
            return bool(house.airflow.call("GET", f"/dags/{dag_id}/details"))
        return False

    house.wait_until(is_known, f"Airflow has not read {dag_id}")


def test_a_connector_is_made_from_nothing(house, signed_in):
    page = signed_in(MAKER)
    page.goto(place(house, ""))
    page.click("text=Nouveau connecteur")
    page.wait_for_selector("[name=account_id]")  # there is no account to choose yet
    sandbox = house.sandbox
    answers = {
        "account_id": "amazon_eu",
        "client_id": sandbox.client_id,
        "client_secret": sandbox.client_secret,
        "refresh_token": sandbox.refresh_token,
        "seller_id": sandbox.seller_id,
    }
    for name, value in answers.items():
        page.fill(f"[name={name}]", value)
    page.select_option("[name=country]", "FR")
    assert page.input_value("[name=languages]") == "fr"
    assert page.input_value("[name=timezone]") == "Europe/Paris"
    page.click("text=Seulement pour un bac à sable")
    page.fill("[name=endpoint]", sandbox.url)
    page.fill("[name=lwa_url]", sandbox.token_url)
    page.click("text=Créer et tester")
    page.wait_for_selector("#account-answer.good")
    assert "peut publier sur amazon.fr" in page.inner_text("#account-answer")
    assert page.input_value("[name=connection]") == "amazon_eu"
    assert page.input_value("[name=client_secret]") == ""
    page.wait_for_selector("text=articles dans le PIM")
    page.wait_for_selector("text=essayés")
    page.click("summary:has-text('Un autre compte')")
    page.fill("[name=words]", "lampe")
    page.check("[name=product_type][value=LAMP]")
    page.evaluate("scrollTo(0, 0)")
    picture(page, "new")
    page.fill("[name=title]", "Lampes neuves")
    page.fill("[name=id]", "lampes_neuves")
    page.fill("[name=sku_limit]", "beaucoup")
    page.click("#go >> text=Continuer vers les champs")
    page.wait_for_selector("[data-error=sku_limit]:not(:empty)")
    assert "nombre entier" in page.inner_text("[data-error=sku_limit]")
    page.fill("[name=sku_limit]", "1000")
    page.click("#go >> text=Continuer vers les champs")
    page.wait_for_url(f"**/dags/{DAG}/fields")
    page.wait_for_selector("#preview li, #preview .problem")
    assert page.locator("#preview .problem").count() == 0
    assert page.locator(".fieldlist .mark.mapped").count() > 20
    assert page.locator(".three input[name=q]").evaluate(ENDS_WITHIN_ITS_FORM)
    picture(page, "fields")


def test_it_is_published_and_tried(house, signed_in):
    page = signed_in(MAKER)
    page.goto(place(house, f"dags/{DAG}/fields"))
    page.click("button:has-text('Publier')")
    page.wait_for_url("**/activity**")
    # Airflow has a DAG more, on which an administrator gives rights, as the docs say.
    page.wait_for_selector(f"text=Vous ne pouvez pas encore voir le DAG {DAG}")
    wait_for_dag(house, DAG)
    fab.give_dag(house, DAG)
    page.wait_for_selector("button:has-text('Lancer')")
    assert [one.name for one in (house.home / "connectors").iterdir()] == ["fr_lamps.yaml"]
    assert page.locator("input[name=operation][value=test]").is_checked()
    start(house, page, "test")
    picture(page, "activity")


def test_an_issue_is_mended_in_the_draft(house, signed_in):
    page = signed_in(MAKER)
    page.goto(place(house, f"dags/{DAG}/issues"))
    assert "champs obligatoires ne sont pas mappés" in page.inner_text("#list")
    assert "Type de lampe" in page.inner_text("#list")
    picture(page, "issues")
    for path, value in MENDED.items():
        page.goto(place(house, f"dags/{DAG}/fields?field={path}"))
        page.check("[name=kind][value=expression]")
        page.fill("[name=expression]", value)
        page.wait_for_selector("#preview li")
        with page.expect_navigation():  # what is kept leads on
            page.click("button:has-text('Garder dans le brouillon')")
    page.goto(place(house, f"dags/{DAG}/fields"))
    page.click("button:has-text('Vérifier')")
    page.wait_for_selector("text=ne seraient plus bloqués")
    freed = int(re.search(r"rejoués : (\d+)", page.inner_text("main"))[1])
    page.click("button:has-text('Publier')")
    page.wait_for_selector("button:has-text('Abandonner')", state="detached")  # there is no draft any more
    start(house, page, "live")
    page.goto(place(house, f"dags/{DAG}/approvals"))
    asked = page.locator("[name=sku]").count()
    # Amazon's own preview may still stop some.
    assert 10 < asked <= freed


def test_the_first_live_run_sends_what_is_approved(house, signed_in):
    page = signed_in(MAKER)
    page.goto(place(house, f"dags/{DAG}/approvals"))
    asked = page.locator("[name=sku]").count()
    assert asked > 10
    picture(page, "approvals")
    page.click("button[name=approve][value=yes]")
    page.wait_for_selector(f"text=Envoyer les {asked} articles approuvés")
    page.click(f"text=Envoyer les {asked} articles approuvés")
    page.wait_for_url("**/activity**")
    ended(page, 3)

    def listed(outcome: str) -> int:
        page.goto(place(house, f"dags/{DAG}/items?outcome={outcome}"))
        return page.locator("#list tbody tr").count()

    # `amazon_confirm` may have read some back since, and may do so between two of these pages.
    house.wait_until(lambda: sum(map(listed, (*CONFIRMED, "accepted"))) == asked, "others are listed")
    page.goto(place(house, f"dags/{DAG}/items"))
    picture(page, "items")
    page.locator("#list tbody tr:has-text('B0') th a").first.click()
    page.wait_for_load_state("networkidle")
    picture(page, "item")
    page.goto(place(house, ""))
    assert "Lampes neuves" in page.inner_text("main")
    picture(page, "connectors")


def test_one_write_is_undone_with_its_difference_first(house, signed_in):
    page = signed_in(MAKER)
    page.goto(place(house, f"activity?dag={DAG}"))
    page.locator("#list tbody tr:has-text('en ligne') th a").first.click()
    page.click("text=Annuler cette exécution")
    page.wait_for_selector("main table tbody tr")
    assert page.locator("main table tbody tr:has-text('est supprimée')").count() > 10
    picture(page, "undo")
    page.goto(place(house, f"dags/{DAG}/items"))
    page.locator("#list tbody tr:has-text('B0') th a").first.click()
    page.wait_for_url(re.compile(r"/item\?id="))
    item = page.url
    page.click("text=annuler cette écriture")
    page.wait_for_selector("text=est supprimée")
    page.click("button:has-text('Annuler pour cette offre')")
    page.wait_for_url("**/activity**")
    page.locator("#list tbody tr").first.locator("text=annulation").wait_for()
    page.locator("#list tbody tr").first.locator("text=1 accepté").wait_for()
    page.goto(item)
    page.wait_for_selector("text=Amazon n'a pas de fiche")


def test_chosen_items_are_exported_tested_again_and_sent_again(house, signed_in):
    page = signed_in(MAKER)
    page.goto(place(house, f"dags/{DAG}/items"))
    page.wait_for_function(PICTURES_ARE_SHOWN)
    page.click("button:has-text('Tester à nouveau')")
    page.wait_for_selector("text=Choisissez d'abord des articles")
    boxes = page.locator("#list tr:has-text('B0') input[name=skus]").all()[:2]  # what Amazon has
    chosen = [one.get_attribute("value") for one in boxes]
    for one in boxes:
        one.check()
    with page.expect_download() as started:
        page.click("button:has-text('Exporter le choix')")
    rows = csv.DictReader(Path(started.value.path()).read_text("utf-8-sig").splitlines())
    assert sorted(row["sku"] for row in rows) == sorted(chosen)
    for label, operation in (("Tester à nouveau", "essai"), ("Envoyer à nouveau", "en ligne")):
        page.goto(place(house, f"activity?dag={DAG}"))
        before = page.locator("#list tbody tr").count()
        page.goto(place(house, f"dags/{DAG}/items?reference={','.join(chosen)}"))
        for one in page.locator("input[name=skus]").all():
            one.check()
        page.click(f"button:has-text('{label}')")
        page.wait_for_url("**/activity**")
        ended(page, before + 1)
        newest = page.locator("#list tbody tr").first
        assert operation in newest.inner_text()
        outcomes = newest.locator("td").last.inner_text()
        assert sum(map(int, re.findall(r"\d+", outcomes))) == len(chosen), outcomes


def test_a_changed_line_is_asked_about_beside_what_stays_at_amazon(house, signed_in):
    """What it asks stays open: the tests of all controls and of barriers find it on the page of approvals."""
    page = signed_in(MAKER)
    page.goto(place(house, f"dags/{DAG}/fields?field=item_name.value"))
    page.check("[name=kind][value=expression]")
    page.fill("[name=expression]", "{{ item.prod_title }} neuf")
    page.wait_for_selector("#preview li")
    with page.expect_navigation():
        page.click("button:has-text('Garder dans le brouillon')")
    page.goto(place(house, f"dags/{DAG}/fields"))
    page.click("button:has-text('Publier')")
    page.wait_for_selector("button:has-text('Abandonner')", state="detached")
    start(house, page, "live")
    page.goto(place(house, f"dags/{DAG}/approvals"))
    page.locator("details[data-open] summary").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#list details[open] > div:not([aria-busy]) > *")
    assert page.locator("#list details[open] > div .note.bad").count() == 0


def test_a_preview_shows_products_with_their_pictures(house, signed_in):
    page = signed_in(MAKER)
    page.goto(place(house, f"dags/{DAG}/fields?field=item_name.value"))
    page.wait_for_selector("#preview li")
    page.wait_for_function(PICTURES_ARE_SHOWN)
    with page.expect_download() as started:
        page.locator("#preview a[download]").first.click()
    assert "Lumio" in Path(started.value.path()).read_text("utf-8")


def test_another_connector_is_refused(house, signed_in):
    page = signed_in(MAKER)
    page.goto(place(house, ""))
    assert "fr_lamps" not in page.inner_text("#list")
    for path in ("fields", "items", "issues", "approvals"):
        answer = page.goto(place(house, f"dags/{OTHER}/{path}"))
        assert answer.status == 403, path
        assert "Vous ne pouvez pas lire ce connecteur" in page.inner_text("main")
    started = page.evaluate(
        "path => fetch(path, {method: 'POST', headers: {'content-type': 'application/json'}, body: '{}'})"
        ".then(answer => answer.status)",
        f"/amazon-listings/dags/{OTHER}/runs",
    )
    assert started == 403


def test_two_people_edit_one_draft(house, signed_in):
    mine, other = signed_in(MAKER), signed_in(COLLEAGUE)
    field = f"dags/{DAG}/fields?field=color.value"
    for page in (mine, other):
        page.goto(place(house, field))
        page.wait_for_selector("#preview li, #preview .problem")
        page.check("[name=kind][value=constant]")
    mine.fill("[name=constant]", "noir")
    with mine.expect_navigation():
        mine.click("button:has-text('Garder dans le brouillon')")
    other.fill("[name=constant]", "blanc")
    other.click("button:has-text('Garder dans le brouillon')")
    other.wait_for_selector(".three .note.bad")
    assert MAKER in other.inner_text(".three .note.bad")  # who was faster
    other.goto(place(house, field))
    assert other.input_value("[name=constant]") == "noir"
    other.click("button:has-text('Abandonner')")
    other.wait_for_selector("button:has-text('Abandonner')", state="detached")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_have_no_barrier(house, signed_in, theme):
    """WCAG 2.2, level AA, as axe-core tries it."""
    from axe_playwright_python.sync_playwright import Axe

    page = signed_in(MAKER)
    page.evaluate("theme => localStorage.setItem('theme', theme)", theme)
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found = []
    for path in (*every_page(house, page), "dags/amazon_nothing/items"):
        page.goto(place(house, path))
        page.evaluate("() => document.querySelectorAll('details').forEach(one => { one.open = true; })")
        page.wait_for_load_state("networkidle")
        answer = Axe().run(page, options={"runOnly": {"type": "tag", "values": rules}}).response
        found += [(path, one["id"], one["nodes"][0]["html"]) for one in answer["violations"]]
    page.evaluate("() => localStorage.removeItem('theme')")
    assert found == []


def every_page(house: Installation, page: Page) -> list[str]:
    """Return the path of a page of each kind."""
    lists = (f"dags/{DAG}/items", f"activity?dag={DAG}")
    paths = ["", "new", "items", "issues", "activity", "product-types", "check", *lists]
    paths += [f"dags/{DAG}/{name}" for name in ("fields?field=lamp_type.value", "issues", "approvals")]
    for path in lists:
        page.goto(place(house, path))
        address = page.locator("#list tbody tr th a").last.get_attribute("href")
        paths.append(address.removeprefix("/amazon-listings/"))
    return paths


def test_the_frame_follows_airflow_s_theme_and_language_at_once(house, signed_in):
    page = signed_in(ADMINISTRATOR)  # whose language no other test reads
    page.goto(f"{house.airflow.url}/plugin/amazon_listings")
    shown = page.frame_locator("iframe").locator("html")
    shown.locator("h1:has-text('Connecteurs')").wait_for()
    shown.evaluate("() => { window.stays = true; }")
    for label, theme in (("Mode sombre", "dark"), ("Mode clair", "light")):
        page.locator("button:has-text('Utilisateur')").last.click()
        page.locator("[role=menuitem]:has-text('Apparence')").click()
        page.locator(f"[role^=menuitem]:has-text('{label}')").click()
        page.wait_for_selector(f"html.{theme}", state="attached")
        assert (theme == "dark") == ("dark" in (shown.get_attribute("class") or ""))
    assert shown.evaluate("() => window.stays")
    page.keyboard.press("Escape")
    page.locator("button:has-text('Utilisateur')").last.click()
    page.locator("[role=menuitem]:has-text('Choisir la langue')").click()
    page.locator("[role=dialog] [role=combobox], [role=dialog] input").first.click()
    page.locator("[role=option]:has-text('Deutsch')").click()
    page.frame_locator("iframe").locator("html[lang=de] h1:has-text('Konnektoren')").wait_for()


def test_hostile_text_of_products_does_nothing(house, signed_in):
    page = signed_in(MAKER)
    for path in (
        f"dags/{DAG}/items?q={HOSTILE}",
        f"dags/{DAG}/fields?q={HOSTILE}",
        f"items?q={HOSTILE}",
        "new",
    ):
        page.goto(place(house, path))
        if page.locator("[name=words]").count():
            page.fill("[name=words]", HOSTILE)
            page.fill("[name=title]", HOSTILE)
            page.wait_for_timeout(1000)
        assert "hacked" not in page.title()
    assert page.errors == []


def test_pages_fit_a_phone_and_a_keyboard(house, signed_in):
    page = signed_in(MAKER)
    page.set_viewport_size({"width": 390, "height": 800})
    try:
        for path in ("", "new", f"dags/{DAG}/fields", f"dags/{DAG}/issues", f"activity?dag={DAG}"):
            page.goto(place(house, path))
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        page.goto(place(house, "items"))
        page.keyboard.press("/")
        assert page.evaluate("document.activeElement.type") == "search"
        page.goto(place(house, f"dags/{DAG}/fields?field=lamp_type.value"))
        page.wait_for_load_state("networkidle")
        page.keyboard.press("Tab")  # not through the list of all fields
        assert page.evaluate("document.activeElement.closest('[data-chosen]') !== null")
    finally:
        page.set_viewport_size({"width": 1400, "height": 920})


def test_a_reader_sees_and_changes_nothing(house, signed_in):
    page = signed_in(READER)
    page.goto(place(house, f"dags/{DAG}/fields"))
    page.wait_for_selector(".fieldlist")
    assert page.locator("button:has-text('Garder'), button:has-text('Publier')").count() == 0
    page.goto(place(house, f"activity?dag={DAG}"))
    assert page.locator("button:has-text('Lancer')").count() == 0
    sent = page.evaluate(
        "path => fetch(path, {method: 'POST', headers: {'content-type': 'application/json'}, body: '{}'})"
        ".then(answer => answer.status)",
        f"/amazon-listings/dags/{DAG}/runs",
    )
    assert sent == 403
    page.goto(place(house, "new"))
    assert "Vous pouvez le préparer" in page.inner_text("main")


def test_every_control_of_every_page_answers(house, signed_in):
    """The last test: it clicks what publishes, starts, stops and undoes as well."""
    page = signed_in(MAKER)
    crawler = Crawler(page, lambda path: page.goto(place(house, path)))
    crawler.use_all(every_page(house, page))
    assert crawler.broken == []
    assert len(crawler.used) > 80
