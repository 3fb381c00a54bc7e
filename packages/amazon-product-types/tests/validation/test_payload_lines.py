import io
import json
import subprocess
import sys
from typing import NamedTuple

import pytest

from amazon_product_types.command import run as run_command

MAIN = "from amazon_product_types.command import main; main()"


class Result(NamedTuple):
    exit_code: int
    stdout: str
    stderr: str


@pytest.fixture
def run(tmp_path, lamp, monkeypatch, capsys):
    (tmp_path / "lamp.json").write_text(json.dumps(lamp), encoding="utf-8")

    def call(lines, *options, stdin=False):
        text = "".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines)
        (tmp_path / "items.jsonl").write_text(text, encoding="utf-8")
        source = "-" if stdin else str(tmp_path / "items.jsonl")
        if stdin:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        return command(str(tmp_path / "lamp.json"), source, *options)

    def command(*arguments):
        code = run_command(["validate", *arguments])
        return Result(code, *capsys.readouterr())

    call.command = command
    return call


def test_json_is_one_line_for_each_item(run, payload):
    bad = {**payload, "item_weight": [{"value": 1}], "color": [{"value": "Golden"}]}
    result = run([{"sku": "A", "attributes": payload}, {"sku": "B", "attributes": bad}], "--json")
    assert result.exit_code == 1
    first, second = map(json.loads, result.stdout.splitlines())
    assert first == {"sku": "A", "valid": True, "issues": []}
    assert (second["sku"], second["valid"]) == ("B", False)
    error, warning = second["issues"]
    assert {
        "code",
        "severity",
        "keyword",
        "path",
        "label",
        "message",
        "why",
        "allowed",
        "found",
    } <= error.keys()
    assert (error["path"], error["keyword"], error["label"]) == (
        "item_weight/0",
        "required",
        "Item Weight Unit",
    )
    assert (warning["severity"], warning["path"]) == ("WARNING", "color/0/value")


def test_a_warning_alone_is_valid(run, payload):
    item = {"sku": "A", "attributes": {**payload, "color": [{"value": "Golden"}]}}
    result = run([item], "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["valid"] is True


@pytest.mark.parametrize("stdin", [True, False])
def test_a_bad_line_is_named_and_the_rest_goes_on(run, payload, stdin):
    good = {"sku": "A", "attributes": payload}
    lines = [
        good,
        "{oops\n",
        "\n",
        '{"sku": "N", "attributes": {"size": NaN}}\n',
        "[1]\n",
        '{"sku": 1}\n',
        good,
    ]
    result = run(lines, "--json", stdin=stdin)
    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == 2
    assert [line.split(" is ")[0] for line in result.stderr.splitlines()] == [
        "Line 2",
        "Line 4",
        "Line 5",
        "Line 6",
    ]


def test_bytes_that_are_no_text_are_a_bad_line(run, tmp_path, payload):
    run([{"sku": "A", "attributes": payload}])
    path = tmp_path / "items.jsonl"
    path.write_bytes(b'\xff\xfe{"sku"\n' + path.read_bytes())
    result = run.command(str(tmp_path / "lamp.json"), str(path), "--json")
    assert json.loads(result.stdout)["valid"] is True
    assert "Line 1 is not an item: it is not UTF-8 text (invalid start byte, at byte 1)" in result.stderr


def test_the_table_is_for_people(run, payload):
    bad = {**payload, "level": [{"value": "child"}]}
    result = run(
        [{"sku": "A\x1b[31m", "attributes": bad}, {"sku": "B", "attributes": payload}], "--language", "es"
    )
    assert "✘ A·[31m" in result.stdout
    assert "Falta «Parent». Obligatorio porque «Level» es child. Rellene «Parent»." in result.stdout
    assert "✔ B" in result.stdout
    assert "Artículos: 1 válidos, 1 no válidos. Líneas que no son un artículo: 0." in result.stdout


def test_labels_from_the_locale_definition(run, tmp_path, lamp, payload):
    lamp["properties"]["parent"]["title"] = "SKU parent"
    (tmp_path / "fr.json").write_text(json.dumps(lamp), encoding="utf-8")
    item = {"sku": "A", "attributes": {**payload, "level": [{"value": "child"}]}}
    result = run([item], "--labels", str(tmp_path / "fr.json"), "--language", "fr", "--json")
    assert json.loads(result.stdout)["issues"][0]["message"] == "« SKU parent » manque."


@pytest.mark.process
def test_broken_text_in_a_sku_or_value_does_not_stop_the_output(tmp_path, lamp, payload):
    (tmp_path / "lamp.json").write_text(json.dumps(lamp), encoding="utf-8")
    item = {"sku": "\ud800", "attributes": {**payload, "size": [{"value": "\udc00"}]}}
    for options in ((), ("--json",)):
        command = [sys.executable, "-c", MAIN, "validate", str(tmp_path / "lamp.json"), "-", *options]
        result = subprocess.run(command, capture_output=True, text=True, input=json.dumps(item), check=False)
        assert result.returncode == 1
        assert result.stderr == ""


@pytest.mark.process
@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("<html></html>", "is an HTML document"),
        ('{"link": {}, "checksum": "x"}', "only links to the definition"),
        ('{"properties": {"a": {"type": "arr', "is cut off"),
        ('{"properties": {"a": {"maxLength": "x"}}}', "breaks the rules of JSON Schema"),
        (None, "cannot be read: No such file or directory."),
    ],
)
def test_what_is_no_definition_is_one_sentence(tmp_path, content, said):
    path = tmp_path / "definition.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    command = [sys.executable, "-c", MAIN, "validate", str(path), "-"]
    result = subprocess.run(command, capture_output=True, text=True, input="", check=False)
    assert (result.returncode, result.stdout) == (1, "")
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.process
def test_the_command_starts_without_what_it_does_not_need():
    code = (
        MAIN.replace("main()", "import sys; sys.argv[1:] = ['--help']")
        + """
try:
    main()
except SystemExit:
    pass
heavy = {"amazon_listings", "airflow", "pandas", "rapidfuzz", "typer", "requests", "jsonschema"}
sys.exit(f"imported {heavy & sys.modules.keys()}" if heavy & sys.modules.keys() else 0)
"""
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
