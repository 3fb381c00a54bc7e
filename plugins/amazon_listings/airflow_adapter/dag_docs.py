"""The documentation that a connector's DAG carries: what it sends, where, when, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from amazon_listings.sources.registry import source_named

if TYPE_CHECKING:
    from amazon_listings.connectors.model import Connector
    from amazon_listings.sources.settings import SourceSettings

# Markdown, not HTML: Airflow sanitises what it renders from it.
_environment = Environment(  # noqa: S701 - Markdown, which Airflow renders safely
    loader=PackageLoader("amazon_listings.airflow_adapter", "."), undefined=StrictUndefined, trim_blocks=True
)


def dag_docs(connector: Connector) -> str:
    """The connector's runbook in Markdown; the same text for the same document."""
    return _environment.get_template("dag_docs.md").render(
        connector=connector,
        amazon=connector.amazon,
        place=connector.marketplace,
        source=connector.source,
        sync=connector.sync,
        languages=", ".join(f"{pim} as {tag}" for pim, tag in connector.language_tags),
        products_from=_products_from(connector.source),
    )


def _products_from(settings: SourceSettings) -> str:
    """The source, and those of its own settings without which it is not found."""
    source = source_named(settings.source)
    shown = ["connection", *source.settings_schema.get("required", ())]
    named = [f"{key} `{settings.own[key]}`" for key in shown if settings.own.get(key)]
    return ", ".join([source.title, *named])
