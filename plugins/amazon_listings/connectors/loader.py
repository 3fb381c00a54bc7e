"""From a folder of files and Airflow's Variables to connectors.

Airflow's DAG processor runs this every few seconds, so it does no more than read files; and one
person's mistake is one broken connector, never an exception.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any

from amazon_listings.connectors.checks import rule_problems
from amazon_listings.connectors.declaration import (
    VARIABLE_PREFIX,
    ConnectorFile,
    ConnectorVariable,
    Declaration,
    read_file,
    read_variable,
)
from amazon_listings.connectors.languages import language_tags
from amazon_listings.connectors.message import broken_text, entry
from amazon_listings.connectors.model import (
    Amazon,
    BrokenConnector,
    Connector,
    FileSource,
    Loaded,
    SalesLayerSource,
    Sync,
    Where,
)
from amazon_listings.connectors.problems import Problem
from amazon_listings.connectors.schema import with_defaults
from amazon_listings.connectors.schema_problems import schema_problems
from amazon_listings.errors import PersonMustAct
from amazon_listings.marketplaces import ALIASES, marketplace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_ENDINGS = {".yaml", ".yml"}


def load_connectors(folder: Path, variables: Mapping[str, str], *, only: str | None = None) -> Loaded:
    """The connectors that a folder's files and the Variables declare.

    Args:
        folder: Holds one file a connector, `*.yaml`.
        variables: Airflow Variables as text, by name; those whose name starts with
            `amazon_connector_` count. With `only`, just that connector's is asked for.
        only: The id of the one connector wanted. Its file is looked for by name first; that
            another file declares the same id is then not noticed.

    Raises:
        PersonMustAct: the folder is missing or cannot be read.
    """
    if only is not None:
        declarations = _declarations(_files_of(folder, only), _variables_of(variables, only))
        declarations = [found for found in declarations if found.id == only]
    else:
        names = sorted(name for name in variables if name.startswith(VARIABLE_PREFIX))
        declarations = _declarations(
            [read_file(path) for path in _paths(folder)],
            [read_variable(name, variables[name]) for name in names],
        )
    twice = _declared_twice(declarations)
    loaded = Loaded([], list(twice.values()))
    for declaration in declarations:
        if declaration.id in twice:
            continue
        outcome = _outcome(declaration, [found.id for found in declarations if found.file])
        (loaded.connectors if isinstance(outcome, Connector) else loaded.broken).append(outcome)  # type: ignore[arg-type]
    loaded.connectors.sort(key=lambda connector: connector.id)
    loaded.broken.sort(key=lambda broken: broken.id)
    return loaded


def connector_from(document: dict[str, Any], where: Where | None = None) -> Connector:
    """The connector of a document that has been found right (or is known to be)."""
    filled = with_defaults(document)
    amazon, sync = filled["amazon"], filled["sync"]
    amazon["country"] = ALIASES.get(amazon["country"], amazon["country"])
    market = marketplace(amazon["country"])
    amazon.setdefault("locale", market.locale)
    source = filled.get("sales_layer") or filled["files"]
    kind: Any = SalesLayerSource if "sales_layer" in filled else FileSource
    preview = sync["preview"]
    sample = preview["sample"] if isinstance(preview, dict) else None
    tags = language_tags(source["languages"], market)
    return Connector(
        id=filled["id"],
        title=filled.get("title", f"{amazon['product_type']}, {market.name}"),
        owner=filled["owner"],
        tags=tuple(filled["tags"]),
        enabled=filled["enabled"],
        amazon=Amazon(**amazon),
        source=kind(
            **{
                key: tuple(value) if isinstance(value, list | dict) else value
                for key, value in source.items()
            }
        ),
        sync=Sync(**sync | {"preview": "sample" if sample else preview, "preview_sample": sample}),
        mapping=filled["mapping"],
        quality=filled["quality"],
        variations=filled.get("variations"),
        language_tags=tuple((language, tag) for language, tag in tags if tag),
        document=filled,
        where=where or Where(),
    )


def _paths(folder: Path) -> list[Path]:
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise PersonMustAct(
            f"The folder of connectors {folder} cannot be read: {error.strerror}.",
            hint="Create it, or set AMAZON_LISTINGS_CONNECTORS to the right one.",
        ) from error
    return [path for path in paths if path.suffix in _ENDINGS and not path.name.startswith(".")]


def _files_of(folder: Path, only: str) -> list[ConnectorFile]:
    """The file that declares `only`: the one of that name, or else whichever mentions the id."""
    paths = _paths(folder)
    by_name = [path for path in paths if path.stem == only]
    for path in by_name:
        found = read_file(path)
        if found.id == only:
            return [found]
    mentioned = re.compile(rb"\bid\b[^\n]*\b" + re.escape(only).encode() + rb"\b")
    for path in paths:
        if path in by_name or not _mentions(path, mentioned):
            continue
        found = read_file(path)
        if found.id == only:
            return [found]
    return []


def _mentions(path: Path, pattern: re.Pattern[bytes]) -> bool:
    try:
        return pattern.search(path.read_bytes()) is not None
    except OSError:
        return False


def _variables_of(variables: Mapping[str, str], only: str) -> list[ConnectorVariable]:
    name = VARIABLE_PREFIX + only
    text = variables.get(name)
    return [] if text is None else [read_variable(name, text)]


def _declarations(files: list[ConnectorFile], variables: list[ConnectorVariable]) -> list[Declaration]:
    declarations = [Declaration(file.id, file=file) for file in files]
    by_id = {declaration.id: declaration for declaration in declarations}
    for variable in variables:
        if variable.id in by_id:
            by_id[variable.id].variable = variable
        else:
            declarations.append(Declaration(variable.id, variable=variable))
    return declarations


def _declared_twice(declarations: list[Declaration]) -> dict[str, BrokenConnector]:
    """For each id that several files declare, one broken connector that names them all."""
    files: dict[str, list[ConnectorFile]] = {}
    for declaration in declarations:
        if declaration.file:
            files.setdefault(declaration.id, []).append(declaration.file)
    return {name: _twice(name, same) for name, same in files.items() if len(same) > 1}


def _twice(name: str, files: list[ConnectorFile]) -> BrokenConnector:
    entries = []
    for file in files:
        others = ", ".join(str(other.path) for other in files if other is not file)
        problem = Problem(
            "/id", f"{name!r} is declared in {others} too", hint="Give each connector its own id."
        )
        spot = file.yaml.spot("/id")
        entries.append(entry(file.place(spot), file.excerpt(spot), problem))
    return BrokenConnector(name, Where(path=files[0].path), broken_text(name, entries))


def _outcome(declaration: Declaration, ids_of_files: list[str]) -> Connector | BrokenConnector:
    entries = declaration.entries()
    if not entries:
        document = declaration.document()
        problems = list(_id_problems(declaration, ids_of_files))
        alone = any(not problem.pointer for problem in problems)  # the one cause of all that is missing
        problems += [found for found in schema_problems(document) if not (alone and found.missing)]
        problems += rule_problems(document)
        if not problems:
            return connector_from(document, declaration.where())
        problems.sort(key=declaration.order)
        entries = [declaration.entry(problem) for problem in dict.fromkeys(problems)]
    where = declaration.where()
    return BrokenConnector(declaration.id, where, broken_text(declaration.id, entries))


def _id_problems(declaration: Declaration, ids_of_files: list[str]) -> Iterator[Problem]:
    """A Variable belongs to the connector that its name says; without a file it may be misspelt."""
    variable = declaration.variable
    if variable is None:
        return
    if variable.patch.get("id", declaration.id) != declaration.id:
        yield Problem(
            "/id",
            f"the Variable's name says {declaration.id!r}",
            hint="A Variable cannot rename a connector: remove its id, or rename the Variable.",
        )
    if declaration.file is None and "amazon" not in variable.patch:
        close = difflib.get_close_matches(declaration.id, ids_of_files, n=1)
        yield Problem(
            "",
            f"no file declares a connector {declaration.id!r} that this Variable could change",
            suggestion=VARIABLE_PREFIX + close[0] if close else "",
        )
