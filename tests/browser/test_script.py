"""The script of the workbench in a real browser, without its server."""

from pathlib import Path

import pytest

import amazon_listings.web

CHROMIUM = "/usr/bin/chromium"
SCRIPT = Path(amazon_listings.web.__file__).parent / "static" / "workbench.js"
PAGE = """<body data-base="" data-not-sent="Not sent."><form data-live action="/items"><input name="q"></form>
<div id="list">Lampe</div><form data-send action="/runs">
<label><input name="size"><span data-error="size"></span></label><button>Go</button>
<div role="status"></div></form>
<details data-open="/slow?1"><summary>1</summary><div data-failed="Not loaded."></div></details>
<details data-open="/slow?2"><summary>2</summary><div data-failed="Not loaded."></div></details>
<script type="module" src="/workbench.js"></script></body>"""

pytestmark = pytest.mark.browser


@pytest.fixture
def page():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.route("**/*", lambda route: route.abort())
        page.route("**/workbench.js", lambda route: route.fulfill(path=SCRIPT))
        page.route("**/", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
        page.goto("http://workbench.test/")
        yield page
        browser.close()


def test_a_list_that_cannot_be_narrowed_stays(page):
    with page.expect_event("requestfailed"):
        page.fill("[name=q]", "bureau")
    page.wait_for_timeout(200)
    assert page.inner_text("#list") == "Lampe"
    assert page.errors == []


def test_a_form_that_cannot_be_sent_says_so_and_can_be_sent_again(page):
    for _ in range(2):
        page.click("button")
        page.wait_for_selector("[role=status].bad")
        assert page.inner_text("[role=status]") == "Not sent."
    page.wait_for_selector("button:enabled")
    assert page.errors == []


def test_what_is_opened_is_asked_for_one_after_the_other(page):
    asked = []

    def hold(route):
        asked.append(route)

    page.route("**/slow?*", hold)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    for number in (1, 2):
        while len(asked) < number:
            page.wait_for_timeout(20)
        page.wait_for_timeout(200)
        assert len(asked) == number
        asked[-1].fulfill(body=f"Answer {number}", content_type="text/html")
    page.wait_for_function("document.body.innerText.includes('Answer 2')")
    assert page.errors == []


def test_what_is_refused_says_why_in_the_place_of_what_was_asked_for(page):
    refusal = '<header>Menu</header><main id="main"><h1>Not possible</h1><pre>Ask for the right.</pre></main>'
    answers = iter([(403, refusal), (500, "Internal Server Error")])

    def refuse(route):
        status, body = next(answers)
        route.fulfill(status=status, body=body, content_type="text/html")

    page.route("**/slow?*", refuse)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    page.wait_for_function(
        "!document.querySelector('[aria-busy]') && document.body.innerText.includes('Not loaded.')"
    )
    assert page.locator("details > div").all_inner_texts() == ["Ask for the right.", "Not loaded."]


def test_the_keyboard_stays_where_something_was_sent_from(page):
    answers = iter([{"detail": "No."}, {"errors": {"size": "Too large."}}])
    page.route("**/runs", lambda route: route.fulfill(status=422, json=next(answers)))
    page.focus("button")
    for focused in ("BUTTON", "INPUT"):
        page.keyboard.press("Enter")
        page.wait_for_function(
            f"document.activeElement.tagName === '{focused}' && !document.querySelector('[disabled]')"
        )
        assert page.evaluate("document.activeElement.form.action").endswith("/runs")


def test_what_was_chosen_stays_when_a_list_is_asked_for_again(page):
    choices = """<div id="list" data-refresh="5"><input type="radio" name="operation" value="test" checked>
    <input type="radio" name="operation" value="live"><select name="selection">
    <option value="changed"></option>    <option value="everything"></option></select></div>"""
    page.evaluate("(html) => { document.getElementById('list').outerHTML = html; }", choices)
    page.check("[value=live]")
    page.select_option("[name=selection]", "everything")
    page.evaluate("document.activeElement.blur()")
    page.evaluate("document.getElementById('list').dataset.seen = 'old'")
    page.route("**/", lambda route: route.fulfill(body=choices, content_type="text/html"))
    page.wait_for_selector("#list:not([data-seen])", state="attached", timeout=20_000)
    assert page.locator("[name=operation]:checked").get_attribute("value") == "live"
    assert page.input_value("[name=selection]") == "everything"
