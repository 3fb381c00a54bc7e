"""What is wrong with the form of overrides, and what is kept of them until all documents are read."""

import gc
import weakref

from amazon_listings.connectors.assembly import Assembly
from amazon_listings.connectors.layers import Layers
from amazon_listings.connectors.overrides import override_problems
from amazon_listings.connectors.texts import read_file

GOOD = {"when": {"country": "FR"}, "title": "Lampes"}


def test_a_good_override_has_no_problems():
    assert override_problems([GOOD, GOOD]) == []


def test_what_is_no_object_is_named_by_its_place():
    assert [one.pointer for one in override_problems([GOOD, "when"])] == ["/overrides/1"]


def test_a_key_near_to_when_is_taken_for_it_and_none_where_when_stands():
    (misspelt,) = override_problems([{"whne": {"country": "FR"}}])
    assert (misspelt.pointer, misspelt.suggestion) == ("/overrides/0/whne", "when")
    (empty,) = override_problems([{"when": {}, "wen": 1}])
    assert (empty.pointer, empty.suggestion) == ("/overrides/0", "")


def test_overrides_keep_no_file_as_it_was_parsed(write, document):
    overrides = [{"when": {"country": "FR"}, "owner": "fr"}, {"when": {"country": "DE"}, "owner": "de"}]
    folder = write(document | {"overrides": overrides})
    assembly = Assembly(Layers(folder))
    file = read_file(folder / "fr_home.yaml")
    kept = weakref.ref(file)
    list(assembly.declarations(file, {}))
    del file
    gc.collect()
    assert kept() is None
    ((again, problem),) = assembly.unmatched()
    assert (again.path.name, problem.pointer) == ("fr_home.yaml", "/overrides/1/when/country")
