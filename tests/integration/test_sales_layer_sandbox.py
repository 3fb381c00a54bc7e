"""Both APIs of the sandbox's PIM, which was written from the same documents by other hands."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime

import pytest
import requests

from amazon_listings.messages import catalogue
from amazon_listings.sources.errors import CredentialsRefused, PimUnavailable
from amazon_listings.sources.extraction import read_items
from amazon_listings.sources.sales_layer import transport
from amazon_listings.sources.sales_layer.account import SalesLayerAccount
from amazon_listings.sources.sales_layer.check import check_connection
from amazon_listings.sources.sales_layer.connection import PimConnection
from amazon_listings.sources.selection import Selection
from spapi_sandbox.server import running_sandbox
from support.fake_time import FakeTime

BOTH = Selection(languages=("fr", "en"))
APIS = ("rest", "connector")
#: The export connector of the sandbox gives these fields names of its own.
RENAMED = {"prod_title": "product_name", "prod_description": "description"}


@pytest.fixture(scope="module")
def sandbox():
    with running_sandbox() as running:
        yield running


@pytest.fixture
def time():
    return FakeTime()


@pytest.fixture(autouse=True)
def _as_new(request):
    yield
    control(request.getfixturevalue("sandbox"), "POST", "reset")


def control(sandbox, method, path, **asked):
    response = requests.request(method, f"{sandbox.url}/sales_layer/_control/{path}", json=asked, timeout=10)
    response.raise_for_status()
    return response.json()


def connection(sandbox, api, **other):
    if api == "rest":
        given = {"base_url": f"{sandbox.url}/sales_layer/rest/Catalog", "api_key": "sandbox-pim-key"}
    else:
        given = {
            "base_url": f"{sandbox.url}/sales_layer/connector",
            "code": "CNSANDBOX",
            "secret": "sandbox-connector-secret",
        }
    return PimConnection(api=api, **{**given, **other})


def read(sandbox, api, time, selection=BOTH):
    reading = read_items(SalesLayerAccount(connection(sandbox, api), clock=real(time)), selection)
    return {item["pim_id"]: item for item in reading}, reading


@contextmanager
def following(see):
    """Show the address of each answer of the PIM as it is read."""
    original = transport.read

    def reading(session, request, limits):
        reply = original(session, request, limits)
        see(request.url)
        return reply

    transport.read = reading
    try:
        yield
    finally:
        transport.read = original


def real(time):
    """The sandbox's clock is the real one; only waiting is not."""
    from amazon_listings.sources.sales_layer.clock import Clock

    return Clock(steady=lambda: time.at, sleep=time.sleep)


def comparable(record):
    return record and {
        "ref": record["ref"],
        "texts": {RENAMED.get(name, name): texts for name, texts in record["texts"].items()},
        "images": {name: [image["url"] for image in images] for name, images in record["images"].items()},
    }


def test_both_apis_give_the_same_items(sandbox, time):
    by_rest, rest = read(sandbox, "rest", time)
    by_connector, connector = read(sandbox, "connector", time)
    assert list(by_rest) == list(by_connector)
    assert len(by_rest) > 120
    assert (rest.full, rest.problems, rest.removed) == (connector.full, connector.problems, connector.removed)
    for identity, item in by_rest.items():
        other = by_connector[identity]
        assert item["group"] == other["group"]
        for part in ("product", "variant"):
            assert comparable(item[part]) == comparable(other[part])


@pytest.mark.parametrize("api", APIS)
def test_only_the_changed_family_is_read(sandbox, time, api):
    everything, before = read(sandbox, api, time)
    family = next(item for item in everything.values() if item["variant"])
    siblings = [i for i, item in everything.items() if item["group"] == family["group"]]
    control(sandbox, "POST", "clock", advance=60)
    control(sandbox, "PATCH", f"items/variants/{family['variant']['id']}", values={"size": "XXL"})
    since = Selection(languages=("fr", "en"), changed_since=datetime.fromisoformat(before.cursor))
    found, reading = read(sandbox, api, time, since)
    # The latest change of before lies within the overlap, and is read again.
    assert [identity for identity in found if identity in siblings] == siblings
    assert len(found) < len(everything) / 2
    assert not reading.full
    assert found[siblings[0]]["product"]["texts"] == family["product"]["texts"]
    assert found[siblings[0]]["product"]["images"] == family["product"]["images"]


@pytest.mark.parametrize("api", APIS)
def test_an_item_that_becomes_invisible_is_removed(sandbox, time, api):
    everything, before = read(sandbox, api, time)
    lone = next(item for item in everything.values() if not item["variant"])
    control(sandbox, "POST", "clock", advance=60)
    control(sandbox, "PATCH", f"items/products/{lone['product']['id']}", status="I")
    since = Selection(languages=("fr", "en"), changed_since=datetime.fromisoformat(before.cursor))
    found, reading = read(sandbox, api, time, since)
    assert lone["pim_id"] not in found
    assert lone["pim_id"] in reading.removed


OFFSETS = [hours * 3600 + minutes * 60 for hours in (-6, 0, 2) for minutes in (-10, 0, 10)]


@pytest.mark.parametrize("offset", OFFSETS)
def test_no_edit_is_lost_whatever_the_clock_of_the_pim(sandbox, time, offset):
    """Three runs of changes: an edit before each, and one between the answers of a reading."""
    control(sandbox, "POST", "clock", clock_offset=offset)
    everything, reading = read(sandbox, "rest", time)
    variants = [item for item in everything.values() if item["variant"]]
    for number, item in enumerate(variants[:3]):
        control(sandbox, "PATCH", f"items/variants/{item['variant']['id']}", values={"size": f"X{number}"})
        control(sandbox, "POST", "clock", advance=1800)
        since = Selection(languages=("fr", "en"), changed_since=datetime.fromisoformat(reading.cursor))
        found, reading = read(sandbox, "rest", time, since)
        assert not reading.full
        assert item["pim_id"] in found, f"the edit before run {number + 1} is lost"
    quiet = Selection(languages=("fr", "en"), changed_since=datetime.fromisoformat(reading.cursor))
    again, after = read(sandbox, "rest", time, quiet)
    assert len(again) < len(everything) / 2
    assert after.cursor >= reading.cursor


def test_dates_that_are_ahead_of_the_pims_own_answer_are_said_and_do_not_move_the_cursor(sandbox, time):
    everything, _ = read(sandbox, "rest", time)
    control(sandbox, "POST", "clock", clock_offset=2 * 3600)
    item = next(item for item in everything.values() if item["variant"])
    control(sandbox, "PATCH", f"items/variants/{item['variant']['id']}", values={"size": "XXL"})
    _, reading = read(sandbox, "rest", time)
    [notice] = reading.notices
    assert notice.code == "pim.dates_ahead"
    assert 115 <= notice.facts["minutes"] <= 120
    assert reading.cursor < reading.opened


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("kind", ["status", "truncate", "reset", "body"])
@pytest.mark.parametrize("skip", [0, 1, 2])
def test_faults_that_pass_change_nothing(sandbox, time, api, kind, skip):
    control(sandbox, "PUT", "connector", page_length=40)
    everything, _ = read(sandbox, api, time)
    control(sandbox, "POST", "faults", api=api, kind=kind, skip=skip)
    assert list(read(sandbox, api, time)[0]) == list(everything)
    assert time.slept


def test_a_lost_page_is_asked_for_again_or_said(sandbox, time):
    control(sandbox, "PUT", "connector", page_length=40)
    everything, _ = read(sandbox, "rest", time)
    control(sandbox, "POST", "faults", api="rest", kind="lose_page", skip=2)
    assert list(read(sandbox, "rest", time)[0]) == list(everything)
    control(sandbox, "POST", "faults", api="connector", kind="lose_page", skip=1)
    with pytest.raises(PimUnavailable):
        read(sandbox, "connector", time)


@pytest.mark.parametrize(
    ("api", "wrong"),
    [("rest", {"api_key": "no"}), ("connector", {"code": "CNNO"}), ("connector", {"secret": "no"})],
)
def test_wrong_credentials_are_refused_in_words(sandbox, api, wrong):
    with pytest.raises(CredentialsRefused, match="Airflow connection sales_layer"):
        check_connection(connection(sandbox, api, **wrong))


@pytest.mark.parametrize("api", APIS)
def test_the_connection_check_says_what_is_there(sandbox, api):
    said = catalogue("en").word(check_connection(connection(sandbox, api)))
    assert "languages en, es, fr, de; first product LUM-L101." in said


def test_images_in_the_making_hold_back_their_items_and_the_cursor(sandbox, time):
    before, _ = read(sandbox, "connector", time)
    control(sandbox, "POST", "faults", api="connector", kind="waiting", times=1000)
    found, reading = read(sandbox, "connector", time)
    assert len(found) < len(before)
    assert {one.code for one in reading.problems} == {"sales_layer.media_unfinished"}
    assert [one.code for one in reading.notices] == ["pim.media_waiting"]
    assert reading.cursor is None
    control(sandbox, "DELETE", "faults")
    after, reading = read(sandbox, "connector", time)
    assert after == before
    assert reading.cursor


def test_a_refresh_without_data_deletes_nothing(sandbox, time):
    _, reading = read(sandbox, "connector", time)
    since = Selection(languages=BOTH.languages, changed_since=datetime.fromisoformat(reading.cursor))
    control(sandbox, "POST", "faults", api="connector", kind="empty_refresh")
    found, reading = read(sandbox, "connector", time, since)
    assert (found, reading.full, reading.removed, reading.cursor) == ({}, False, [], None)


def test_an_edit_while_pages_are_read_loses_no_record(sandbox, time):
    """Each page of variants is followed by edits that move records: pages by place shift under the reader."""
    control(sandbox, "PUT", "paging", by="modified")
    wanted, _ = read(sandbox, "rest", time)
    numbers = [int(one.removeprefix("variants/")) for one in wanted if one.startswith("variants/")]
    asked = []

    def pages(url):
        if "Variants?" in url and len(asked) < 1:
            asked.append(url)
            for number in numbers[:3]:
                control(sandbox, "PATCH", f"items/variants/{number}", values={})

    with following(pages):
        found, reading = read(sandbox, "rest", time)
    assert asked
    assert found.keys() == wanted.keys()
    assert reading.problems == []


def test_a_status_without_a_known_meaning_is_kept(sandbox, time):
    found, reading = read(sandbox, "rest", time)
    one, another = list(found)[:2]
    since = Selection(languages=BOTH.languages, changed_since=datetime.fromisoformat(reading.cursor))
    control(sandbox, "PATCH", f"items/{one}", status="R")
    control(sandbox, "PATCH", f"items/{another}", status="I")
    for selection in (BOTH, since):
        found, reading = read(sandbox, "rest", time, selection)
        assert one not in found
        assert reading.kept == {one: "R"}
        assert one not in reading.removed
