"""Whatever a suite file has, its connector alone is broken, with a sentence, and at once."""

import shutil
import time

import pytest
import yaml

from amazon_listings.connectors.loader import load_connectors

DEEP = b'{"expectations": ' + b"[" * 5000 + b"]" * 5000 + b"}"
FILES = {
    "latin-1": b'{"expectations": [{"type": "caf\xe9"}]}',
    "bytes": bytes(range(256)) * 40,
    "utf-16": '{"expectations": []}'.encode("utf-16"),
    "deep": DEEP,
    "digits": b'{"expectations": [{"type": "t", "kwargs": {"n": ' + b"9" * 5000 + b"}}]}",
    "half a character": b'{"expectations": [{"type": "\\ud83d"}]}',
    "twice": b'{"expectations": [], "expectations": []}',
    "no list": b'{"expectations": {"type": "t"}}',
    "no object": b'{"expectations": ["t"]}',
    "no kwargs": b'{"expectations": [{"type": "t", "kwargs": []}]}',
    "level is a list": b'{"expectations": [{"type": [], "meta": {"level": []}}]}',
    "not finite": b'{"expectations": [{"type": "t", "kwargs": {"n": NaN}}]}',
    "cut": b'{"expectations": [{"type": "t"',
    "nothing": b"",
    "huge": b'{"expectations": "' + b"x" * 5_000_000 + b'"}',
}


@pytest.fixture
def connectors(tmp_path, document):
    folder = tmp_path / "include" / "connectors"
    folder.mkdir(parents=True)
    for name in ("first", "second"):
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(document | {"id": name}), encoding="utf-8")
    (folder.parent / "quality").mkdir()
    return folder


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_suite_breaks_its_connector_alone(connectors, name):
    (connectors.parent / "quality" / "first.json").write_bytes(FILES[name])
    began = time.process_time()
    loaded = load_connectors(connectors, {})
    assert time.process_time() - began < 2
    assert [one.id for one in loaded.connectors] == ["second"]
    (broken,) = loaded.broken
    assert broken.id == "first"
    assert "first.json" in broken.text
    assert len(broken.text) < 2000
    assert "Error" not in broken.text


def test_a_level_that_is_no_text_is_none(connectors):
    suite = b'{"expectations": [{"type": "expect_column_to_exist", "meta": {"level": [1]}}]}'
    (connectors.parent / "quality" / "first.json").write_bytes(suite)
    assert {one.id for one in load_connectors(connectors, {}).connectors} == {"first", "second"}


def test_a_suite_that_is_a_folder_is_said(connectors):
    (connectors.parent / "quality" / "first.json").mkdir()
    (broken,) = load_connectors(connectors, {}).broken
    assert "first.json" in broken.text
    shutil.rmtree(connectors.parent / "quality")
    assert not load_connectors(connectors, {}).broken
