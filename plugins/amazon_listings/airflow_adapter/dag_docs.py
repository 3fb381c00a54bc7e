"""The documentation that a connector's DAG carries: what it sends, where, when, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from amazon_listings.connectors.languages import language_of
from amazon_listings.messages import catalogue
from amazon_listings.sources.registry import source_named

if TYPE_CHECKING:
    from collections.abc import Iterable

    from amazon_listings.connectors.model import Connector
    from amazon_listings.messages import Catalogue
    from amazon_listings.sources.settings import SourceSettings

# Markdown, not HTML: Airflow sanitises what it renders from it.
_environment = Environment(  # noqa: S701 - Markdown, which Airflow renders safely
    loader=PackageLoader("amazon_listings.airflow_adapter", "."), undefined=StrictUndefined, trim_blocks=True
)
# Compiled here, so that processes which are forked later need not.
_template = _environment.get_template("dag_docs.md")


def dag_docs(connector: Connector) -> str:
    """Return the connector's runbook in Markdown; the same text for the same document."""
    messages = catalogue(language_of(connector))
    return _template.render(
        connector=connector,
        amazon=connector.amazon,
        place=connector.marketplace,
        source=connector.source,
        sync=connector.sync,
        languages=", ".join(
            messages.phrase("dag.doc.language_as", language=pim, tag=tag)
            for pim, tag in connector.language_tags
        ),
        say=messages.phrase,
        number=messages.value,
        products_from=_products_from(connector.source),
    )


def runbook(messages: Catalogue, name: str, tasks: Iterable[tuple[str, str, str]]) -> str:
    """Return the runbook of a DAG that is not one connector's, in Markdown.

    Args:
        messages: The messages, in the language of its readers.
        name: What the codes of its `title` and `doc` begin with.
        tasks: Each task, with the codes of when it fails and of who acts.
    """
    say = messages.phrase
    head = [say(f"dag.doc.{column}") for column in ("task", "when_fails", "who_acts")]
    rows = [head, ["---"] * 3, *([task, say(fails), say(acts)] for task, fails, acts in tasks)]
    table = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([f"### {say(f'{name}.title')}", "", say(f"{name}.doc"), "", *table, ""])


def _products_from(settings: SourceSettings) -> str:
    """Return the source, and those of its own settings without which it is not found."""
    source = source_named(settings.source)
    shown = ["connection", *source.settings_schema.get("required", ())]
    named = [f"{key} `{settings.own[key]}`" for key in shown if settings.own.get(key)]
    return ", ".join([source.title, *named])
