"""No module imports another that comes back to it."""

from graphlib import CycleError, TopologicalSorter

import grimp
import pytest


def with_packages(graph):
    """Return the modules that each module imports, with the packages around them, which run first.

    An import inside a function counts, and so does one that only a type checker reads.
    """
    imported = {}
    for module in sorted(graph.modules):
        found = graph.find_modules_directly_imported_by(module)
        around = {one.rsplit(".", count)[0] for one in found for count in range(1, one.count(".") + 1)}
        imported[module] = found | {one for one in around if not f"{module}.".startswith(f"{one}.")}
    return imported


def first_circle(imported):
    """Return the modules of a circle of imports, the first named again at its end; nothing without one."""
    try:
        TopologicalSorter(imported).prepare()
    except CycleError as error:
        return error.args[1]
    return []


@pytest.mark.parametrize("package", ["amazon_listings", "amazon_product_types", "spapi_sandbox"])
def test_no_modules_import_each_other_in_a_circle(package):
    graph = grimp.build_graph(package, exclude_type_checking_imports=False, cache_dir=None)
    assert first_circle(with_packages(graph)) == []


def test_a_circle_is_found_however_long_it_is():
    graph = grimp.ImportGraph()
    for importer, imported in (("a", "b"), ("b", "c"), ("c", "b")):
        graph.add_import(importer=importer, imported=imported)
    assert sorted(set(first_circle(with_packages(graph)))) == ["b", "c"]


def test_a_package_is_imported_before_its_modules():
    graph = grimp.ImportGraph()
    for importer, imported in (("a.rows", "a.formulas.limits"), ("a.formulas", "a.rows")):
        graph.add_import(importer=importer, imported=imported)
    assert sorted(set(first_circle(with_packages(graph)))) == ["a.formulas", "a.rows"]
