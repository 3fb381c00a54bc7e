import copy
from types import SimpleNamespace

import pytest

from amazon_listings.mapping.mapping import compile_mapping
from amazon_listings.marketplaces import marketplace
from amazon_product_types.definition import Definition
from amazon_product_types.fields import fields
from amazon_product_types.labels import FieldIndex
from support.small_definition import DEFINITION, make_item, record


@pytest.fixture
def small():
    """The definition (a copy to change), and helpers bound to it."""
    definition = copy.deepcopy(DEFINITION)

    def compiled(mapping, *, country="FR", languages=None, **options):
        return compile_mapping(
            mapping,
            index=FieldIndex(fields(Definition(definition))),
            definition=definition,
            marketplace=marketplace(country),
            languages=languages or {"fr": "fr_FR"},
            lines={key: number for number, key in enumerate(mapping, 10)},
            **options,
        )

    def mapped(mapping, item=None, **options):
        return compiled(mapping, **options).apply(item or make_item())

    return SimpleNamespace(definition=definition, compile=compiled, map=mapped, item=make_item, record=record)
