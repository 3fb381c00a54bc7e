from datetime import date

import pytest

from amazon_product_types.rules import MODULAR_HIGHLIGHTS, MODULAR_NAME, RULES, in_force


def test_a_rule_is_in_force_from_its_first_day():
    assert in_force(date(2026, 7, 26)) == ()
    assert in_force(date(2026, 7, 27)) == (MODULAR_NAME, MODULAR_HIGHLIGHTS)


def test_a_rule_is_turned_off_by_its_name():
    assert in_force(date(2026, 12, 1), without=frozenset({"modular_title_name"})) == (MODULAR_HIGHLIGHTS,)
    with pytest.raises(ValueError, match="no rule is called titles"):
        in_force(date(2026, 12, 1), without=frozenset({"titles"}))


def test_every_rule_has_a_name_of_its_own_and_a_source():
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(rule.source for rule in RULES)
