"""What is wrong with a SKU by itself is shown so that it can be seen."""

import pytest

from amazon_listings.runs.extract.skus import sku_issues


def test_a_blank_that_looks_like_another_is_pictured(connector):
    (issue,) = sku_issues(connector(), "A\u00a0B", "en")
    assert (issue.code, issue.severity) == ("bad_sku", "ERROR")
    assert "“A⍽B” holds a blank" in issue.message


def test_a_rule_that_is_off_lets_a_date_be_a_sku(connector):
    assert sku_issues(connector(), "2026-11-01 00:00:00", "en")
    meant = connector(rules_off={"date_skus": "Our SKUs are moments."})
    assert sku_issues(meant, "2026-11-01 00:00:00", "en") == []


@pytest.mark.parametrize(
    "sku",
    ["2024-01-05", "05.01.2024", "1/5/24", "31-12-2024", "5-Jan", "05. Mrz", "Mar-24", "05-janv", "1-dic"],
)
def test_a_day_as_a_sku_is_a_warning(connector, sku):
    (issue,) = sku_issues(connector(), sku, "en")
    assert (issue.code, issue.severity, issue.found) == ("date_sku", "WARNING", sku)
    assert sku_issues(connector(rules_off={"date_skus": "Our SKUs are days."}), sku, "en") == []


@pytest.mark.parametrize(
    "sku",
    ["2024-13-05", "32.01.2024", "2024-100", "12-MAR", "MAR24", "10-20-30", "99/99/99", "1-5", "5-Janet"],
)
def test_a_code_that_no_calendar_has_is_no_day(connector, sku):
    assert sku_issues(connector(), sku, "en") == []
