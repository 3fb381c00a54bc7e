from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from amazon_listings.definitions.refresh import (
    DefinitionUnavailable,
    LocaleNotThere,
    UnknownVersion,
    load_member,
    load_pair,
    refresh_definition,
    refresh_members,
    refresh_pair,
)
from amazon_listings.definitions.store import DefinitionStore
from amazon_listings.definitions.stored import (
    DefinitionDamaged,
    DefinitionKey,
    DefinitionPair,
    NoDefinition,
    UnsupportedLocale,
    WrongLocale,
)
from amazon_listings.errors import ActionRequiredError, RetryableError
from amazon_listings.marketplaces import marketplace
from amazon_listings.messages import catalogue
from amazon_listings.selling_partner.faults.exceptions import UnknownProductType
from amazon_product_types.labels import OutsideRequirements, UnknownField

FR = marketplace("FR")
KEY = DefinitionKey("HOME", FR.id, locale="fr_FR", seller_id="A1SELLER")


@pytest.fixture(params=["folder", "airflow file", "object storage"])
def store(request, tmp_path):
    if request.param == "folder":
        return DefinitionStore(tmp_path / "d")
    if request.param == "airflow file":
        from airflow.sdk import ObjectStoragePath

        return DefinitionStore(ObjectStoragePath(f"file://{tmp_path}/d"))
    from upath import UPath

    return DefinitionStore(UPath(f"memory://{tmp_path.name}{id(request)}/d"))


def test_a_definition_is_fetched_stored_and_loaded(amazon, client, store):
    fetched = refresh_definition(client, store, KEY)
    loaded = store.load(KEY)
    assert loaded.document == amazon.documents["fr_FR"] == fetched.document
    assert (loaded.version, loaded.locale, loaded.display_name) == ("V1", "fr_FR", "Maison")
    assert loaded.property_groups["shipping"]["title"] == "Expédition"
    assert loaded.warnings == ()
    assert list(store.keys()) == [KEY]


def test_the_document_is_downloaded_again_only_when_its_checksum_changes(amazon, client, store):
    first = refresh_definition(client, store, KEY)
    second = refresh_definition(client, store, KEY)
    assert (amazon.asked["definition"], amazon.asked["document"]) == (2, 1)
    assert second.fetched_at == first.fetched_at
    assert second.checked_at > first.checked_at

    amazon.documents["fr_FR"]["properties"]["color"] = amazon.documents["fr_FR"]["properties"]["item_weight"]
    amazon.version = "V2"
    third = refresh_definition(client, store, KEY)
    assert amazon.asked["document"] == 2
    assert "color" in third.document["properties"]
    (before,) = store.earlier(KEY)
    assert (before.version, set(before.document["properties"])) == ("V1", {"item_weight"})


def test_a_version_that_is_named_is_read_whatever_came_after_it(amazon, client, store):
    checksums, document = [], amazon.documents["fr_FR"]
    for number in range(3):
        amazon.documents["fr_FR"], amazon.version = document | {"title": f"{number}"}, f"V{number}"
        checksums.append(refresh_definition(client, store, KEY).checksum)
    for number, checksum in enumerate(checksums):
        loaded = DefinitionStore(store.root, {store.name_of(KEY): checksum})
        assert loaded.load(KEY).document["title"] == f"{number}"
        assert loaded.load(KEY).version == f"V{number}"
        assert [one.version for one in loaded.earlier(KEY)] == [f"V{one}" for one in reversed(range(number))]


def test_a_copy_that_amazon_just_confirmed_is_not_asked_for_again(amazon, client, store):
    first = refresh_definition(client, store, KEY)
    refresh_definition(client, store, KEY, since=first.checked_at - timedelta(hours=1))
    assert amazon.asked["definition"] == 1
    refresh_definition(client, store, KEY, since=first.checked_at + timedelta(microseconds=1))
    assert amazon.asked["definition"] == 2


def test_a_copy_confirmed_by_a_clock_that_was_ahead_is_asked_for_again(amazon, client, tmp_path):
    store = DefinitionStore(tmp_path)
    first = refresh_definition(client, store, KEY)
    (record,) = tmp_path.glob("definitions/HOME/*/*.json")
    ahead = datetime.now(UTC) + timedelta(days=400)
    record.write_text(record.read_text().replace(first.checked_at.isoformat(), ahead.isoformat()))
    again = refresh_definition(client, store, KEY, since=first.checked_at - timedelta(hours=1))
    assert amazon.asked["definition"] == 2
    assert again.checked_at < ahead


def test_what_goes_with_a_definition_is_asked_for_whenever_that_was(amazon, client, store):
    key = replace(KEY, locale="en_GB")
    pair = refresh_pair(client, store, key, FR)
    assert amazon.asked["definition"] == 2
    since = pair.validation.checked_at - timedelta(hours=1)
    assert refresh_pair(client, store, key, FR, since=since).labels.checked_at == pair.labels.checked_at
    assert amazon.asked["definition"] == 2
    amazon.version = "V2"
    refresh_definition(client, store, pair.validation.key)
    again = refresh_pair(client, store, key, FR, since=since)
    assert (again.validation.version, again.labels.version) == ("V2", "V2")
    assert amazon.asked["definition"] == 4


def test_a_whole_that_amazon_refuses_is_asked_for_as_rarely_as_the_part(amazon, client, store):
    part = replace(KEY, requirements="LISTING_OFFER_ONLY")
    amazon.refused = {"LISTING"}
    first = refresh_pair(client, store, part, FR)
    assert first.whole is None
    asked = amazon.asked.total()
    since = first.validation.checked_at - timedelta(hours=1)
    assert refresh_pair(client, store, part, FR, since=since).whole is None
    assert amazon.asked.total() == asked
    amazon.refused = set()
    assert refresh_pair(client, store, part, FR, since=since).whole is None
    assert refresh_pair(client, store, part, FR).whole is not None  # the part was asked for
    assert store.find(KEY) is not None


def test_members_that_amazon_does_not_tell_apart_are_asked_for_as_rarely_as_the_whole(amazon, client, store):
    amazon.members = False
    judge = refresh_definition(client, store, KEY)
    refresh_members(client, store, judge)
    asked = amazon.asked.total()
    refresh_members(client, store, judge)
    assert amazon.asked.total() == asked
    assert load_member(store, judge, "parent") is None
    amazon.members, amazon.version = True, "V2"
    judge = refresh_definition(client, store, KEY)
    refresh_members(client, store, judge)
    assert amazon.asked.total() == asked + 3
    assert store.load(replace(KEY, parentage_level="CHILD")).version == "V2"


@pytest.mark.parametrize("broken", ["html", "half", "gone", "500", "not a definition"])
def test_a_failed_download_never_replaces_a_good_copy(amazon, client, store, broken):
    good = refresh_definition(client, store, KEY)
    amazon.documents["fr_FR"]["title"] = "changed"
    amazon.broken = broken
    kept = refresh_definition(client, store, KEY)
    assert kept.checksum == good.checksum == store.load(KEY).checksum
    assert kept.document == good.document
    warning = catalogue().word(*kept.warnings)
    assert "V1" in warning
    assert "less than a minute ago" in warning


@pytest.mark.parametrize("broken", ["html", "half", "gone", "500", "not a definition"])
def test_without_a_copy_a_failed_download_is_an_error_and_stores_nothing(amazon, client, store, broken):
    amazon.broken = broken
    with pytest.raises(DefinitionUnavailable) as refused:
        refresh_definition(client, store, KEY)
    assert isinstance(refused.value, RetryableError)
    with pytest.raises(NoDefinition):
        store.load(KEY)
    amazon.broken = None
    assert refresh_definition(client, store, KEY).document == amazon.documents["fr_FR"]


def test_workers_that_start_together_fetch_once(amazon, client, tmp_path):
    together = threading.Barrier(8)
    since = datetime.now(UTC) - timedelta(minutes=5)
    found = []

    def work():
        store = DefinitionStore(tmp_path)
        together.wait()
        found.append(refresh_definition(client, store, KEY, since=since))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one.checksum for one in found}) == 1
    assert len(found) == 8
    assert amazon.asked == {"definition": 1, "document": 1}


def test_a_damaged_file_is_not_used_and_is_fetched_again(amazon, client, tmp_path):
    store = DefinitionStore(tmp_path)
    stored = refresh_definition(client, store, KEY)
    Path(stored.file).write_bytes(b"{")
    with pytest.raises(DefinitionDamaged):
        _ = store.load(KEY).document
    assert refresh_definition(client, store, KEY).document == amazon.documents["fr_FR"]


def test_a_record_cut_off_in_the_middle_counts_as_none(client, tmp_path):
    store = DefinitionStore(tmp_path)
    refresh_definition(client, store, KEY)
    (record,) = tmp_path.glob("definitions/HOME/*/*.json")
    record.write_text(record.read_text()[:40])
    with pytest.raises(NoDefinition):
        store.load(KEY)
    assert list(store.keys()) == []


@pytest.mark.parametrize(
    "more",
    [
        {"requirements": "LISTING_OFFER_ONLY"},
        {"requirements_enforced": "NOT_ENFORCED"},
        {"locale": "en_GB"},
        {"parentage_level": "CHILD"},
        {"seller_id": None},
        {"version": "V0"},
    ],
)
def test_every_part_of_the_key_is_asked_for_and_kept_apart(amazon, client, store, more):
    refresh_definition(client, store, KEY)
    other = replace(KEY, **more)
    with pytest.raises(NoDefinition):
        store.load(other)
    refresh_definition(client, store, other)
    asked = amazon.queries[-1]
    names = {"parentage_level": "parentageLevel", "version": "productTypeVersion"}
    for name, value in more.items():
        key = names.get(name) or {
            "requirements_enforced": "requirementsEnforced",
            "seller_id": "sellerId",
        }.get(name, name)
        assert asked.get(key) == value
    assert store.load(other).key == other


def test_a_pinned_version_that_is_outdated_warns_with_its_age(amazon, client, store):
    pinned = replace(KEY, version="V1")
    assert refresh_definition(client, store, pinned).warnings == ()
    amazon.latest = False
    warning = catalogue().word(*refresh_definition(client, store, pinned).warnings)
    assert "pinned to version V1" in warning
    assert "less than a minute" in warning
    assert refresh_definition(client, store, KEY).warnings == ()


def test_an_unknown_product_type_names_the_nearest(client, store):
    with pytest.raises(UnknownProductType, match="Did you mean BRACELET"):
        refresh_definition(client, store, replace(KEY, product_type="BRACELETS"))


def test_a_pin_to_a_version_that_amazon_does_not_have_is_what_is_wrong(amazon, client, store):
    amazon.versions = {"V1"}
    with pytest.raises(UnknownVersion, match="not its version 'V7'; the latest is V1"):
        refresh_definition(client, store, replace(KEY, version="V7"))


def test_a_locale_that_amazon_does_not_have_there_is_what_is_wrong(amazon, client, store):
    amazon.locales = {"DEFAULT", "fr_FR"}
    with pytest.raises(LocaleNotThere, match=r"on amazon\.fr, but not in the locale de_DE\."):
        refresh_definition(client, store, replace(KEY, locale="de_DE"))
    assert refresh_definition(client, store, replace(KEY, locale="fr_FR")).warnings == ()


def test_an_unknown_locale_names_the_nearest():
    with pytest.raises(UnsupportedLocale, match="fr_FR"):
        DefinitionKey("HOME", FR.id, locale="fr-FR")


def test_names_of_amazon_never_leave_the_folder(client, amazon, tmp_path):
    amazon.names.append("..%2F..")
    amazon.names.append("../..")
    store = DefinitionStore(tmp_path / "root")
    store.keep(
        replace(KEY, product_type="../.."),
        b'{"properties": {}}',
        {
            "checksum": "1B2M2Y8AsgTpgAmY7PhCfg==",
            "version": "V",
            "latest": True,
            "locale": "x",
            "display_name": "x",
            "property_groups": {},
        },
    )
    assert {path.name for path in tmp_path.iterdir()} == {"root"}


def test_the_pair_of_a_connector_judges_in_the_marketplaces_locale_and_speaks_in_another(
    amazon, client, store
):
    key = replace(KEY, locale="en_GB")
    pair = refresh_pair(client, store, key, FR)
    assert pair.validation.document == amazon.documents["fr_FR"]
    assert pair.index.find("weight").path == "item_weight"
    with pytest.raises(UnknownField):
        pair.index.find("poids")
    assert load_pair(store, key, FR).index is pair.index


def test_a_definition_in_another_locale_is_refused_as_judge(client, store):
    pair = refresh_pair(client, store, replace(KEY, locale="en_GB"), FR)
    with pytest.raises(WrongLocale, match="fr_FR"):
        DefinitionPair(FR, pair.labels, pair.labels)
    with pytest.raises(WrongLocale):
        DefinitionPair(marketplace("DE"), pair.validation, pair.validation)
    other = refresh_definition(client, store, replace(KEY, product_type="LAMP"))
    with pytest.raises(WrongLocale):
        DefinitionPair(FR, pair.validation, other)
    assert issubclass(WrongLocale, ActionRequiredError)


def test_a_renamed_label_keeps_its_meaning(amazon, client, store):
    refresh_pair(client, store, KEY, FR)
    amazon.documents["fr_FR"] = {**amazon.documents["en_GB"]}
    pair = refresh_pair(client, store, KEY, FR)
    found = pair.index.find("Poids")
    assert (found.path, found.renamed_to) == ("item_weight", "Weight")
    assert pair.index.find("Weight").renamed_to is None


def test_a_field_outside_the_requirements_is_said_to_be(amazon, client, store):
    whole = refresh_definition(client, store, KEY)
    part = {**amazon.documents["fr_FR"], "properties": {"price": whole.document["properties"]["item_weight"]}}
    amazon.documents["fr_FR"] = part
    offer = refresh_definition(client, store, replace(KEY, requirements="LISTING_OFFER_ONLY"))
    pair = DefinitionPair(FR, offer, offer, whole=whole)
    with pytest.raises(OutsideRequirements, match=r"item_weight.*not part of LISTING_OFFER_ONLY"):
        pair.index.find("item_weight")
