"""No module imports another that comes back to it."""

from graphlib import CycleError, TopologicalSorter

import grimp
import pytest


def first_circle(graph):
    """Return the modules of a circle of imports, the first named again at its end; nothing without one.

    An import inside a function counts; one that only a type checker reads does not.
    """
    sorter = TopologicalSorter(
        {module: graph.find_modules_directly_imported_by(module) for module in sorted(graph.modules)}
    )
    try:
        sorter.prepare()
    except CycleError as error:
        return error.args[1]
    return []


@pytest.mark.parametrize("package", ["amazon_listings", "amazon_product_types", "spapi_sandbox"])
def test_no_modules_import_each_other_in_a_circle(package):
    graph = grimp.build_graph(package, exclude_type_checking_imports=True, cache_dir=None)
    assert first_circle(graph) == []


def test_a_circle_is_found_however_long_it_is():
    graph = grimp.ImportGraph()
    for importer, imported in (("a", "b"), ("b", "c"), ("c", "b")):
        graph.add_import(importer=importer, imported=imported)
    assert sorted(set(first_circle(graph))) == ["b", "c"]
