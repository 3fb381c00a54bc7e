import dataclasses
import json
import os
import pickle
from collections.abc import Mapping

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amazon_listings.connectors import Sync, connector_from, load_connectors
from amazon_listings.errors import ActionRequiredError
from amazon_listings.sources.files.settings import FileSettings
from amazon_listings.sources.settings import SourceSettings

GOOD = """\
id: fr_home
amazon: {connection: amazon_fr, country: FR, product_type: HOME}
sales_layer: {languages: [fr, "en"], sku: "{{ item.reference }}"}
sync: {operation: test, schedule: "@daily"}
mapping:
  "Nom du produit": "{{ item.name }}"
  item_weight: {value: "{{ item.weight | number }}", unit: kilograms}
"""


def test_a_file(write):
    (connector,) = load_connectors(write(GOOD), {}).connectors
    assert connector.id == "fr_home"
    assert connector.dag_id == "amazon_fr_home"
    assert connector.title == "HOME, amazon.fr"
    assert connector.marketplace.id == "A13V1IB3VIYZZH"
    assert connector.amazon.locale == "fr_FR"
    assert connector.source == SourceSettings(
        "sales_layer", languages=("fr", "en"), own={"connection": "sales_layer", "tags": ()}
    )
    assert connector.sync == Sync(schedule="@daily")
    assert connector.language_tags == (("fr", "fr_FR"), ("en", "en_GB"))
    assert list(connector.mapping) == ["Nom du produit", "item_weight"]
    assert connector.where.lines["/mapping/item_weight/unit"] == 7
    assert connector.where.mapping_lines() == {"Nom du produit": 6, "item_weight": 7}


def test_a_file_from_windows(tmp_path):
    (tmp_path / "x.yaml").write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    (connector,) = load_connectors(tmp_path, {}).connectors
    assert connector.where.mapping_lines() == {"Nom du produit": 6, "item_weight": 7}
    (tmp_path / "x.yaml").write_bytes(b"\xef\xbb\xbfidd: x\r\n" + GOOD.replace("\n", "\r\n").encode())
    (broken,) = load_connectors(tmp_path, {}).broken
    assert "x.yaml:1:1\n     1 | idd: x\n       | ^^^\n" in broken.text


def test_crosses_processes(write):
    (connector,) = load_connectors(write(GOOD), {}).connectors
    fingerprint = connector.fingerprint
    again = pickle.loads(pickle.dumps(connector))  # noqa: S301 - our own
    assert (again, again.where, again.fingerprint) == (connector, connector.where, fingerprint)


def test_files_as_source(write, document):
    del document["sales_layer"]
    document["files"] = {"path": "s3://pim/*.csv", "languages": {"fr": "fr_BE"}, "image_columns": ["a"]}
    (connector,) = load_connectors(write(document), {}).connectors
    assert connector.source.languages == ("fr",)
    assert FileSettings(**connector.source.own) == FileSettings(path="s3://pim/*.csv", image_columns=("a",))
    assert connector.language_tags == (("fr", "fr_BE"),)


def test_the_united_kingdom_has_two_codes(document):
    prints = set()
    for code in ("UK", "GB"):
        document["amazon"]["country"] = code
        connector = connector_from(document)
        assert connector.amazon.country == "GB"
        prints.add(connector.fingerprint)
    assert len(prints) == 1


def test_a_sample_preview(document):
    document["sync"] = {"preview": {"sample": 50}}
    sync = connector_from(document).sync
    assert (sync.preview, sync.preview_sample) == ("sample", 50)


def test_variable_over_file(write):
    patch = {
        "sync": {"operation": "live", "schedule": None},
        "mapping": {"Nom du produit": None, "Marque": "Acme"},
    }
    loaded = load_connectors(write(GOOD), {"amazon_connector_fr_home": json.dumps(patch)})
    (connector,) = loaded.connectors
    assert connector.sync == Sync(operation="live")
    assert list(connector.mapping) == ["item_weight", "Marque"]
    assert connector.where.variable == "amazon_connector_fr_home"
    assert "/mapping/Marque" not in connector.where.lines
    assert "/sync/operation" not in connector.where.lines
    assert connector.where.lines["/mapping/item_weight"] == 7


def test_variable_alone(tmp_path, document):
    del document["id"]
    (connector,) = load_connectors(tmp_path, {"amazon_connector_es": json.dumps(document)}).connectors
    assert connector.id == "es"
    assert str(connector.where) == "Variable amazon_connector_es"


def test_variable_cannot_rename(broken_text, document):
    assert "cannot rename" in broken_text(document, fr_home='{"id": "other"}')


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "Not JSON"),
        ("[]", "not a JSON object"),
        ('{"sync": {}, "sync": {}}', "'sync' stands twice"),
        ('{"sync": {"preview_rate": NaN}}', "NaN is not JSON"),
        ("[" * 100_000, "levels deep"),
    ],
)
def test_variable_that_is_not_json(broken_text, document, text, said):
    found = broken_text(document, fr_home=text)
    assert said in found
    assert "Variable amazon_connector_fr_home" in found


def test_one_broken_connector_hides_no_other(write, document):
    write("id: torn\nmapping: [", "torn.yaml")
    write("", "empty.yaml")
    write("- a", "list.yaml")
    write(document | {"id": "z_last"}, "aa.yml")
    folder = write(GOOD)
    (folder / "latin.yaml").write_bytes("id: latin\ntitle: décor".encode("latin-1"))
    (folder / "folder.yaml").mkdir()
    (folder / "gone.yaml").symlink_to(folder / "nowhere")
    (folder / ".hidden.yaml").write_text("{", encoding="utf-8")
    (folder / "notes.txt").write_text("{", encoding="utf-8")
    loaded = load_connectors(folder, {"amazon_connector_v": "?"})
    assert [connector.id for connector in loaded.connectors] == ["fr_home", "z_last"]
    texts = {broken.id: broken.text for broken in loaded.broken}
    assert list(texts) == ["empty", "folder", "gone", "latin", "list", "torn", "v"]
    assert "The file is empty." in texts["empty"]
    assert "Is a directory" in texts["folder"]
    assert "No such file" in texts["gone"]
    assert "Line 2 is not UTF-8" in texts["latin"]
    assert "not an object" in texts["list"]


def test_an_id_declared_twice(write):
    write(GOOD, "a.yaml")
    write(GOOD.replace("FR,", "DE,"), "b.yaml")
    loaded = load_connectors(write(GOOD.replace("fr_home", "other"), "c.yaml"), {})
    assert [connector.id for connector in loaded.connectors] == ["other"]
    (broken,) = loaded.broken
    assert broken.id == "fr_home"
    assert "a.yaml:1:5" in broken.text
    assert "b.yaml:1:5" in broken.text


@pytest.mark.parametrize("name", ["1st", "Fr", "fr-home", "", "fr home", "../up", "12"])
def test_ids(write, document, name):
    (broken,) = load_connectors(write(document | {"id": name}), {}).broken
    assert ":1:5" in broken.text
    assert "small letters, digits and _" in broken.text or "is a number, not text" in broken.text


class _Asked(Mapping):
    """Variables that note which was asked for: in Airflow each may be a call to a secrets backend."""

    def __init__(self, values):
        self.values_, self.asked = values, []

    def __getitem__(self, name):
        self.asked.append(name)
        return self.values_[name]

    def __iter__(self):
        raise AssertionError("listed")

    def __len__(self):
        raise AssertionError("counted")


@pytest.mark.parametrize("file", ["fr_home.yaml", "fr_home.yml", "elsewhere.yaml"])
def test_only_one(write, document, file):
    write(GOOD.replace("fr_home", "other"), "fr_homer.yaml")
    folder = write(document, file)
    variables = _Asked({"amazon_connector_fr_home": '{"sync": {"operation": "live"}}'})
    loaded = load_connectors(folder, variables, only="fr_home")
    assert [(connector.id, connector.sync.operation) for connector in loaded.connectors] == [
        ("fr_home", "live")
    ]
    assert not loaded.broken
    assert variables.asked == ["amazon_connector_fr_home"]


def test_only_one_reads_no_other_file(write):
    folder = write(GOOD)
    os.mkfifo(folder / "other.yaml")  # reading it would wait for ever
    assert [connector.id for connector in load_connectors(folder, {}, only="fr_home").connectors] == [
        "fr_home"
    ]


def test_only_one_under_the_name_of_another(write):
    write(GOOD.replace("fr_home", "other"), "fr_home.yaml")
    folder = write(GOOD, "zz.yaml")
    assert [found.where.path.name for found in load_connectors(folder, {}, only="fr_home").connectors] == [
        "zz.yaml"
    ]
    assert load_connectors(folder, {}, only="nobody") == load_connectors(folder, {}, only="zz")


def test_only_one_that_is_broken_or_just_a_variable(write, document):
    folder = write("id: fr_home\nmapping: [")
    assert [broken.id for broken in load_connectors(folder, {}, only="fr_home").broken] == ["fr_home"]
    variables = {"amazon_connector_v": json.dumps(document | {"id": "v"})}
    assert [connector.id for connector in load_connectors(folder, variables, only="v").connectors] == ["v"]


def test_no_folder(tmp_path):
    for wrong in (tmp_path / "nowhere", tmp_path / "file"):
        (tmp_path / "file").touch()
        with pytest.raises(ActionRequiredError, match="folder of connectors"):
            load_connectors(wrong, {})


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_text_makes_it_raise(tmp_path, data):
    start = data.draw(st.integers(0, len(GOOD)))
    end = data.draw(st.integers(start, min(len(GOOD), start + 12)))
    put = data.draw(st.text("{}[]:,&*!|>%@`'\"#-? \n\tab1é\x00\x85", max_size=8))
    text = GOOD[:start] + put + GOOD[end:]
    (tmp_path / "x.yaml").write_bytes(text.encode())
    loaded = load_connectors(tmp_path, {})
    assert len(loaded.connectors) + len(loaded.broken) == 1
    for broken in loaded.broken:
        assert "x.yaml" in broken.text


_KEYS = st.sampled_from(
    [
        "id",
        "amazon",
        "sales_layer",
        "files",
        "sync",
        "mapping",
        "quality",
        "variations",
        "languages",
        "preview",
        "sku",
    ]
) | st.text(max_size=3)
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(_KEYS, below, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(patch=st.dictionaries(_KEYS, _JSON, max_size=5))
def test_no_variable_makes_it_raise(tmp_path, patch):
    (tmp_path / "fr_home.yaml").write_text(GOOD, encoding="utf-8")
    loaded = load_connectors(tmp_path, {"amazon_connector_fr_home": json.dumps(patch)})
    assert len(loaded.connectors) + len(loaded.broken) == 1


_SHUFFLED = st.randoms(use_true_random=False)


def _shuffle(value, random):
    if not isinstance(value, dict):
        return value
    items = [(key, below if key == "mapping" else _shuffle(below, random)) for key, below in value.items()]
    random.shuffle(items)
    return dict(items)


@given(random=_SHUFFLED)
def test_fingerprint_is_that_of_the_content(random):
    document = yaml.safe_load(GOOD)
    document["sync"]["schedule"] = "@daily"
    assert connector_from(_shuffle(document, random)).fingerprint == connector_from(document).fingerprint


@pytest.mark.parametrize(
    ("path", "value", "same"),
    [
        (("title",), "Other", True),
        (("owner",), "me", True),
        (("tags",), ["a"], True),
        (("enabled",), False, True),
        (("sync", "schedule"), "@weekly", True),
        (("sync", "operation"), "live", True),
        (("sales_layer", "sku_limit"), 5, True),
        (("sales_layer", "statuses"), ["visible"], True),  # the default, written out
        (("sales_layer", "statuses"), ["all"], False),
        (("sales_layer", "languages"), ["en", "fr"], False),
        (("sales_layer", "languages"), {"fr": "fr_FR", "en": "en_US"}, False),
        (("sales_layer", "fallback_language"), "en", False),
        (("sales_layer", "sku"), "X-{{ item.reference }}", False),
        (("sales_layer", "filter"), "{{ item.a }}", False),
        (("amazon", "country"), "BE", False),
        (("amazon", "requirements"), "LISTING_PRODUCT_ONLY", False),
        (("amazon", "locale"), "en_US", False),
        (("mapping", "Nom du produit"), "{{ item.title }}", False),
        (("quality",), [{"expectation": "expect_column_to_exist", "column": "a"}], False),
        (("variations",), {"theme": "COLOR"}, False),
    ],
)
def test_fingerprint_is_of_what_changes_payloads(path, value, same):
    before, changed = yaml.safe_load(GOOD), yaml.safe_load(GOOD)
    parent = changed
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = value
    assert (connector_from(before).fingerprint == connector_from(changed).fingerprint) is same


def test_fingerprint_minds_language_tags_that_were_guessed(document):
    connector = connector_from(document)
    other = dataclasses.replace(connector, language_tags=(("fr", "fr_CA"),))
    assert other.fingerprint != connector.fingerprint


def test_fingerprint_minds_the_order_of_the_mapping():
    before, changed = yaml.safe_load(GOOD), yaml.safe_load(GOOD)
    changed["mapping"] = dict(reversed(changed["mapping"].items()))
    assert connector_from(before).fingerprint != connector_from(changed).fingerprint


class TestOldIds:
    def load(self, write, documents):
        for name, document in documents.items():
            folder = write(document, f"{name}.yaml")
        return load_connectors(folder, {})

    def test_a_renamed_connector(self, write, document):
        loaded = self.load(
            write,
            {
                "a": document | {"id": "lights", "was": "lamps"},
                "b": document | {"id": "homes", "was": ["fr_home", "fr_homes"]},
            },
        )
        assert [(one.id, one.was) for one in loaded.connectors] == [
            ("homes", ("fr_home", "fr_homes")),
            ("lights", ("lamps",)),
        ]

    def test_renaming_does_not_change_the_fingerprint(self, write, document):
        before = self.load(write, {"a": document}).connectors[0]
        after = self.load(write, {"a": document | {"id": "lights", "was": "fr_home"}}).connectors[0]
        assert after.fingerprint == before.fingerprint

    def test_two_that_claim_one_old_id(self, write, document):
        claim = {"was": "lamps"}
        loaded = self.load(
            write,
            {
                "a": document | {"id": "lights"} | claim,
                "b": document | {"id": "bulbs"} | claim,
                "c": document | {"id": "other"},
            },
        )
        assert [one.id for one in loaded.connectors] == ["other"]
        assert [one.id for one in loaded.broken] == ["bulbs", "lights"]
        for one in loaded.broken:
            assert "a.yaml" in one.text
            assert "b.yaml" in one.text
        assert "'lamps' is claimed by 'lights' (" in loaded.broken[0].text

    def test_an_old_id_that_lives_again_stops_who_claims_it(self, write, document):
        loaded = self.load(
            write, {"a": document | {"id": "lights", "was": "lamps"}, "b": document | {"id": "lamps"}}
        )
        assert [one.id for one in loaded.connectors] == ["lamps"]
        (broken,) = loaded.broken
        assert broken.id == "lights"
        assert "a.yaml:1" in broken.text or "a.yaml:" in broken.text
        assert "b.yaml" in broken.text
        assert "still declared" in broken.text

    def test_its_own_id(self, write, document):
        (broken,) = self.load(write, {"a": document | {"was": ["fr_home"]}}).broken
        assert "is the id that the connector has now" in broken.text
