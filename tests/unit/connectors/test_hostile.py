"""Documents that once took every connector down: now one is broken, in milliseconds, by one short text."""

import json
import time

import pytest
import yaml

from amazon_listings.connectors import load_connectors, loader
from amazon_listings.connectors.json_document import read_json

DEEP = "[" * 400 + "]" * 400
PARENTHESES = "{{ " + "(" * 300 + "item.ref" + ")" * 300 + " }}"


@pytest.fixture
def judged(write, document):
    """Loads a right connector beside a hostile one; the text about the latter."""

    def judged(text=None, variable=None):
        folder = write(document)
        if text is not None:
            (folder / "zz.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
        else:
            write(document | {"id": "zz"}, "zz.yaml")
        load_connectors(folder, {})
        began = time.thread_time()
        loaded = load_connectors(folder, {} if variable is None else {"amazon_connector_zz": variable})
        judged.seconds = time.thread_time() - began
        assert [connector.id for connector in loaded.connectors] == ["fr_home"]
        (broken,) = loaded.broken
        # Milliseconds on a machine that does nothing else.
        assert judged.seconds < 5
        assert len(broken.text.splitlines()) <= 65
        assert len(broken.text) < 8000
        broken.text.encode()
        return broken.text

    return judged


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ('{"sync": {"schedule": "\\ud800"}}', "half a character"),
        ('{"sync": {"preview_rate": ' + "1" * 5000 + "}}", "more than 18 digits"),
        ('{"sync": {"preview_rate": -' + "1" * 5000 + ".5}}", "more than 18 digits"),
        ('{"sync": {"preview_rate": 1e999}}', "too large"),
        ('{"mapping": {"a": ' + DEEP + "}}", "more than 50 levels deep"),
        ('{"mapping": ' + '{"a":' * 400 + "1" + "}" * 401, "more than 50 levels deep"),
        ("[" * 200_000, "levels deep"),
        ('{"title": "a\\u0000b"}', "the control character U+0000"),
        ('{"' + "w" * 100_000 + '": 1}', "a key of 100,000 characters"),
        (json.dumps({"sync": {"schedule": "w" * 100_000}}), "is not allowed"),
        (json.dumps({"sales_layer": {"sku": PARENTHESES}}), "nested too deeply"),
        (json.dumps({"sales_layer": {"sku": "{{ item.a ~ " + "item.b ~ " * 9000 + "1 }}"}}), "characters"),
        (json.dumps({"a" * 9: "x" * 600_000}), "larger than a document may be"),
        (json.dumps({f"k{n}": n for n in range(5000)}), "unknown key"),
        ('{"a": 1, ' * 3 + '"a": 2' + "}" * 3, "not JSON"),
    ],
)
def test_a_variable(judged, variable, said):
    assert said.lower() in judged(variable=variable).lower()


def test_the_line_of_a_fault_in_a_variable_is_shown(judged):
    text = judged(variable='{\n "sync": {\n  "schedule": "\\ud800",\n "schedule": "@daily"}}')
    assert '   3 |   "schedule"' in text
    assert "'schedule' stands twice" in text


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('title: "\\ud800"', "ud800"),
        ('title: "a\\0b"', "the control character U+0000"),
        ("title: a\x07b", "Remove this character"),
        ("extra: " + "1" * 5000, "more than 18 digits"),
        ("extra: " + DEEP, "more than 50 levels deep"),
        ("w" * 100_000 + ": 1", "YAML"),
        ("? " + "w" * 100_000 + "\n: 1", "a key of 100,000 characters"),
        ("extra: " + "w" * 100_000, "unknown key"),
        ("#" + "x" * 600_000, "larger than a document may be"),
        ("\n".join(f"k{n}: 1" for n in range(5000)), "unknown key"),
        ("\n".join("k: 1" for _ in range(5000)), "a second time"),
        ("a: &a [" + "1," * 99 + "]\n" + "b: [" + "*a," * 2000 + "]", "more than a connector can hold"),
    ],
)
def test_a_file(judged, document, more, said):
    assert said.lower() in judged(yaml.safe_dump(document | {"id": "zz"}) + more).lower()


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"\x00", b"", b"- " * 20_000, b"{" * 20_000, b"\t"])
def test_bytes(judged, content):
    judged(content)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("title", ["Lamps", "Lampes décoratives"])
def test_an_encoding_of_two_or_four_bytes_is_named(judged, document, encoding, title):
    text = yaml.safe_dump({"title": title} | document | {"id": "zz"}, allow_unicode=True, sort_keys=False)
    assert f"text in {encoding[:6].upper()}; save it as UTF-8" in judged(text.encode(encoding))


def test_parentheses_in_a_file(judged, document):
    source = {"languages": ["fr"], "sku": PARENTHESES}
    text = yaml.safe_dump(document | {"id": "zz", "sales_layer": source}, width=9999)
    assert "nested too deeply" in judged(text)


@pytest.mark.parametrize("error", [RuntimeError("boom"), RecursionError(), MemoryError(), KeyError("x")])
def test_whatever_happens_while_one_is_read_only_that_one_is_broken(judged, monkeypatch, error):
    real = loader.rule_problems

    def rules(document):
        if document.get("id") == "zz":
            raise error
        return real(document)

    monkeypatch.setattr(loader, "rule_problems", rules)
    assert "zz" in judged()


def test_json_is_read_as_json():
    read = read_json('{"a": [1, -2.5, 1e3, true, null, "\\ud83d\\ude00"], "b": {"a": {}}}')
    assert read.value == {"a": [1, -2.5, 1000.0, True, None, "\U0001f600"], "b": {"a": {}}}
    assert not read.problems
