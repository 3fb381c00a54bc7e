"""The documentation that a connector's DAG carries: what it sends, where, when, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

if TYPE_CHECKING:
    from amazon_listings.connectors.model import Connector

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
        kind=type(connector.source).__name__,
    )
