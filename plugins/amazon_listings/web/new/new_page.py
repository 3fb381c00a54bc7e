"""A new connector: its parameters, asked in order, and on to its fields as a draft."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, cast
from urllib.parse import quote

import msgspec
from babel import Locale, UnknownLocaleError
from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import BaseModel

from amazon_listings.airflow_adapter import connections
from amazon_listings.airflow_adapter.api_server import call, connection_names
from amazon_listings.airflow_adapter.hooks import SellingPartnerHook
from amazon_listings.authoring.first_mapping import first_mapping
from amazon_listings.connectors.loader import connector_from
from amazon_listings.connectors.model import BrokenConnector
from amazon_listings.connectors.schema import schema
from amazon_listings.errors import AmazonListingsError
from amazon_listings.ledger.connectors.new import find_new_connector, keep_new_connector
from amazon_listings.mapping.expressions.compiled import compile_expression
from amazon_listings.mapping.expressions.rows import ItemRow
from amazon_listings.marketplaces import MARKETPLACES, marketplace
from amazon_listings.runs.definitions import load_definitions, refresh_definitions
from amazon_listings.selling_partner import definitions
from amazon_listings.selling_partner.sellers import check_account
from amazon_listings.sources.registry import sources
from amazon_listings.web.access import AnyUser, Visitor, dag_id_of
from amazon_listings.web.configured import every_connector
from amazon_listings.web.new.new_form import (
    CONNECTION,
    PERIODS,
    REQUIREMENTS,
    Asked,
    document_of,
    labels_for,
    usual,
    wrong_fields,
)
from amazon_listings.web.new.products_seen import ProductsSeen, products_seen
from amazon_listings.web.rendering import base_of, render, wording
from amazon_listings.web.told import Told
from amazon_listings.web.waiting import PATIENCE, TookLong, begun, within

if TYPE_CHECKING:
    from collections.abc import Iterable

    from amazon_listings.connectors.model import Connector
    from amazon_listings.item import Item
    from amazon_listings.runs.notes import DefinitionsNote
    from amazon_listings.selling_partner.calls.client import SellingPartner
    from amazon_listings.web import waiting
    from amazon_listings.web.rendering import Wording

router = APIRouter()

#: Products whose titles Amazon is asked about, product types shown, products kept with a new connector.
TITLES, TYPES, KEPT = 5, 12, 120
AMAZON = "amazon_selling_partner"
#: "Weight", as a sample of the language of labels.
WEIGHT = {
    "ar": "الوزن", "de": "Gewicht", "en": "weight", "es": "peso", "fr": "poids", "it": "peso", "ja": "重量",
    "nl": "gewicht", "pl": "waga", "pt": "peso", "sv": "vikt", "tr": "ağırlık", "zh": "重量",  # noqa: RUF001
}  # fmt: skip


class NewAccount(BaseModel, frozen=True):
    """An Airflow connection to a selling partner's account, as it is typed."""

    account_id: str = ""
    client_id: str = ""
    client_secret: str = ""
    refresh_token: str = ""
    seller_id: str = ""
    vendor_code: str = ""
    endpoint: str = ""
    lwa_url: str = ""
    country: str = ""


@dataclass(frozen=True)
class Suggested:
    """A product type that may be meant; Amazon names it first for `fits` of the titles that were tried."""

    name: str
    title: str
    fits: int = 0
    of: int = 0


@router.get("/new", response_class=HTMLResponse)
def page(request: Request, visitor: AnyUser, draft: str = "", like: str = "") -> HTMLResponse:
    """Show the form of a new connector, blank or like another one, or of one that is being made."""
    words = wording(request)
    accounts = [name for name in connection_names(AMAZON) if visitor.may_use_connection(name)]
    known = [one for one in visitor.readable(every_connector()) if not isinstance(one, BrokenConnector)]
    begun = _like(like, known) if like else _blank(accounts, words)
    return render(
        request,
        "new.html",
        words=words,
        page="connectors",
        visitor=visitor,
        asked=_drafted(draft, visitor) if draft else begun,
        draft=draft,
        known=known,
        accounts=accounts,
        pims=_pims(visitor),
        sources=list(sources().values()),
        countries=_countries(words),
        locales=_locales(words),
        requirements=REQUIREMENTS,
        periods=PERIODS,
        may_publish=visitor.may_create_variables(),
    )


@router.get("/new/product-types", response_class=HTMLResponse)
def product_types(request: Request, visitor: AnyUser, asked: Annotated[Asked, Query()]) -> HTMLResponse:
    """Show product types for words, or for titles of the PIM's products."""
    words = wording(request)
    found: list[Suggested] = []
    problem = ""
    if not asked.connection or not asked.country:
        problem = words.t("new.types_first")
    elif not visitor.may_use_connection(asked.connection):
        problem = words.t("connection_not_allowed")
    else:
        try:
            found = within(lambda: _suggested(asked, visitor))
        except AmazonListingsError as error:
            problem = error.worded(words.messages)
    return render(request, "new_types.html", words=words, found=found, problem=problem, asked=asked)


@router.get("/new/statuses", response_class=HTMLResponse)
def statuses(request: Request, visitor: AnyUser, asked: Annotated[Asked, Query()]) -> HTMLResponse:
    """Show the statuses of the PIM's products, with how many have each."""
    words = wording(request)
    seen, problem = None, ""
    if asked.can_be_read:
        try:
            seen = _seen(asked, visitor, PATIENCE)
        except AmazonListingsError as error:
            problem = error.worded(words.messages)
        except HTTPException as error:
            problem = words.messages.message(str(error.detail))
    return render(request, "new_statuses.html", words=words, seen=seen, problem=problem, asked=asked)


@router.post("/new/account")
async def create_account(request: Request, visitor: AnyUser, wanted: NewAccount) -> Response:
    """Create the Airflow connection of an account with the user's own rights, and try it."""
    words = wording(request)
    if wrong := _wrong_account(wanted):
        return _refused(words, {name: words.t(f"new.wrong.{name}") for name in wrong})
    extra = {
        name: getattr(wanted, name).strip()
        for name in ("refresh_token", "seller_id", "vendor_code", "country", "endpoint", "lwa_url")
        if getattr(wanted, name).strip()
    }
    body = {
        "connection_id": wanted.account_id.strip(),
        "conn_type": AMAZON,
        "login": wanted.client_id.strip(),
        "password": wanted.client_secret.strip(),
        "extra": json.dumps(extra),
    }
    answer = await call("POST", "/connections", request.headers, body)
    if answer.status in {401, 403}:
        raise HTTPException(403, "web.new.account_not_allowed")
    if answer.status == 409:  # noqa: PLR2004 - Airflow has one of this id
        return _refused(words, {"account_id": words.t("new.account_exists")})
    if answer.status >= 400:  # noqa: PLR2004 - what HTTP calls an error
        raise HTTPException(502, words.t("new.account_refused"))
    name = wanted.account_id.strip()
    right, sentence = await run_in_threadpool(_tested, name, wanted.country, words)
    told = words.t("new.account_created", name=name)
    emptied = dict.fromkeys(("account_id", "client_id", "client_secret", "refresh_token"), "")
    answered = Told(f"{told} {sentence}", set={"connection": name, **emptied})
    return JSONResponse(msgspec.to_builtins(answered), status_code=200 if right else 422)


@router.post("/new/account/test")
def test_account(request: Request, visitor: AnyUser, asked: Asked) -> Response:
    """Try the connection that was chosen: whether its account may sell in the country."""
    words = wording(request)
    if not CONNECTION.fullmatch(asked.connection) or asked.country not in MARKETPLACES:
        names = [name for name in wrong_fields(asked) if name in {"connection", "country"}]
        return _refused(words, {name: words.t(f"new.wrong.{name}") for name in names})
    if not visitor.may_use_connection(asked.connection):
        raise HTTPException(403, "web.connection_not_allowed")
    right, sentence = _tested(asked.connection, asked.country, words)
    return JSONResponse(msgspec.to_builtins(Told(sentence)), status_code=200 if right else 422)


@router.post("/new")
def create(request: Request, visitor: AnyUser, asked: Asked) -> Response:
    """Keep the connector as a draft: with Amazon's definition, some products, and a first mapping."""
    words = wording(request)
    try:
        _keep(asked, visitor, words)
    except _Wrong as error:
        sentences = {name: error.sentence or words.t(f"new.wrong.{name}") for name in error.names}
        return _refused(words, sentences)
    place = f"{base_of(request)}/dags/{quote(dag_id_of(asked.connector_id), safe='')}/fields"
    return JSONResponse(msgspec.to_builtins(Told(words.t("new.kept"), next=place)))


class _Wrong(Exception):
    """Answers of the form are wrong; without a sentence, each field has its own."""

    def __init__(self, names: list[str], sentence: str = "") -> None:
        super().__init__(names)
        self.names, self.sentence = names, sentence


def _keep(asked: Asked, visitor: Visitor, words: Wording) -> None:
    if wrong := wrong_fields(asked):
        raise _Wrong(wrong)
    if any(one.id == asked.connector_id for one in every_connector()):
        raise _Wrong(["id"], words.t("new.id_taken"))
    if not visitor.may_use_connection(asked.connection.strip()):
        raise _Wrong(["connection"], words.t("connection_not_allowed"))
    end = time.monotonic() + PATIENCE
    defined = _defined(asked)  # Amazon is asked while the PIM is read
    try:
        seen = _seen(asked, visitor, PATIENCE)
    except TookLong:
        seen = None  # the first test run reads the products
    except AmazonListingsError as error:
        raise _Wrong([_pim_field(asked)], error.worded(words.messages)) from None
    except HTTPException as error:
        raise _Wrong([_pim_field(asked)], words.messages.message(str(error.detail))) from None
    try:
        kept = _made(asked, seen, defined.answer(end - time.monotonic()), visitor)
    except AmazonListingsError as error:
        raise _Wrong(["product_type"], error.worded(words.messages)) from None
    if not kept:
        raise _Wrong(["id"], words.t("new.id_made"))


def _pim_field(asked: Asked) -> str:
    return "pim_connection" if asked.source_content.get("connection") else "path"


def _defined(asked: Asked) -> waiting.Asked[DefinitionsNote]:
    """Begin to fetch the definition; where that takes long, the next who asks for the same has it."""
    document, storage = document_of(asked, {}, {}), connections.storage()
    return begun(
        ("definition", str(storage), repr(document["amazon"])),
        lambda: refresh_definitions(connector_from(document), _client(asked), storage),
    )


def _made(asked: Asked, seen: ProductsSeen | None, note: DefinitionsNote, visitor: Visitor) -> bool:
    """Propose a mapping, and keep it with the definition; False if another user has this id."""
    storage = connections.storage()
    items: list[Item] = []
    selection: dict[str, str] = {}
    mapping: dict[str, Any] = {}
    found = load_definitions(note, storage)
    if seen is not None:
        first = first_mapping(
            asked.type_name,
            found.index,
            found.document,
            seen.of(asked.status_list),
            titles=seen.titles,
        )
        selection, mapping = first.selection, first.mapping
        items = _with_skus(connector_from(document_of(asked, selection, {})), first.items[:KEPT])
    return keep_new_connector(
        connections.ledger(),
        asked.connector_id,
        document=document_of(asked, selection, mapping),
        definition=_plain(note),
        items=cast("list[dict[str, Any]]", items),
        by_id=visitor.id,
        by=visitor.name,
    )


def _plain(note: DefinitionsNote) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(note)
    return plain


def _with_skus(one: Connector, items: list[Item]) -> list[Item]:
    """Return the items with the SKUs that the connector would give them."""
    expression = compile_expression(one.source.sku)
    language = next(iter(dict(one.language_tags)), "")
    given = []
    for item in items:
        try:
            sku = expression.evaluate(ItemRow(item, language, facts=one.facts))
        except AmazonListingsError:
            sku = None
        given.append({**item, "sku": str(sku) if sku not in {None, ""} else None})
    return cast("list[Item]", given)


def _suggested(asked: Asked, visitor: Visitor) -> list[Suggested]:
    client, place = _client(asked), marketplace(asked.country)
    text = asked.words.strip()
    if text:
        known: dict[str, str] = {}
        for locale in dict.fromkeys((asked.locale, place.locale)):
            found = definitions.search(
                client, [place.id], keywords=[text], locale=asked.locale or None, search_locale=locale or None
            )
            known |= {one.name: one.display_name for one in found if one.name not in known}
        if not known:
            found = definitions.search(client, [place.id], item_name=text, locale=asked.locale or None)
            known = {one.name: one.display_name for one in found}
        return [Suggested(name, title) for name, title in list(known.items())[:TYPES]]
    titles = _titles(asked, visitor)
    counted: Counter[str] = Counter()
    names: dict[str, str] = {}
    for title in titles:
        found = definitions.search(client, [place.id], item_name=title, locale=asked.locale or None)
        counted.update(one.name for one in found[:1])
        names |= {one.name: one.display_name for one in found}
    return [Suggested(name, names[name], count, len(titles)) for name, count in counted.most_common(TYPES)]


def _titles(asked: Asked, visitor: Visitor) -> list[str]:
    """Return titles of the PIM's products, as far as it is known by now."""
    if not asked.can_be_read:
        return []
    try:
        return _seen(asked, visitor, PATIENCE / 2).names(asked.language_list[0], TITLES)
    except (AmazonListingsError, HTTPException):
        return []


def _seen(asked: Asked, visitor: Visitor, seconds: float) -> ProductsSeen:
    content = asked.source_content
    name = content.get("connection")
    if name and not visitor.may_use_connection(name):
        raise HTTPException(403, "web.pim_not_allowed")
    if (not name or "path" in content) and not visitor.may_create_variables():
        raise HTTPException(403, "web.path_not_allowed")
    return products_seen(asked.chosen_source, content, asked.language_list, seconds)


def _client(asked: Asked) -> SellingPartner:
    return SellingPartnerHook(asked.connection.strip(), asked.country).get_conn()


def _tested(name: str, country: str, words: Wording) -> tuple[bool, str]:
    """Return whether a connection's account may sell in a country, and a sentence."""
    try:
        place = marketplace(country)
        found = within(lambda: check_account(SellingPartnerHook(name, country).get_conn(), place))
        return True, " ".join(map(words.messages.word, found))
    except AmazonListingsError as error:
        return False, error.worded(words.messages)


def _wrong_account(wanted: NewAccount) -> list[str]:
    wrong = [] if CONNECTION.fullmatch(wanted.account_id.strip()) else ["account_id"]
    wrong += [
        name for name in ("client_id", "client_secret", "refresh_token") if not getattr(wanted, name).strip()
    ]
    if bool(wanted.seller_id.strip()) == bool(wanted.vendor_code.strip()):
        wrong.append("seller_id")
    if wanted.country not in MARKETPLACES:
        wrong.append("country")
    return wrong


def _refused(words: Wording, errors: dict[str, str]) -> Response:
    """Return what is wrong, at each field of the form."""
    return JSONResponse({"detail": words.t("new.wrong", count=len(errors)), "errors": errors}, 422)


def _drafted(connector_id: str, visitor: Visitor) -> Asked:
    """Return the form of a connector that is being made, as it was filled in."""
    if not visitor.makes(dag_id_of(connector_id)):
        raise HTTPException(404, "web.no_such_connector")
    new = find_new_connector(connections.ledger(), connector_id)
    if new is None:
        raise HTTPException(404, "web.no_such_connector")
    return _asked_of(new.document)


def _like(connector_id: str, known: Iterable[Connector]) -> Asked:
    """Return the form of a connector like another one, for a country that is to be chosen."""
    one = next((one for one in known if one.id == connector_id), None)
    if one is None:
        raise HTTPException(404, "web.no_such_connector")
    own = {"country": "", "operation": "test", "schedule": "", "cron": "", "title": "", "id": ""}
    return _asked_of(one.document).model_copy(update=own)


def _asked_of(document: dict[str, Any]) -> Asked:
    """Return the form that a document was, or could have been, made with."""
    source = next(name for name in sources() if name in document)
    block, amazon, sync = document[source], document["amazon"], document["sync"]
    period = sync["schedule"] or ""
    return Asked(
        connection=amazon["connection"],
        country=amazon["country"],
        locale=amazon["locale"],
        product_type=amazon["product_type"],
        requirements=amazon["requirements"],
        enforced=amazon["requirements_enforced"],
        source=source,
        pim_connection=block.get("connection") or "",
        path=block.get("path") or "",
        statuses=block["statuses"],
        item_url=block.get("item_url") or "",
        operation=sync["operation"],
        schedule=period if period in PERIODS else "cron",
        cron="" if period in PERIODS else period,
        timezone=sync["timezone"],
        languages=", ".join(block["languages"]),
        sku_limit=str(block["sku_limit"]),
        title=document.get("title", ""),
        id=document["id"],
    )


def _blank(accounts: list[str], words: Wording) -> Asked:
    account = accounts[0] if accounts else ""
    country = _country_of(account) if account else ""
    found = usual(country, words.messages.language) if country else {}
    return Asked(
        connection=account,
        country=country,
        locale=found.get("locale") or labels_for("", words.messages.language),
        languages=found.get("languages", ""),
        timezone=found.get("timezone", "UTC"),
        statuses=["visible"],
    )


def _country_of(name: str) -> str:
    try:
        country = connections.connection(name, AMAZON).extra.get("country")
    except (AmazonListingsError, ValueError):
        return ""
    return country if isinstance(country, str) and country in MARKETPLACES else ""


def _pims(visitor: Visitor) -> dict[str, list[str]]:
    """Return the connections that the user may use, by source."""
    return {
        name: [one for one in connection_names(source.connection.name) if visitor.may_use_connection(one)]
        for name, source in sources().items()
        if source.connection is not None
    }


def _countries(words: Wording) -> list[tuple[str, str, dict[str, str]]]:
    """Return code, name and what each suggests, by name in the reader's language."""
    found = [
        (code, f"{words.country(code)} · {one.currency}", usual(code, words.messages.language))
        for code, one in MARKETPLACES.items()
    ]
    return sorted(found, key=lambda one: one[1])


def _locales(words: Wording) -> list[tuple[str, str]]:
    """Return each locale of Amazon's labels with its name and a sample."""
    found = []
    for code in schema()["properties"]["amazon"]["properties"]["locale"]["enum"]:
        if code == "DEFAULT":
            found.append((code, words.t("new.locale_default")))
            continue
        try:
            name = Locale.parse(code).get_display_name(words.messages.locale) or code
        except (UnknownLocaleError, ValueError):
            name = code
        sample = WEIGHT.get(code[:2])
        found.append((code, f"{name} · {words.messages.quoted(sample)}" if sample else name))
    return sorted(found, key=lambda one: one[1])
