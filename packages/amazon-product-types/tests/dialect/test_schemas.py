import pytest

from amazon_product_types.dialect.schemas import compile_schema, compile_verdict

TEXTS = (
    "2026-12-01", "2026-12-0/", "2026-13-01", "2026-12-01\n", "\n2026-12-01", "", "x",
    "2026-12-01T08:30:00Z", "2026-12-01t08:30:00.250+02:00", "2026-12-01T08:30:00", "2026-12-01T08:30:0/Z",
    "08:30:00Z", "08:30:00", "08:30:0/Z", "\u0662026-12-01", 5, None, [],
)  # fmt: skip


@pytest.mark.parametrize("name", ["date", "date-time", "time", "uri"])
@pytest.mark.parametrize(
    "around",
    [
        lambda schema: schema,
        lambda schema: {"allOf": [{"type": "string"}], "pattern": "^2", **schema},
        lambda schema: {"anyOf": [schema, {"maxLength": 1}]},
        lambda schema: {"not": schema},
        lambda schema: {"$defs": {"one": schema}, "if": {"$ref": "#/$defs/one"}, "then": False},
    ],
)
def test_a_verdict_is_the_same_without_checks_of_ours(name, around):
    schema = around({"format": name})
    exact, quick = compile_schema(schema), compile_verdict(schema)
    assert [quick.is_valid(text) for text in TEXTS] == [exact.is_valid(text) for text in TEXTS]


def test_dates_in_lists_and_objects():
    date = {"format": "date"}
    schema = {"properties": {"a": {"items": date}, "format": {"type": "string"}}}
    quick = compile_verdict(schema)
    assert quick.is_valid({"a": ["2026-12-01"], "format": "date"})
    assert not quick.is_valid({"a": ["2026-12-0/"]})
