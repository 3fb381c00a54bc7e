import doctest
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from amazon_product_types.command import run
from amazon_product_types.messages import languages

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"```console\n\$ amazon-product-types ([^\n]*)\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize(("command", "output"), SHOWN, ids=[command for command, _ in SHOWN])
def test_the_readme_shows_what_the_commands_print(command, output, monkeypatch, capsys):
    monkeypatch.chdir(ROOT / "examples")
    run(shlex.split(command))
    assert capsys.readouterr().out == output


def test_the_readme_shows_what_python_answers(monkeypatch):
    monkeypatch.chdir(ROOT / "examples")
    assert "pycon" in README
    readme = os.fspath(ROOT / "README.md")
    failed, attempted = doctest.testfile(readme, module_relative=False, encoding="utf-8")
    assert (failed, attempted > 5) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["validate", "lamp.json", "payloads.jsonl"], 1),
        (["fields", "lamp.json"], 0),
        (["diff", "lamp.json", "lamp.json"], 0),
        (["diff", "lamp.json", "lamp-next.json"], 1),
        (["diff", "lamp-next.json", "gone.json"], 1),
    ],
)
def test_exit_codes(arguments, code, monkeypatch, capsys):
    monkeypatch.chdir(ROOT / "examples")
    assert run(arguments) == code


def test_severities_and_types_are_words_of_the_language(monkeypatch, capsys):
    monkeypatch.chdir(ROOT / "examples")
    run(["validate", "lamp.json", "payloads.jsonl", "--language", "it"])
    assert re.findall(r"^    (\w+)", capsys.readouterr().out, re.MULTILINE) == ["Errore"] * 4
    run(["fields", "lamp.json", "--language", "it"])
    assert "color_temperature.value: numero intero, almeno 1.000" in capsys.readouterr().out


@pytest.mark.parametrize(
    "command", [["validate", "lamp.json", "payloads.jsonl"], ["fields", "lamp.json", "--json"]]
)
def test_an_output_without_room_is_one_sentence_and_a_closed_one_none(command):
    tool = [sys.executable, "-c", "from amazon_product_types.command import main; main()"]
    place = {"cwd": ROOT / "examples", "stderr": subprocess.PIPE, "text": True}
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run([*tool, *command, "--language", "it"], stdout=full, check=False, **place)
    assert (ended.returncode, ended.stderr) == (
        1,
        "L'output non si può scrivere: No space left on device.\n",
    )
    read, written = os.pipe()
    os.close(read)
    ended = subprocess.run([*tool, *command], stdout=written, check=False, **place)
    os.close(written)
    assert (ended.returncode, ended.stderr) == (1, "")


@pytest.mark.parametrize("language", languages())
def test_labels_stand_below_each_other(language, monkeypatch, capsys):
    monkeypatch.chdir(ROOT / "examples")
    run(["fields", "lamp.json", "--language", language])
    lines = capsys.readouterr().out.splitlines()
    labels = {line.index("Item ") for line in lines if line[0] != " " and "Item " in line}
    paths = {len(line) - len(line.lstrip()) for line in lines if line[0] == " "}
    assert len(labels) == 1
    assert labels == paths


def test_a_language_that_there_is_not_is_misuse(capsys):
    with pytest.raises(SystemExit) as ended:
        run(["fields", "lamp.json", "--language", "xx"])
    assert ended.value.code == 2
    assert "'xx' is none of de, en, es, fr, it" in capsys.readouterr().err


def test_only_what_every_item_needs_as_json(monkeypatch, capsys):
    monkeypatch.chdir(ROOT / "examples")
    run(["fields", "lamp.json", "--required", "--json"])
    assert [field["path"] for field in json.loads(capsys.readouterr().out)] == [
        "item_name.value",
        "light_source_type.value",
    ]


def test_changes_as_json_say_whether_they_break(monkeypatch, capsys):
    monkeypatch.chdir(ROOT / "examples")
    run(["diff", "lamp.json", "lamp-next.json", "--json"])
    breaking = {change["kind"]: change["breaking"] for change in json.loads(capsys.readouterr().out)}
    assert breaking == {"required": True, "options_gone": True, "renamed": False}


def test_a_missing_file_is_one_sentence(capsys):
    assert run(["fields", "nowhere.json"]) == 1
    assert capsys.readouterr().err == "nowhere.json cannot be read: No such file or directory.\n"
