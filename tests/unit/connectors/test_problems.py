"""Problems of a document: each is listed once."""

from amazon_listings.connectors.problems import Problem, distinct
from amazon_listings.messages import Message


def test_problems_that_say_the_same_are_one_whatever_the_order_of_their_facts():
    first = Problem("/mapping", Message("x", {"name": "a", "options": ["b"]}))
    again = Problem("/mapping", Message("x", {"options": ["b"], "name": "a"}))
    other = Problem("/mapping", Message("x", {"name": "a", "options": ["c"]}))
    assert distinct([first, again, other, first], 10) == [first, other]
    assert distinct([first, again, other], 1) == [first]
