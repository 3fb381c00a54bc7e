"""Uses every control of pages in a browser, as a person would, and says which do nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Error as BrowserError
from playwright.sync_api import TimeoutError as TookTooLong

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from playwright.sync_api import Locator, Page, Response

CONTROLS = Path(__file__).with_name("controls.js").read_text("utf-8")
#: Open what is folded; of parts that ask the server for their content, the first.
OPEN = """() => document.querySelectorAll("main details").forEach((one) => {
  one.open = !one.dataset.open || one === document.querySelector("main details[data-open]");
})"""
#: Nothing is being loaded any more.
IS_LOADED = "() => !document.querySelector('[aria-busy=true]')"
#: What could not be loaded says so.
FAILED = """() => [...document.querySelectorAll("[data-failed]")]
  .map((one) => one.textContent.trim() === one.dataset.failed ? one.dataset.failed : "").filter(Boolean)"""
#: Whether something is asked for when this control is answered: the list, the preview, or a part of the form.
IS_ASKED_FOR = """(one) => {
  const parts = [...(one.form?.querySelectorAll("[data-ask]") || [])].filter((part) => !part.contains(one));
  return one.form?.matches("[data-live], [data-preview]")
    || parts.some((part) => part.dataset.from.split(" ").includes(one.name));
}"""
#: What a form's controls hold.
ANSWERS = "(one) => JSON.stringify([...one.form.elements].map((each) => [each.value, each.checked]))"
#: Choose an item, where a form is about those that are chosen.
CHOOSE = "(one) => one.form.querySelector('input[type=checkbox][name^=sku]:not(:checked)')?.click()"
#: The page was left, or says what became of what was sent.
ANSWERED = """() => !window.stays
  || [...document.querySelectorAll("[role=status], [data-error]")].some((one) => one.textContent.trim())"""
TYPED = {"date": "2026-11-28", "number": "7", "url": "https://pim.example/{id}", "textarea": "{{ item."}
#: What a browser asks for when a control is used.
ASKING = {"fetch", "document"}
#: Milliseconds until a page says what became of what was sent.
SOON = 10_000
ERROR, NO_SUCH_PLACE, NO_SUCH_METHOD, SERVER_ERROR = 400, 404, 405, 500


class Crawler:
    """Uses the controls of pages, each once: pages repeat many, and they are told by what they are.

    Args:
        page: The browser's page; what goes wrong on it is collected in `broken`.
        open_page: Opens a page by its path.
    """

    def __init__(self, page: Page, open_page: Callable[[str], None]) -> None:
        self.page = page
        self.used: set[str] = set()
        self.broken: list[str] = []
        self._open_page = open_page
        self._where = ""
        page.on("response", self._judge)
        page.on("console", lambda one: self._note(one.text) if one.type == "error" else None)
        page.on("pageerror", lambda one: self._note(str(one)))

    def use_all(self, paths: Iterable[str]) -> None:
        """Use the controls of pages, those that send something after all others."""
        paths = list(paths)
        for sends in (False, True):
            for path in paths:
                while self._use_some(path, sends=sends):
                    pass

    def _use_some(self, path: str, *, sends: bool) -> bool:
        """Open a page and use its controls up to the first that changes it; return whether one did."""
        self._where = path
        try:
            self._open_page(path)
        except BrowserError as error:  # the page that was sent leads on at this moment
            if "ERR_ABORTED" not in error.message and "interrupted" not in error.message:
                raise
            self._wait()
            self._open_page(path)
        self._wait()
        self.page.evaluate(OPEN)
        self._wait()
        for text in self.page.evaluate(FAILED):
            self._note(text)
        while found := self._next(sends=sends):
            self.used.add(found["name"])
            self._where = f"{path}: {found['name']}"
            control = self.page.locator(f"[data-control='{found['number']}']")
            if found["kind"] == "a":
                self._follow(control)
            elif found["kind"] == "summary":
                self._fold(control)
            else:
                self._answer(control, found["kind"])
                self._wait()
                return True
        return False

    def _next(self, *, sends: bool) -> dict[str, Any] | None:
        found = self.page.evaluate(CONTROLS)
        return next(
            (one for one in found if one["name"] not in self.used and (one["kind"] == "submit") == sends),
            None,
        )

    def _follow(self, link: Locator) -> None:
        """See that a link leads somewhere: to a file, to a place, to a page of ours or of Airflow, or out."""
        address = link.get_attribute("href") or ""
        if link.get_attribute("download") is not None:
            self._download(link)
        elif address.startswith("#"):
            self._expect(self.page.locator(address).count() == 1, "leads nowhere")
        elif link.get_attribute("target") == "_blank":
            self._expect(address.startswith("https://"), f"leads to {address}")
        else:
            answered = self.page.request.get(link.evaluate("(one) => one.href"))
            self._expect(answered.ok, f"{address} is {answered.status}")

    def _download(self, control: Locator) -> None:
        with self.page.expect_download() as started:
            control.click()
        self._expect(Path(started.value.path()).stat().st_size > 0, "an empty file")

    def _fold(self, summary: Locator) -> None:
        is_open = "(one) => one.parentElement.open"
        before = summary.evaluate(is_open)
        summary.click()
        self._expect(summary.evaluate(is_open) is not before, "does not fold")
        if before:  # what it holds is used next
            summary.click()

    def _answer(self, control: Locator, kind: str) -> None:
        if kind == "submit":
            self._send(control)
        elif kind == "button":
            before = control.evaluate(ANSWERS)
            control.click()
            self._expect(control.evaluate(ANSWERS) != before, "does nothing")
        elif kind == "select":
            options = control.locator("option:not([disabled]):not(:checked)").all()[:3]
            for value in [one.get_attribute("value") or one.inner_text() for one in options]:
                self._ask(control, lambda value=value: control.select_option(value))
        elif kind in {"checkbox", "radio"}:
            if kind == "checkbox" or not control.is_checked():
                self._ask(control, lambda: control.set_checked(not control.is_checked()))
        else:
            self._ask(control, lambda: control.fill(TYPED.get(kind, "lampe")))
            if kind == "textarea":
                self._complete(control)

    def _ask(self, control: Locator, act: Callable[[], object]) -> None:
        """Answer a control; where something depends on it, see that it is asked for."""
        if not control.evaluate(IS_ASKED_FOR):
            act()
            return
        with self.page.expect_response(lambda one: one.request.resource_type == "fetch") as answered:
            act()
        self._expect(answered.value.ok, f"{answered.value.url} is {answered.value.status}")
        self._wait()

    def _complete(self, area: Locator) -> None:
        before = area.input_value()
        self.page.locator("[data-completions] button").first.click()
        self._expect(area.input_value() != before, "is not completed")

    def _send(self, button: Locator) -> None:
        """Click a button, and see that what it sends is answered, and that the page says so or leads on."""
        button.evaluate(CHOOSE)
        if button.get_attribute("formmethod"):
            self._download(button)
            return
        self.page.evaluate("() => { window.stays = true; }")
        with self.page.expect_response(lambda one: one.request.resource_type in ASKING) as answered:
            button.click()
        answer = answered.value
        self._expect(answer.status not in {NO_SUCH_PLACE, NO_SUCH_METHOD}, f"{answer.url} is {answer.status}")
        if answer.request.method == "POST":
            try:
                self.page.wait_for_function(ANSWERED, timeout=SOON)
            except TookTooLong:
                self._note(f"says nothing of {answer.status}")

    def _wait(self) -> None:
        self.page.wait_for_load_state("networkidle")
        self.page.wait_for_function(IS_LOADED)

    def _judge(self, answer: Response) -> None:
        most = ERROR if answer.request.method == "GET" else SERVER_ERROR
        if answer.status >= most:
            self._note(f"{answer.status} {answer.url}")

    def _expect(self, is_right: bool, complaint: str) -> None:  # noqa: FBT001 - what is asserted
        if not is_right:
            self._note(complaint)

    def _note(self, complaint: str) -> None:
        # The console repeats what answers say, with those that a page words.
        if not complaint.startswith("Failed to load resource"):
            self.broken.append(f"{self._where}: {complaint}")
