"""What `make mutants` makes of cosmic-ray's changes."""

import pytest

from tests.mutants.__main__ import uses
from tests.mutants.changes import Change, Group, Spec, change_of, compiles
from tests.mutants.equivalents import reason_of


def test_an_exception_of_a_module_in_a_tuple_cannot_be_replaced(tmp_path):
    module = tmp_path / "reading.py"
    module.write_text("try:\n    read()\nexcept (ValueError, json.JSONDecodeError):\n    pass\n")
    assert not compiles(change_of(Spec(str(module), "core/ExceptionReplacer", 1, 3)).after)


def test_an_exception_by_its_name_is_replaced(tmp_path):
    module = tmp_path / "reading.py"
    module.write_text("try:\n    read()\nexcept ValueError:\n    pass\n")
    change = change_of(Spec(str(module), "core/ExceptionReplacer", 0, 3))
    assert compiles(change.after)
    assert "CosmicRayTestingException" in change.difference


@pytest.mark.parametrize(
    "operand", ["None", "True", "0", '""', '","', "str", "Outcome.READY", "list and found", "None)"]
)
def test_is_for_equals_is_equivalent_for_what_there_is_only_once(operand):
    assert reason_of(replaced(f"if kind == {operand}:", f"if kind is {operand}:"))
    assert reason_of(replaced("if one.__class__ == kind:", "if one.__class__ is kind:"))


@pytest.mark.parametrize(
    "operand", ["other", '"PUT"', "WANTED", "300", "HTTPStatus.OK", "str(other)", "table.key", "None.x"]
)
def test_is_for_equals_is_not_equivalent_for_what_may_be_there_twice(operand):
    assert not reason_of(replaced(f"if kind == {operand}:", f"if kind is {operand}:"))
    assert not reason_of(
        replaced(f"if a is None and kind == {operand}:", f"if a is None and kind is {operand}:")
    )
    assert not reason_of(replaced(f"if kind == {operand} is None:", f"if kind is {operand} is None:"))


def replaced(before, after):
    return Change("module.py:core/ReplaceComparisonOperator_Eq_Is:0", "module.py", before, after, range(1, 2))


def test_a_change_is_tried_by_the_tests_of_those_who_import_its_module(tmp_path):
    (tmp_path / "page.py").write_text("def page():\n    from amazon_listings.ledger.items.kept import Kept\n")
    (tmp_path / "list.py").write_text("from amazon_listings.ledger.items import issues, states\n")
    group = Group((str(tmp_path),), ())
    found = [
        name
        for name in ("kept", "issues", "states", "keptness", "issue")
        if uses(group, f"plugins/amazon_listings/ledger/items/{name}.py")
    ]
    assert found == ["kept", "issues", "states"]
    assert uses(group, "plugins/amazon_listings/ledger")
