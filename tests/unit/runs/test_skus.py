"""What is wrong with a SKU by itself is shown so that it can be seen."""

from amazon_listings.runs.skus import sku_issues


def test_a_blank_that_looks_like_another_is_pictured(connector):
    (issue,) = sku_issues(connector(), "A\u00a0B", "en")
    assert (issue.code, issue.severity) == ("bad_sku", "ERROR")
    assert "“A⍽B” holds a blank" in issue.message


def test_a_rule_that_is_off_lets_a_date_be_a_sku(connector):
    assert sku_issues(connector(), "2026-11-01 00:00:00", "en")
    meant = connector(rules_off={"date_skus": "Our SKUs are moments."})
    assert sku_issues(meant, "2026-11-01 00:00:00", "en") == []
