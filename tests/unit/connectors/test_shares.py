"""Shares of the connectors: together they are what one load of the folder gives, whatever is in it."""

import json
import random
import subprocess
import sys

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amazon_listings.connectors import indexing
from amazon_listings.connectors.indexing import indexed
from amazon_listings.connectors.loader import load_connectors, load_share
from amazon_listings.connectors.shares import Index, Share, index_of_text

IDS = ["fr_a", "fr_b", "fr_c", "fr_d"]
PREFIX = "amazon_connector_"


def document_of(connector_id, **more):
    return {
        "id": connector_id,
        "amazon": {"connection": "amazon_fr", "country": "FR", "product_type": "HOME"},
        "sales_layer": {"languages": ["fr"]},
        "mapping": {"item_name": "{{ item.name }}"},
        **more,
    }


def matrix(axis, *, connector_id="{country}_{part}", countries=("FR", "DE")):
    return document_of(connector_id, **{"for": {"country": list(countries), "part": axis}}) | {
        "amazon": {"connection": "amazon_fr", "product_type": "HOME"}
    }


def text_of(document):
    return document if isinstance(document, str) else yaml.safe_dump(document, sort_keys=False)


ids = st.sampled_from(IDS)
olds = st.one_of(ids, st.just("gone"), st.lists(st.sampled_from([*IDS, "gone"]), max_size=2))
documents = st.one_of(
    st.builds(document_of, ids),
    st.builds(lambda name, was: document_of(name, was=was), ids, olds),
    st.builds(lambda name: document_of(name, extends="company"), ids),
    st.builds(
        lambda name, was: document_of(name, overrides=[{"when": {"country": "FR"}, "was": was}]), ids, olds
    ),
    st.builds(lambda name: document_of(name, overrides=[{"when": {"country": "DE"}, "owner": "x"}]), ids),
    st.builds(matrix, st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3)),
    st.just(matrix(["a"], connector_id="{nothing}")),
    st.sampled_from(
        [
            "id: fr_a\namazon: [",
            "id: [fr_a]\n",
            "id: 5\n",
            "",
            "- fr_a\n",
            "id: fr_a\nid: fr_b\n",
            '"\\x69d": fr_b\nfor: 3\n',
            "{id: fr_c, was: fr_a, amazon: &a {country: FR}, more: *a}",
        ]
    ),
)
layers = st.one_of(
    st.just({"owner": "company"}),
    st.just({"id": "fr_a"}),
    st.builds(lambda was: {"was": was}, olds),
    st.just("owner: ["),
)
variables = st.dictionaries(
    st.sampled_from([*IDS, "fr_aa", "gone"]),
    st.one_of(
        st.just({"title": "x"}),
        st.builds(lambda was: {"was": was}, olds),
        st.builds(lambda: {name: one for name, one in document_of("").items() if name != "id"}),
        st.just("{not json"),
        st.just({"id": "fr_b"}),
    ),
    max_size=3,
)


def written(folder, documents, layer=None, suites=()):
    connectors = folder / "connectors"
    (connectors / "layers").mkdir(parents=True)
    (folder / "quality").mkdir()
    for number, document in enumerate(documents):
        (connectors / f"{number}.yaml").write_text(text_of(document), encoding="utf-8")
    if layer is not None:
        (connectors / "layers" / "company.yaml").write_text(text_of(layer), encoding="utf-8")
    for name in suites:
        (folder / "quality" / f"{name}.json").write_text("{", encoding="utf-8")
    return connectors


def facts(loaded):
    """What DAGs are made of: each connector, and the text about each that a Variable breaks."""
    right = {one.id: (one.document, str(one.where), one.parts) for one in loaded.connectors}
    broken = {one.id: one.text for one in loaded.broken if one.where.variable is not None}
    return right, broken


def together(folder, variables, of, index):
    found = [facts(load_share(folder, variables, Share(number, of), index)) for number in range(1, of + 1)]
    right = [item for one, _ in found for item in one.items()]
    broken = [item for _, one in found for item in one.items()]
    assert len(dict(right)) == len(right), "a connector is in two shares"
    assert len(dict(broken)) == len(broken)
    return dict(right), dict(broken)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@given(
    documents=st.lists(documents, max_size=5),
    layer=st.none() | layers,
    variables=variables,
    suites=st.sets(ids, max_size=1),
    of=st.integers(1, 5),
)
def test_shares_together_are_what_one_load_gives(tmp_path_factory, documents, layer, variables, suites, of):
    folder = written(tmp_path_factory.mktemp("shares"), documents, layer, suites)
    texts = {
        PREFIX + name: one if isinstance(one, str) else json.dumps(one) for name, one in variables.items()
    }
    index = indexed(folder, Index())
    assert together(folder, texts, of, index) == facts(load_connectors(folder, texts))
    assert indexed(folder, index_of_text(index.text())) == index


CLAIMS = {
    "two documents": ([document_of("fr_1", was="old"), document_of("fr_2", was=["old"])], {}),
    "one that is there": ([document_of("fr_1", was="fr_2"), document_of("fr_2")], {}),
    "one that is there and broken": ([document_of("fr_1", was="fr_2"), "id: fr_2\namazon: ["], {}),
    "a Variable's": ([document_of("fr_1", was="fr_2")], {"fr_2": document_of("fr_2")}),
    "by two Variables": (
        [document_of("fr_1"), document_of("fr_2")],
        {"fr_1": {"was": "old"}, "fr_2": {"was": "old"}},
    ),
    "by a Variable": ([document_of("fr_1", was="old"), document_of("fr_2")], {"fr_2": {"was": "old"}}),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_an_old_id_is_compared_with_those_of_other_shares(tmp_path, name):
    documents, variables = CLAIMS[name]
    assert share_with("fr_1") != share_with("fr_2")
    folder = written(tmp_path, [*documents, document_of("fr_3")])
    texts = {PREFIX + one: json.dumps(patch) for one, patch in variables.items()}
    right, _ = together(folder, texts, 4, indexed(folder, Index()))
    whole, _ = facts(load_connectors(folder, texts))
    assert right == whole
    assert "fr_1" not in right
    assert "fr_3" in right


class Counted(dict):
    """Variables that note which of them are read."""

    def __init__(self, *args):
        super().__init__(*args)
        self.read = set()

    def get(self, key, default=None):
        self.read.add(key)
        return super().get(key, default)


def test_a_share_reads_its_own_documents_and_variables(tmp_path, monkeypatch):
    names = [f"fr_{number}" for number in range(20)]
    folder = written(tmp_path, map(document_of, names))
    index, share = indexed(folder, Index()), Share(2, 4)
    variables = Counted({PREFIX + name: "{}" for name in names})
    loaded = load_share(folder, variables, share, index)
    own = {name for name in names if share.has(name)}
    assert 0 < len(own) < 20
    assert {one.id for one in loaded.connectors} == own
    assert variables.read == {PREFIX + name for name in own}


def test_a_matrix_is_shared_by_its_connectors(tmp_path):
    folder = written(tmp_path, [matrix([f"p{number}" for number in range(30)])])
    index = indexed(folder, Index())
    counts = [len(load_share(folder, {}, Share(number, 3), index).connectors) for number in (1, 2, 3)]
    assert sum(counts) == 60
    assert min(counts) > 5


def test_shares_are_the_same_in_every_process():
    said = "from amazon_listings.connectors.shares import Share\n"
    said += "print([n for n in range(50) if Share(3, 7).has(f'fr_{n}')])"
    seen = {
        subprocess.run(
            [sys.executable, "-c", said],
            check=True,
            capture_output=True,
            text=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(seen) == 1
    assert sum(Share(number, 7).has("é") for number in range(1, 8)) == 1
    assert not any(Share(number, 7).has("fr_1") for number in (8, 9)), "beyond the last"


def states(index, of=4):
    return {number: index.state(Share(number, of)) for number in range(1, of + 1)}


@pytest.fixture
def folder(tmp_path):
    """Twenty documents, of which one extends a layer."""
    documents = [document_of(f"fr_{number}") for number in range(20)]
    documents[7]["extends"] = "company"
    return written(tmp_path, documents, {"owner": "company"})


def changed(folder, before):
    """The shares whose state is another one since."""
    after = states(indexed(folder, before))
    return {number for number, state in states(before).items() if state != after[number]}


def share_with(connector_id, of=4):
    return next(number for number in range(1, of + 1) if Share(number, of).has(connector_id))


def test_an_edit_changes_the_state_of_its_share(folder):
    before = indexed(folder, Index())
    (folder / "3.yaml").write_text(text_of(document_of("fr_3", owner="else")), encoding="utf-8")
    assert changed(folder, before) == {share_with("fr_3")}
    assert indexed(folder, before).state(None) != before.state(None)


def test_a_file_that_is_written_as_it_was_changes_nothing(folder):
    before = indexed(folder, Index())
    path = folder / "3.yaml"
    path.write_bytes(path.read_bytes())
    assert changed(folder, before) == set()


def test_a_document_that_gets_another_id_changes_both_shares(folder):
    before = indexed(folder, Index())
    (folder / "3.yaml").write_text(text_of(document_of("fr_other")), encoding="utf-8")
    assert changed(folder, before) == {share_with("fr_3"), share_with("fr_other")}


def test_a_removed_and_a_renamed_document_change_their_share(folder):
    before = indexed(folder, Index())
    (folder / "3.yaml").unlink()
    assert changed(folder, before) == {share_with("fr_3")}
    before = indexed(folder, before)
    (folder / "4.yaml").rename(folder / "40.yaml")
    assert changed(folder, before) == {share_with("fr_4")}


def test_a_layer_changes_the_shares_that_extend_one(folder):
    before = indexed(folder, Index())
    (folder / "layers" / "company.yaml").write_text("owner: other\n", encoding="utf-8")
    assert changed(folder, before) == {share_with("fr_7")}


def test_a_layer_can_change_what_a_document_declares(folder):
    (folder / "3.yaml").write_text("extends: company\n", encoding="utf-8")
    before = indexed(folder, Index())
    assert before.documents["3.yaml"].ids == ("3",)
    (folder / "layers" / "company.yaml").write_text("id: fr_other\n", encoding="utf-8")
    assert indexed(folder, before).documents["3.yaml"].ids == ("fr_other",)


def test_a_suite_changes_the_share_of_its_connector(folder):
    before = indexed(folder, Index())
    (folder.parent / "quality" / "fr_5.json").write_text("{}", encoding="utf-8")
    assert changed(folder, before) == {share_with("fr_5")}


def test_a_share_with_an_old_id_depends_on_all(folder):
    (folder / "3.yaml").write_text(text_of(document_of("fr_3", was="fr_x")), encoding="utf-8")
    before = indexed(folder, Index())
    (folder / "4.yaml").write_text(text_of(document_of("fr_4", was="fr_x")), encoding="utf-8")
    assert changed(folder, before) == {share_with("fr_3"), share_with("fr_4")}


def test_documents_that_did_not_change_are_not_read_again(folder, monkeypatch):
    before = indexed(folder, Index())
    read = []
    monkeypatch.setattr(
        indexing, "read_file", lambda path, real=indexing.read_file: read.append(path.name) or real(path)
    )
    (folder / "3.yaml").write_text(text_of(document_of("fr_3", owner="else")), encoding="utf-8")
    after = indexed(folder, before)
    assert read == ["3.yaml"]
    assert after == indexed(folder, Index())


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"form": 0}', '{"form": 1, "documents": 3}', '{"form": 1, "a": 2}']
)
def test_a_text_that_is_no_index_is_an_empty_one(text):
    assert index_of_text(text) == Index()


def test_shares_are_of_one_size(tmp_path):
    rng = random.Random(7)
    names = [f"{rng.choice(['fr', 'de', 'it'])}_{rng.randrange(10**6)}" for _ in range(2000)]
    counts = [sum(map(Share(number, 8).has, names)) for number in range(1, 9)]
    assert max(counts) < 1.3 * min(counts)
