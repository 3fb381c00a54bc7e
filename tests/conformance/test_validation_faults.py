"""Known faults of the two engines, each shown; where ours mends one, that is shown too."""

from __future__ import annotations

import random
from decimal import Decimal

import jsonschema
import jsonschema_rs
import pytest
from validation_reference import FORMATS

from amazon_product_types.dialect.schemas import compile_schema

STARTS = {
    "date": ("2026-12-01", "0000-02-29", "1900-02-29", "9999-12-31"),
    "date-time": (
        "2026-12-01T08:30:00Z",
        "2016-12-31T23:59:60Z",
        "1998-12-31T15:59:60.12-08:00",
        "2026-12-01t00:00:00+02:00",
    ),
    "uri": (
        "https://example.com/a?b=c#d",
        "http://a@b:80/",
        "urn:isbn:1",
        "https://[::1]:8080/",
        "s3://bucket/%20",
    ),
}
LETTERS = '0123456789-:TtZz.+ /?#[]@%aàü\\^`{|}<>"\n'


def test_jsonschema_rs_takes_punctuation_for_digits_in_dates():
    engine = jsonschema_rs.Draft201909Validator({"format": "date"}, validate_formats=True)
    assert engine.is_valid("2026-12-0/")
    assert not compile_schema({"format": "date"}).is_valid("2026-12-0/")


def test_jsonschema_rs_reads_broken_text_only_where_a_rule_asks():
    engine = jsonschema_rs.Draft201909Validator({"properties": {"a": {"type": "string"}}})
    assert engine.is_valid({"a": "\ud800"})
    with pytest.raises(UnicodeEncodeError):
        jsonschema_rs.Draft201909Validator({"enum": ["a"]}).is_valid("\ud800")


def test_python_jsonschema_divides_binary_floats():
    assert not jsonschema.Draft201909Validator({"multipleOf": 0.01}).is_valid(19.99)
    assert compile_schema({"multipleOf": 0.01}).is_valid(19.99)


def test_python_jsonschema_lets_formats_pass_that_it_cannot_check():
    checker = jsonschema.FormatChecker(formats=["uri"] if "uri" in jsonschema.FormatChecker.checkers else [])
    assert checker.conforms("a b", "uri") or "uri" in checker.checkers
    assert not compile_schema({"format": "uri"}).is_valid("a b")


@pytest.mark.parametrize("name", STARTS)
def test_formats_agree_with_the_reference(name):
    rng = random.Random(name)
    check = compile_schema({"format": name})
    wrong = []
    for _ in range(15_000):
        letters = list(rng.choice(STARTS[name]))
        for _ in range(rng.randint(0, 3)):
            place = rng.randrange(len(letters) + 1)
            letters[place : place + rng.randint(0, 1)] = rng.choice(LETTERS)
        text = "".join(letters)
        if check.is_valid(text) is not FORMATS.conforms(text, name):
            wrong.append(text)
    assert not wrong


@pytest.mark.parametrize("step", [0.01, 1e-12, 1e-05, 1.0, 0.1, 0.25, 3])
def test_multiples_are_decimal(step):
    rng = random.Random(step)
    check = compile_schema({"multipleOf": step})
    for _ in range(3000):
        number = rng.choice(
            [round(rng.uniform(0, 1000), rng.randint(0, 4)), rng.randint(-(10**6), 10**6), rng.uniform(0, 1)]
        )
        assert check.is_valid(number) is (Decimal(str(number)) % Decimal(str(step)) == 0), number
