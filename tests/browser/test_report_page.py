"""The report in a real browser, opened as a file, as a merchandiser does."""

import pytest

from amazon_listings.runs.finish.issue_history import renew_resolved
from amazon_listings.runs.finish.resolve import Resolver
from amazon_listings.runs.folder import RunFolder, part_name
from amazon_listings.runs.notes import ExtractNote
from amazon_listings.runs.records import EXTRACT, PROBLEMS, TESTED
from amazon_listings.runs.report import write_report
from amazon_product_types.validation.issue import Issue, Origin
from support.run_records import judged_item
from support.sync_runs import lamp

CHROMIUM = "/usr/bin/chromium"
HOSTILE = (
    "</script><script>document.title='hacked'</script>"
    "<img src=x onerror=\"document.title='hacked'\">'\"${7*7}{{7*7}}"
)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A run of three items: blocked, blocked by hostile data, and ready with a warning."""
    folder = RunFolder(tmp_path_factory.mktemp("run"))
    items = [lamp(sku) for sku in ("LAMP-1", HOSTILE, "LAMP-3")]
    folder.write(EXTRACT, part_name(1), items)
    folder.write(PROBLEMS, part_name(1), [])
    folder.note(ExtractNote(parts=(part_name(1),), extracted=3, out_of_scope=4))
    missing = Issue(
        code="missing_attribute",
        severity="ERROR",
        source="schema",
        message="Marque manque.",
        attribute="brand",
        path="brand",
        label="Marque",
        action="Renseignez Marque.",
        origin=Origin(7, "Marque", "brand", "fr"),
    )
    hostile = Issue(
        code=HOSTILE,
        severity="ERROR",
        source="preview",
        message=HOSTILE,
        label=HOSTILE,
        found=HOSTILE,
        attribute="x",
    )
    odd = Issue(
        code="odd", severity="WARNING", source="mapping", message="Couleur inhabituelle.", attribute="color"
    )
    rows = [
        judged_item(item["pim_id"], outcome, item["sku"], issues)
        for item, outcome, issues in zip(
            items, ("blocked", "rejected", "ready"), ([missing, odd], [hostile], [odd]), strict=True
        )
    ]
    folder.write(TESTED, part_name(1), rows)
    renew_resolved(Resolver(folder), folder)
    facts = dict.fromkeys(("connector_id", "definition_version", "reason"), HOSTILE)
    write_report(
        folder,
        {
            **facts,
            "definition_fetched_at": "2026-11-23T16:14:07+00:00",
            "title": "Lampes",
            "country": "FR",
            "product_type": "LAMP",
            "operation": "test",
            "run_id": "r1",
            "warnings": [HOSTILE],
            "failure": HOSTILE,
            "calls": {},
            "language": "fr_FR",
        },
    )
    return folder.root / "report" / "report.html"


@pytest.fixture
def page(browser, report):
    """The open page; `page.loaded` are the addresses it asked for, `page.troubles` what went wrong."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.loaded, page.troubles = [], []
    page.on("request", lambda request: page.loaded.append(request.url))
    page.on("pageerror", lambda error: page.troubles.append(str(error)))
    page.on("console", lambda message: page.troubles.append(message.text))
    page.on("dialog", lambda dialog: page.troubles.append(dialog.message))
    page.goto(report.as_uri())
    yield page
    page.close()


def shown(page):
    return [row.get_by_role("heading").inner_text() for row in page.locator("article.item:visible").all()]


def test_the_page_stands_alone_and_runs_nothing_of_the_products(page, report):
    assert page.loaded == [report.as_uri()]
    assert page.troubles == []
    assert page.title() == "Lampes: r1"
    assert page.get_by_role("alert").inner_text().endswith(HOSTILE)
    assert page.get_by_role("heading", name=HOSTILE, exact=True).is_visible()


def test_counts_come_first_and_add_up(page):
    numbers = {
        card.get_attribute("data-outcome") or "extracted": int(card.locator(".number").inner_text())
        for card in page.locator("#outcomes li").all()
    }
    assert numbers["extracted"] == 3
    assert numbers.pop("extracted") == sum(numbers.values()) - numbers["out_of_scope"]
    counts, issues = page.locator("#outcomes").bounding_box(), page.locator("#frequent").bounding_box()
    assert counts["y"] < issues["y"]


def test_items_are_found_by_text_outcome_and_severity(page):
    assert len(shown(page)) == 3
    page.get_by_label("Rechercher").fill("lamp-1 marque")
    assert shown(page) == ["LAMP-1"]
    assert page.locator("#count").inner_text() == "articles affichés : 1 sur 3"
    page.get_by_label("Rechercher").fill("")
    page.get_by_label("Résultat").select_option("ready")
    assert shown(page) == ["LAMP-3"]
    page.get_by_label("Résultat").select_option("")
    page.get_by_label("Gravité").select_option("ERROR")
    assert shown(page) == ["LAMP-1", HOSTILE]
    page.get_by_label("Rechercher").fill("nothing of the kind")
    assert shown(page) == []
    assert page.locator("#count").inner_text() == "Aucun article ne correspond."


def test_a_frequent_issue_leads_to_its_items_by_keyboard(page):
    button = page.locator("#frequent tr", has_text="Couleur inhabituelle").get_by_role("button")
    button.focus()
    page.keyboard.press("Enter")
    assert shown(page) == ["LAMP-1", "LAMP-3"]
    page.locator("#frequent tr", has_text="Marque manque").get_by_role("button").click()
    assert shown(page) == ["LAMP-1"]


def test_an_issue_says_what_to_do_and_where_the_value_comes_from(page):
    text = page.locator("article.item", has_text="LAMP-1").inner_text()
    for said in (
        "Marque manque.",
        "Renseignez Marque.",
        "Champ du PIM brand (fr)",
        "ligne 7: Marque",
        "bloqué",
    ):
        assert said in text


def test_every_control_has_a_name_and_a_narrow_screen_needs_no_sideways_scrolling(page):
    nameless = page.evaluate(
        "[...document.querySelectorAll('input, select, button')]"
        ".filter((one) => !one.labels?.length && !one.ariaLabel).length"
    )
    assert nameless == 0
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
