import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from amazon_listings.connectors.yaml_document import read_yaml
from amazon_listings.messages import catalogue
from amazon_product_types import json_pointer

TEXT = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs"), exclude_characters="\ufeff")
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18) + 1, 10**18 - 1)
    | st.decimals(-999, 999, places=3).map(float)
    | TEXT,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(TEXT, below, max_size=3),
    max_leaves=10,
)


@given(JSON)
def test_json_is_read_as_itself(value):
    read = read_yaml(json.dumps(value, ensure_ascii=False))
    assert not read.problems
    assert read.value == value
    assert repr(read.value) == repr(value)  # 1 is not 1.0 is not true


@given(st.dictionaries(TEXT.filter(bool), TEXT | st.dictionaries(TEXT, TEXT, max_size=2), max_size=5))
def test_lines_are_those_of_the_keys(value):
    text = yaml.dump(value, allow_unicode=True, default_flow_style=False, default_style='"', width=10_000)
    read = read_yaml(text)
    assert read.value == value
    lines = text.splitlines()
    for key in value:
        line = lines[read.lines()[json_pointer.below("", key)] - 1]
        assert next(iter(yaml.safe_load(line if line.rstrip().endswith(":") else f"{line}\n"))) == key


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("True", "True"),
        ("true", True),
        ("0123", "0123"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("2026-01-31", "2026-01-31"),
        ("1e5", "1e5"),
        (".inf", ".inf"),
        (".5", ".5"),
        ("Infinity", "Infinity"),
        ("NaN", "NaN"),
        ("+5", "+5"),
        ("-5", -5),
        ("1.50", 1.5),
        ("4006381333931", 4006381333931),
        ("null", None),
        ("~", None),
        ("", None),
        ("Null", "Null"),
    ],
)
def test_scalars_follow_json(written, value):
    read = read_yaml(f"a: {written}\n")
    assert read.value == {"a": value}
    assert type(read.value["a"]) is type(value)


def test_keys_are_text():
    assert read_yaml("no: 1\n2: 2\ntrue: 3\nnull: 4").value == {"no": 1, "2": 2, "true": 3, "null": 4}


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: 1\na: 2", 2, "'a' is here a second time; it is on line 1 already"),
        ("x: {b: 1,\n  b: 2}", 2, "second time"),
        ("a: 1\n'a': 2", 2, "second time"),
        ("a: {{ item.x }}", 1, "without quotes"),
        ("? [a]\n: 1", 1, "a key must be text"),
        ("a: !!python/object/apply:os.system [ls]", 1, ""),
        ("a: !!int x", 1, "not a number"),
        ("a: !!timestamp 2026-01-01", 1, "not used here"),
        ("a: !thing 5", 1, "not used here"),
        ("a: &a [*a]", 1, "contains itself"),
        ("<<: 5", 1, "takes an alias"),
        ("a: 1\n---\nb: 2", 2, "another document"),
        ("a:\n\tb: 1", 2, "cannot start any token"),
        ("a: 1\n b: 2", 2, "not YAML"),
        ("a: *nobody", 1, "undefined alias"),
    ],
)
def test_problems(text, line, said):
    read = read_yaml(text)
    if not said:
        assert "os" not in repr(read.value)  # a list of text at most: nothing is made or called
        return
    assert said in catalogue().word(read.problems[0].message)
    assert read.problems[0].spot.line + 1 == line


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        (r'a: "\ud83d\ude00"', r"write the character itself, or \U0001F600."),
        (r'a: "é😀 \uD83D\uDE00"', r"or \U0001F600."),
        (r'{"a": "\ud83d\ude00"}', r"or \U0001F600."),
        (r'a: "\ud83d \ud83d\ude00"', "Remove it, or write the whole character."),
        (r'a: "\ude00"', "Remove it, or write the whole character."),
    ],
)
def test_an_escape_of_json_in_two_halves_says_what_to_write(line, hint):
    (problem,) = read_yaml(f"{line}\n").problems
    assert hint in catalogue().word(problem.hint)
    whole = line.replace(r"\ud83d\ude00", r"\U0001F600").replace(r"\uD83D\uDE00", r"\U0001F600")
    assert bool(read_yaml(whole).problems) == ("whole" in hint), "what is told to be written is read"


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("schedule: @daily", '"@daily"'),
        ("schedule: */5 * * * *", '"*/5 * * * *"'),
        ("title: %5", '"%5"'),
        ("name: '{{ item.x }}' {{ item.y }}", "An expression needs quotes around the whole value"),
        ("\tname: x", "indented with spaces"),
        ("---\na: 1\n---\nb: 1", "One file holds one connector"),
        ("name: [a", "left open"),
    ],
)
def test_hints(line, hint):
    assert hint in catalogue().word(read_yaml(f"{line}\n").problems[0].hint)


def test_aliases():
    read = read_yaml("base: &b {x: 1, y: 2}\nout: {<<: *b, y: 3}\nsame: *b\nall: {<<: [{z: 1}, {z: 2}]}")
    assert not read.problems
    assert read.value["out"] == {"x": 1, "y": 3}
    assert read.value["same"] == {"x": 1, "y": 2}
    assert read.value["all"] == {"z": 1}


def test_aliases_that_multiply_are_stopped():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    assert "more than a connector can hold" in catalogue().word(
        read_yaml("\n".join(lines)).problems[0].message
    )


@pytest.mark.parametrize("levels", [51, 3000, 100_000])  # libyaml crashes at the last
@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_deep_nesting_is_a_problem_not_a_crash(opening, levels):
    closing = {"[": "]", "{": "}"}.get(opening[0], "")
    (problem,) = read_yaml(opening * levels + "x" + closing * levels).problems
    said = catalogue().word(problem.message)
    assert "more than" in said or "a key must be text" in said


def test_fifty_levels_are_read():
    assert not read_yaml("[" * 50 + "]" * 50).problems


def test_a_document_of_512_kib_is_read_and_no_larger_one():
    largest = f"a: {'x' * (512 * 1024 - 3)}"
    assert not read_yaml(largest).problems
    (problem,) = read_yaml(largest + "x").problems
    assert "512 KiB" in catalogue("en").word(problem.message)
