"""Related tables in a mapping: rows of another table of the PIM, or of a file."""

import pytest

from amazon_listings.mapping.faults import MappingErrors

TABLES = {
    "colours": {
        "fr": [{"code": "RD", "name": "Rouge"}, {"code": "BL", "name": "Bleu"}, {"code": "rd", "name": "?"}],
        "en": [{"code": "RD", "name": "Red"}],
    }
}
LOOKED_UP = "{{ item.code | from_table(tables.colours, 'code', 'name', 'none') }}"


def names(small, code, expression=LOOKED_UP, **options):
    mapped = small.map(
        {"item_name": expression}, small.item(fields={"code": code}), **{"tables": TABLES, **options}
    )
    return [element["value"] for element in mapped.attributes.get("item_name", [])], mapped.issues


def test_the_first_row_that_fits_in_the_language_being_written(small):
    languages = {"fr": "fr_FR", "en": "en_GB", "de": "de_DE"}
    assert names(small, "rd", languages=languages)[0] == ["Rouge", "Red", "none"]


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("{{ tables.colours | column('name') | join(', ') }}", "Rouge, Bleu, ?"),
        ("{{ tables['colours'] | cell(1, 'name') }}", "Bleu"),
        ("{{ tables.colours | cell(1, 'nom') or 'none' }}", "none"),
        ("{{ tables.colours | cell('XX', 'name') or 'none' }}", "none"),
        (
            "{{ tables.colours | selectattr('code', 'eq', item.code) | map(attribute='name') | first }}",
            "Bleu",
        ),
        ("{{ item.code | from_table(tables.colours, 'code', 'name', case_sensitive=true) }}", "Bleu"),
        ("{% for row in tables.colours %}{{ row.code }} {% endfor %}", "RD BL rd"),
    ],
)
def test_it_is_a_table_like_any_other(small, expression, found):
    assert names(small, "BL", expression)[0] == [found]


def test_a_table_that_the_connector_does_not_name_is_a_mistake_of_its_line(small):
    with pytest.raises(MappingErrors) as caught:
        small.compile({"brand": "x", "item_name": "{{ tables.colour | column('name') }}"}, tables=TABLES)
    assert "line 11: “item_name”: the connector's `tables` name no 'colour'" in str(caught.value)
    assert "colours" in str(caught.value)


def test_a_name_that_is_only_known_per_item_blocks_that_item(small):
    found, (issue,) = names(small, "colour", "{{ tables[item.code] | column('name') }}")
    assert (found, issue.severity) == ([], "ERROR")
    assert "name no “colour”" in issue.message


@pytest.mark.parametrize(
    "escape",
    [
        "{{ tables.__class__ }}",
        "{{ tables.colours.known }}",
        "{{ tables.colours._known }}",
        "{{ tables.keys() }}",
    ],
)
def test_it_gives_nothing_of_python(small, escape):
    try:
        found, issues = names(small, "x", escape)
    except MappingErrors:
        return
    assert found == []
    assert issues
