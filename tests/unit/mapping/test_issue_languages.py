"""What a mapping finds, kept and worded for another reader."""

import json

import pytest

from amazon_listings.messages import catalogue, languages
from amazon_product_types.validation.issue import Issue

#: A line and what the PIM has for it, by what is wrong with it.
WRONG = {
    "another unit": ({"item_weight": {"value": "{{ item.w }}", "unit": "Grammes"}}, {"w": "1,5 kg"}),
    "no number": ({"item_weight": {"value": "{{ item.w }}", "unit": "Grammes"}}, {"w": "lourd"}),
    "two options": ({"country_of_origin": "{{ item.w }}"}, {"w": "Congo"}),
    "left out": ({"features.list": "{{ item.w }}"}, {"w": ["Doux", "hard", "Bleu"]}),
    "an expression": ({"brand": "{{ 1 / item.w }}"}, {"w": 0}),
    "no field": ({"brand": "{{ 1 / 0 }}"}, {"w": 0}),
}


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize(("mapping", "fields"), WRONG.values(), ids=WRONG)
def test_a_kept_issue_of_the_mapping_says_what_it_would_have_said(small, mapping, fields, language):
    item = small.item(fields=fields)
    found, wanted = (small.map(mapping, item, language=one).issues for one in ("fr", language))
    assert found
    for before, then in zip(found, wanted, strict=True):
        kept = Issue.from_dict(json.loads(json.dumps(before.to_dict())))
        again = kept.in_language(catalogue(language))
        assert (again.message, again.action) == (then.message, then.action)
