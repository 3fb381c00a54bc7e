"""A list of the workbench in a real browser, where its server cannot be reached."""

from pathlib import Path

import pytest

import amazon_listings.web

CHROMIUM = "/usr/bin/chromium"
SCRIPT = Path(amazon_listings.web.__file__).parent / "static" / "workbench.js"
PAGE = """<body data-base=""><form data-live action="/items"><input name="q"></form>
<div id="list">Lampe</div><script type="module" src="/workbench.js"></script></body>"""

pytestmark = pytest.mark.browser


def test_a_list_that_cannot_be_narrowed_stays():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.route("**/items?*", lambda route: route.abort())
        page.route("**/workbench.js", lambda route: route.fulfill(path=SCRIPT))
        page.route("**/", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
        page.goto("http://workbench.test/")
        with page.expect_event("requestfailed"):
            page.fill("[name=q]", "bureau")
        page.wait_for_timeout(200)
        assert page.inner_text("#list") == "Lampe"
        assert errors == []
        browser.close()
