"""Pages from templates: in the reader's language, at whatever address Airflow is served."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime, format_timedelta
from babel.numbers import format_currency, format_decimal, format_percent
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from amazon_listings.messages import DEFAULT, catalogue, languages

if TYPE_CHECKING:
    from fastapi import Request

    from amazon_listings.messages import Catalogue
    from amazon_product_types.validation.issue import Issue

HERE = Path(__file__).parent
#: Where the page's script notes the language of Airflow's own pages.
LANGUAGE_COOKIE = "amazon_listings_language"
#: The spaces at which no line may end: French sets these signs apart from their words.
_SET_APART = re.compile("(?<=«) | (?=[»:;?!])")


class Wording:
    """How a page says things: one locale's messages, numbers and dates.

    Args:
        messages: The messages.
        zone: The time zone of dates.
    """

    def __init__(self, messages: Catalogue, zone: str = "UTC") -> None:
        self.messages = messages
        self.zone = zone

    def t(self, code: str, /, **facts: Any) -> str:
        """Return the sentence of one of the workbench's codes."""
        return self.messages.phrase(f"web.{code}", **facts)

    def outcome(self, outcome: str, count: int = 1) -> str:
        """Return what an outcome is called, of so many items."""
        return self.messages.message(f"outcome.{outcome}", self.messages.number_of(count)) or outcome

    def issue(self, issue: Issue) -> Issue:
        """Return an issue that was kept, in this language."""
        return issue.in_language(self.messages)

    def mark(self, mark: str, count: int = 1) -> str:
        """Return what so many fields are that carry a mark."""
        return self.messages.message(f"web.mark.{mark}", self.messages.number_of(count))

    def approved_kind(self, kind: str, count: int = 1) -> str:
        """Return what is done to so many items that ask for approval."""
        return self.messages.message(f"web.approve.kind.{kind}", self.messages.number_of(count))

    def outcome_meaning(self, outcome: str) -> str:
        """Return what an outcome means; empty where nothing is said."""
        return self.messages.message(f"outcome.{outcome}", "meaning")

    def country(self, code: str) -> str:
        """Return what a country is called."""
        return str(self.messages.locale.territories.get(code, code))

    def language(self, locale: str) -> str:
        """Return what the language of a locale is called; the locale alone if that is not known."""
        try:
            return f"{Locale.parse(locale).get_language_name(self.messages.locale)} ({locale})"
        except (UnknownLocaleError, ValueError):
            return locale

    def calls(self, kind: str) -> str:
        """Return what a kind of calls is called."""
        return self.messages.message(f"value.{kind}") or kind

    def number(self, number: float) -> str:
        """Return a number as the locale writes it."""
        return str(format_decimal(number, locale=self.messages.locale))

    def money(self, amount: float, currency: str) -> str:
        """Return an amount of money as the locale writes it."""
        return str(format_currency(amount, currency, locale=self.messages.locale))

    def percent(self, share: float) -> str:
        """Return a share as percent; what is there is never shown as nothing."""
        return _percent(share, self.messages.locale)

    def moment(self, moment: datetime, zone: str | None = None) -> str:
        """Return a date and time, in a connector's time zone."""
        return str(
            format_datetime(moment, "short", tzinfo=time_zone(zone or self.zone), locale=self.messages.locale)
        )

    def ago(self, moment: datetime) -> str:
        """Return how long ago something was, or in how long it will be."""
        return _away((moment - datetime.now(UTC)) // timedelta(seconds=1), self.messages.locale)

    def duration(self, start: datetime, end: datetime) -> str:
        """Return how long something took."""
        return str(format_timedelta(end - start, threshold=2, format="short", locale=self.messages.locale))


@lru_cache(maxsize=1024)
def _percent(share: float, locale: Locale) -> str:
    text = str(format_percent(share, locale=locale))
    is_nothing = share and text == format_percent(0, locale=locale)
    return f"< {format_percent(0.01, locale=locale)}" if is_nothing else text


@lru_cache(maxsize=1024)
def _away(seconds: int, locale: Locale) -> str:
    """Return how far a moment is away: rows of one run share it, and Babel takes its time."""
    return str(format_timedelta(timedelta(seconds=seconds), add_direction=True, locale=locale))


def wording(request: Request) -> Wording:
    """Return the words of the language that a request asks for."""
    return Wording(catalogue(language_of(request)))


def language_of(request: Request) -> str:
    """Return the language of a request: that of Airflow's pages, or else what the browser prefers."""
    wanted = [request.cookies.get(LANGUAGE_COOKIE, "")]
    accepted = request.headers.get("accept-language", "")
    wanted += [part.partition(";")[0].strip() for part in accepted.split(",")]
    known = set(languages())
    for one in wanted:
        if one[:2].lower() in known and (len(one) == 2 or one[2:3] in {"-", "_"}):  # noqa: PLR2004
            return one
    return DEFAULT


def base_of(request: Request) -> str:
    """Return the path of the workbench as the browser sees it, without a slash at its end."""
    return str(request.scope.get("root_path", "")).rstrip("/")


def render(request: Request, template: str, *, status: int = 200, **data: Any) -> HTMLResponse:
    """Return a page, or the fragment of one.

    Args:
        request: The request; its path prefix and language are the page's.
        template: A file of `templates/`.
        status: The status of the answer.
        data: What the template shows.
    """
    base = base_of(request)
    words = data.pop("words", None) or wording(request)
    content = (
        templates()
        .get_template(template)
        .render(
            base=base,
            airflow=base.removesuffix("/amazon-listings"),
            here=request.url.path,
            query=dict(request.query_params),
            words=words,
            t=words.t,
            language=words.messages.language,
            **data,
        )
    )
    return HTMLResponse(content, status_code=status, headers={"Cache-Control": "no-store"})


@cache
def templates() -> Environment:
    """Return the templates; everything they are given is escaped."""
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["marked"] = marked
    environment.filters["segment"] = lambda text: quote(str(text), safe="")
    environment.globals["address"] = address
    return environment


def compile_templates() -> None:
    """Compile every template, so that no reader waits for it."""
    for name in templates().list_templates(extensions=["html"]):
        templates().get_template(name)


def marked(text: str) -> Markup:
    """Return a sentence in which what stands between backticks is shown as code; the rest is escaped.

    No line ends between a word and a sign that French sets apart from it.
    """
    parts = str(text).split("`")
    if len(parts) % 2 == 0:  # one that opens nothing
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part)
        if number % 2
        else escape(_SET_APART.sub("\N{NO-BREAK SPACE}", part))
        for number, part in enumerate(parts)
    )


def address(path: str, query: dict[str, Any], /, **changes: Any) -> str:
    """Return an address with a query, some of it changed; what is None or empty is left out."""
    kept = {name: value for name, value in (query | changes).items() if value not in {None, ""}}
    return f"{path}?{urlencode(kept)}" if kept else path


def time_zone(name: str) -> ZoneInfo:
    """Return a time zone by its name; UTC for one that this machine does not know."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
