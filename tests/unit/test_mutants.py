"""What `make mutants` makes of cosmic-ray's changes."""

from tests.mutants.changes import Change, Spec, change_of, compiles
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


def replaced(before, after):
    return Change("module.py:core/ReplaceComparisonOperator_Eq_Is:0", "module.py", before, after, range(1, 2))


def test_is_for_equals_is_equivalent_but_for_a_column():
    assert reason_of(replaced("if kind == other:", "if kind is other:"))
    assert not reason_of(replaced("query.where(items.c.sku == sku)", "query.where(items.c.sku is sku)"))
