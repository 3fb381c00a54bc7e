"""Commands: Amazon's product types."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from amazon_listings.cli.inputs.definitions import definition_store, marketplace_of, selling_partner
from amazon_listings.cli.output.refusals import messages, plain_errors, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amazon_listings.definitions.stored import DefinitionPair

product_types_app = typer.Typer(
    name="product-types", help="Amazon's product types: search, show, what changed.", no_args_is_help=True
)

Country = Annotated[str, typer.Option(help="Marketplace, such as FR.")]
Connection = Annotated[str, typer.Option(help="Airflow connection of the Amazon account.")]
RequirementSet = Literal["LISTING", "LISTING_PRODUCT_ONLY", "LISTING_OFFER_ONLY"]
Requirements = Annotated[RequirementSet, typer.Option(help="What is sold: all, facts alone, an offer alone.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands to `app`."""
    app.add_typer(product_types_app)


@product_types_app.command()
def search(
    words: Annotated[str, typer.Argument(help="Keywords, or with --item-name a product's title.")],
    *,
    country: Country,
    locale: Annotated[str | None, typer.Option(help="Language of the names shown.")] = None,
    search_locale: Annotated[str | None, typer.Option(help="Language of the words; --locale's.")] = None,
    item_name: Annotated[bool, typer.Option(help="The words are a product's title.")] = False,
    connection: Connection = "amazon_selling_partner",
) -> None:
    """Find product types by keyword, or for a product's title."""
    from amazon_listings.definitions.stored import known_locale
    from amazon_listings.selling_partner import definitions

    with plain_errors():
        place = marketplace_of(country)
        for spoken in filter(None, (locale, search_locale)):
            known_locale(spoken)
        found = definitions.search(
            selling_partner(connection, country),
            [place.id],
            keywords=None if item_name else words.split(),
            item_name=words if item_name else None,
            locale=locale,
            search_locale=search_locale or locale,
        )
    for product_type in found:
        print(f"{product_type.name:40}  {product_type.display_name}")
    if not found:
        say("product_types.none_found", words=words, marketplace=place.shop)


@product_types_app.command()
def show(
    product_type: Annotated[str, typer.Argument(help="Amazon's name, such as HOME.")],
    *,
    country: Country,
    locale: Annotated[str | None, typer.Option(help="Language of labels; the marketplace's own.")] = None,
    requirements: Requirements = "LISTING",
    requirements_enforced: Annotated[
        Literal["ENFORCED", "NOT_ENFORCED"], typer.Option(help="Whether required fields are.")
    ] = "ENFORCED",
    parentage_level: Annotated[
        Literal["NONE", "CHILD", "PARENT"] | None, typer.Option(help="A smaller definition, of this alone.")
    ] = None,
    version: Annotated[str, typer.Option(help="LATEST, RELEASE_CANDIDATE or a version's id.")] = "LATEST",
    connection: Connection = "amazon_selling_partner",
) -> None:
    """Fetch a product type and show its version, groups and required fields."""
    from amazon_listings.definitions.refresh import refresh_pair
    from amazon_listings.definitions.stored import DefinitionKey

    with plain_errors():
        place = marketplace_of(country)
        key = DefinitionKey(
            product_type=product_type,
            marketplace_id=place.id,
            requirements=requirements,
            requirements_enforced=requirements_enforced,
            locale=locale or place.locale,
            parentage_level=parentage_level,
            version=version,
        )
        client = selling_partner(connection, country)
        key = replace(key, seller_id=client.account.seller_id)
        pair = refresh_pair(client, definition_store(), key, place)
        for line in _summary(pair):
            print(line)


def _summary(pair: DefinitionPair) -> Iterator[str]:
    from amazon_product_types.command.fields import table_of
    from amazon_product_types.requirement import LEVELS

    words = messages()
    stored, found = pair.validation, pair.fields(language=words.language)
    yield f"{pair.labels.display_name} ({stored.key.product_type}), {pair.marketplace.shop}"
    yield words.phrase("product_types.version", version=stored.version, checksum=stored.checksum)
    yield words.phrase("product_types.fetched", fetched=stored.fetched_at, checked=stored.checked_at)
    spoken = {"locale": stored.locale, "labels": pair.labels.locale}
    yield words.phrase("product_types.locales", **spoken, requirements=stored.key.requirements)
    yield from (words.phrase("product_types.warning", warning=warning) for warning in pair.warnings)
    counts = {level: sum(field.requirement == level for field in found) for level in LEVELS}
    named = [f"{words.value(count)} {words.phrase(f'condition.{level}')}" for level, count in counts.items()]
    yield words.phrase("product_types.fields", count=len(found), levels=named)
    groups = dict.fromkeys(field.group for field in found if field.group)
    counted = [f"{name} ({sum(f.group == name for f in found)})" for name in groups]
    yield words.phrase("product_types.groups", groups=counted)
    yield ""
    yield words.phrase("product_types.needed")
    yield from table_of((field for field in found if field.needed_alone), words.language)
