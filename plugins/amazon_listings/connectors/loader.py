"""From a folder of files and Airflow's Variables to connectors.

Airflow's DAG processor runs this every few seconds, so it does no more than read files; and one
person's mistake is one broken connector, never an exception.
"""

from __future__ import annotations

import itertools
import logging
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from amazon_listings.connectors.assembly import Assembly
from amazon_listings.connectors.checks import rule_problems
from amazon_listings.connectors.declaration import Declaration
from amazon_listings.connectors.languages import language_tags
from amazon_listings.connectors.layers import FOLDER, Layers
from amazon_listings.connectors.message import broken, entry_text, file_text
from amazon_listings.connectors.model import (
    Amazon,
    Approval,
    BrokenConnector,
    Connector,
    Guards,
    Loaded,
    MappingPart,
    Sync,
    Where,
)
from amazon_listings.connectors.old_ids import conflicts_of_old_ids
from amazon_listings.connectors.problems import LocatedProblem, Problem, distinct
from amazon_listings.connectors.quality_suite import suite_files, with_suite
from amazon_listings.connectors.schema import with_defaults
from amazon_listings.connectors.schema_problems import schema_problems
from amazon_listings.connectors.texts import (
    VARIABLE_PREFIX,
    ConnectorFile,
    ConnectorVariable,
    located,
    read_file,
    read_variable,
)
from amazon_listings.errors import ActionRequiredError
from amazon_listings.incoming.values import printable
from amazon_listings.marketplaces import ALIASES, marketplace
from amazon_listings.messages import log_line, message
from amazon_listings.sources.registry import sources
from amazon_listings.sources.settings import settings_of
from amazon_product_types.matching import closest

#: Problems of one connector that are put into words where a screen of them is shown.
_A_SCREENFUL = 100

log = logging.getLogger(__name__)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from amazon_listings.connectors.shares import Index, Share
    from amazon_listings.messages import Message

_ENDINGS = {".yaml", ".yml"}
#: What a document with a matrix has, in whatever way its keys are written.
_MATRIX = re.compile(rb"""(?:^|[{,\s])["']?for["']?\s*:""")


def load_connectors(
    folder: Path, variables: Mapping[str, str], *, only: str | None = None, most: int = _A_SCREENFUL
) -> Loaded:
    """Return the connectors that a folder's files and the Variables declare.

    Args:
        folder: Holds one file a connector, `*.yaml`.
        variables: Airflow Variables as text, by name; those whose name starts with
            `amazon_connector_` count. With `only`, just that connector's is asked for.
        only: The id of the one connector wanted. Its file is looked for by name first; that
            another file declares the same id is then not noticed.
        most: How many problems of one merged document are put into words.

    Raises:
        ActionRequiredError: the folder is missing or cannot be read.
    """
    layers = Layers(folder)
    assembly = Assembly(layers)
    files, names = _declaring(folder, variables, only)
    left = {variable.id: variable for variable in _read_variables(variables, names)}
    found = _Found()
    for file in files:  # one at a time: what a file is parsed to is many times its size
        found.take(_wanted(put_together(assembly, file, left), only, file), file, most)
        if only in found.outcomes:
            break
    outcomes = found.outcomes
    for name in left.keys() - found.paths.keys():
        outcomes[name] = _walled(_of_variable(assembly, left[name]), most, ids_of_files=list(found.paths))
    if only in outcomes:
        outcomes = {only: outcomes[only]}
    outcomes |= found.declared_twice()
    if only is None and found.readable:
        outcomes |= _unfit(assembly, layers)
    return _loaded(folder, outcomes)


def load_share(
    folder: Path, variables: Mapping[str, str], share: Share, index: Index, *, most: int = _A_SCREENFUL
) -> Loaded:
    """Return the connectors of a share as `load_connectors` has them among all.

    Only layers and overrides that fit no connector are left out. All documents and Variables are read where a
    connector of the share names an id that it had before (`was`): any other may contradict it.

    Args:
        folder: Holds one file a connector, `*.yaml`.
        variables: Airflow Variables as text, by name; as a rule just those of the share's connectors are
            asked for.
        share: The share.
        index: The index of the folder as it is now.
        most: How many problems of one merged document are put into words.
    """
    assembly = Assembly(Layers(folder))
    names = [name for name in variables if name.startswith(VARIABLE_PREFIX)]
    names = sorted(name for name in names if share.has(name.removeprefix(VARIABLE_PREFIX)))
    left = {variable.id: variable for variable in _read_variables(variables, names)}
    found = _Found()
    for name in index.names(share):
        file = read_file(folder / name)
        found.take((one for one in put_together(assembly, file, left) if share.has(one.id)), file, most)
    outcomes = found.outcomes
    for name in left.keys() - found.paths.keys():
        outcomes[name] = _walled(_of_variable(assembly, left[name]), most, ids_of_files=index.ids)
    if any(isinstance(outcome, Connector) and outcome.was for outcome in outcomes.values()):
        every = load_connectors(folder, variables, most=most)
        return Loaded(
            [connector for connector in every.connectors if share.has(connector.id)],
            [broken for broken in every.broken if share.has(broken.id)],
        )
    outcomes |= found.declared_twice()
    return _loaded(folder, outcomes)


@dataclass
class _Found:
    """What the documents read so far declare: outcomes and files by id, and whether all can be read."""

    outcomes: dict[str, Connector | BrokenConnector] = field(default_factory=dict)
    paths: dict[str, list[Path]] = field(default_factory=dict)
    readable: bool = True

    def take(self, declared: Iterable[Declaration], file: ConnectorFile, most: int) -> None:
        """Take what a document declares; of several that declare one id, the first is judged."""
        self.readable = self.readable and not file.problems
        for declaration in declared:
            self.paths.setdefault(declaration.id, []).append(file.path)
            if len(self.paths[declaration.id]) == 1:
                self.outcomes[declaration.id] = _walled(declaration, most)

    def declared_twice(self) -> dict[str, BrokenConnector]:
        """Return the ids that are declared more than once, as broken."""
        return {name: _declared_twice(name, same) for name, same in self.paths.items() if len(same) > 1}


def _loaded(folder: Path, outcomes: dict[str, Connector | BrokenConnector]) -> Loaded:
    """Return the outcomes by name, with conflicts of old ids and with the suites beside the folder."""
    outcomes |= conflicts_of_old_ids(
        [outcome for outcome in outcomes.values() if isinstance(outcome, Connector)], set(outcomes)
    )
    suites = suite_files(folder)
    ordered = [with_suite(outcome, suites.get(name)) for name, outcome in sorted(outcomes.items())]
    return Loaded(
        [outcome for outcome in ordered if isinstance(outcome, Connector)],
        [outcome for outcome in ordered if isinstance(outcome, BrokenConnector)],
    )


def _wanted(found: Iterator[Declaration], only: str | None, file: ConnectorFile) -> Iterator[Declaration]:
    """Return the declarations asked for; those of a matrix that cannot be read may be meant."""
    return (one for one in found if only is None or one.id in {only, file.path.name})


def declarations(folder: Path, variables: Mapping[str, str]) -> dict[str, Declaration]:
    """Return what a folder's files and the Variables declare, by id, with the files as read.

    Of several that declare one id, the first.

    Raises:
        ActionRequiredError: the folder is missing or cannot be read.
    """
    assembly = Assembly(Layers(folder))
    files, names = _declaring(folder, variables, None)
    left = {variable.id: variable for variable in _read_variables(variables, names)}
    found: dict[str, Declaration] = {}
    for file in files:
        for declaration in assembly.declarations(file, left):
            found.setdefault(declaration.id, declaration)
    for name, variable in left.items():
        found.setdefault(name, assembly.of_variable(variable))
    return found


def connector_from(
    document: dict[str, Any], where: Where | None = None, parts: tuple[MappingPart, ...] = ()
) -> Connector:
    """Return the connector of a document that has been found right (or is known to be).

    Args:
        document: The document, merged.
        where: Where it is declared.
        parts: The mapping's lines by layer; without them, those of the document.
    """
    filled = with_defaults(document)
    amazon, sync = filled["amazon"], filled["sync"]
    amazon["country"] = ALIASES.get(amazon["country"], amazon["country"])
    market = marketplace(amazon["country"])
    amazon.setdefault("locale", market.locale)
    source = next(name for name in sources() if name in filled)
    previews = _previews(sync["preview"])
    tags = language_tags(filled[source]["languages"], market)
    return Connector(
        id=filled["id"],
        title=filled.get("title", f"{amazon['product_type']}, {market.shop}"),
        owner=filled["owner"],
        tags=tuple(filled["tags"]),
        enabled=filled["enabled"],
        amazon=Amazon(**amazon),
        source=settings_of(source, filled[source]),
        sync=Sync(**sync | previews),
        mapping=filled["mapping"],
        quality=filled["quality"],
        variations=filled.get("variations"),
        tables=filled["tables"],
        language_tags=tuple((language, tag) for language, tag in tags if tag),
        document=filled,
        where=where or Where(),
        was=_ids_before(filled),
        contributes=filled["contributes"],
        approval=Approval(**filled["approval"] | {"approvers": tuple(filled["approval"]["approvers"])}),
        guards=Guards(**filled["guards"]),
        parts=parts or (MappingPart(filled["mapping"]),),
        rules_off=filled["rules_off"],
    )


def _previews(preview: object) -> dict[str, Any]:
    """Return what `sync.preview` says: a word, or a word with a number of items."""
    if not isinstance(preview, dict):
        return {"preview": preview}
    ((word, number),) = preview.items()
    return {"preview": word, "preview_sample" if word == "sample" else "preview_most": number}


def _ids_before(document: dict[str, Any]) -> tuple[str, ...]:
    was = document.get("was", ())
    return (was,) if isinstance(was, str) else tuple(was)


def document_files(folder: Path) -> list[Path]:
    """Return the files of a folder that may declare connectors, in the order in which they are read.

    Raises:
        ActionRequiredError: the folder is missing or cannot be read.
    """
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise ActionRequiredError(
            "connectors.folder_unreadable",
            folder=folder,
            reason=error.strerror,
        ) from error
    return [path for path in paths if path.suffix in _ENDINGS and not path.name.startswith(".")]


def _declaring(
    folder: Path, variables: Mapping[str, str], only: str | None
) -> tuple[Iterator[ConnectorFile], list[str]]:
    """Return the files that may declare connectors, and the names of Variables.

    With `only`, the likeliest first.
    """
    if only is None:
        names = sorted(name for name in variables if name.startswith(VARIABLE_PREFIX))
        return (read_file(path) for path in document_files(folder)), names
    return _files_of(folder, only), [VARIABLE_PREFIX + only]


def _files_of(folder: Path, only: str) -> Iterator[ConnectorFile]:
    """Return the files that may declare `only`.

    The one of that name, those that mention it, those of a matrix.
    """
    paths = document_files(folder)
    by_name = [path for path in paths if path.stem == only]
    mentioned = re.compile(rb"\bid\b[^\n]*\b" + re.escape(only).encode() + rb"\b")
    others = (path for path in paths if path not in by_name and _mentions(path, mentioned))
    for path in itertools.chain(by_name, others):
        found = read_file(path)
        if found.id == only:
            yield found
    for path in paths:
        if _mentions(path, _MATRIX):
            yield read_file(path)


def _mentions(path: Path, pattern: re.Pattern[bytes]) -> bool:
    try:
        return pattern.search(path.read_bytes()) is not None
    except OSError:
        return False


def _read_variables(variables: Mapping[str, str], names: list[str]) -> Iterator[ConnectorVariable]:
    for name in names:
        text = variables.get(name)
        if text is not None:
            yield read_variable(name, text)


def _unfit(assembly: Assembly, layers: Layers) -> Iterator[tuple[str, BrokenConnector]]:
    """Yield the layers that no document extends, and the overrides that no connector meets, by file."""
    wrong: dict[Path, list[LocatedProblem]] = {}
    for file in layers.unused():
        problem = Problem("", message("document.layer_unused"))
        wrong.setdefault(file.path, []).append(located(file, problem))
    for file, problem in assembly.unmatched():
        wrong.setdefault(file.path, []).append(located(file, problem))
    for path, found in wrong.items():
        name = f"{path.parent.name}/{path.name}" if path.parent.name == FOLDER else path.name
        text = file_text(name, list(map(entry_text, found)))
        yield name, BrokenConnector(name, Where(path=path), text, tuple(found))


def _declared_twice(name: str, paths: list[Path]) -> BrokenConnector:
    wrong = []
    for file in map(read_file, dict.fromkeys(paths)):
        others = ", ".join(str(path) for path in dict.fromkeys(paths) if path != file.path)
        problem = (
            Problem("/id", message("document.declared_twice", name=name, others=others))
            if others
            else Problem("/id", message("document.combinations_alike", name=name))
        )
        wrong.append(located(file, problem))
    return broken(name, Where(path=paths[0]), wrong)


def put_together(
    assembly: Assembly, file: ConnectorFile, variables: Mapping[str, ConnectorVariable]
) -> Iterator[Declaration]:
    """Yield what a file declares; whatever happens while it is put together, only this file is broken."""
    try:
        yield from list(assembly.declarations(file, variables))
    except Exception as error:  # noqa: BLE001 - the DAGs of all other connectors depend on it
        problem = Problem("", _unreadable(file.id, error))
        yield Declaration(file.id, file=file, wrong=[file.located(None, problem)])


def _of_variable(assembly: Assembly, variable: ConnectorVariable) -> Declaration:
    """Return what a Variable alone declares; whatever happens, only this one is broken."""
    try:
        return assembly.of_variable(variable)
    except Exception as error:  # noqa: BLE001 - as above
        problem = Problem("", _unreadable(variable.id, error))
        wrong = LocatedProblem(problem, f"Variable {variable.name}")
        return Declaration(variable.id, variable=variable, wrong=[wrong])


def _walled(
    declaration: Declaration, most: int, ids_of_files: Sequence[str] = ()
) -> Connector | BrokenConnector:
    """Return the connector; whatever else happens while it is judged, only this one is broken."""
    try:
        return _outcome(declaration, most, ids_of_files)
    except Exception as error:  # noqa: BLE001 - as above
        problem = Problem("", _unreadable(declaration.id, error))
    path = declaration.file.path if declaration.file else None
    name = declaration.variable.name if declaration.variable else ""
    wrong = (
        declaration.file.located(None, problem)
        if declaration.file
        else LocatedProblem(problem, f"Variable {name}")
    )
    return broken(declaration.id, Where(path=path, variable=name or None), [wrong])


def _unreadable(connector_id: str, error: Exception) -> Message:
    """Return why a document cannot be read, where nothing foresaw it."""
    if isinstance(error, RecursionError):
        return message("document.something_too_deep")
    line = log_line("log.connector_unreadable", connector=printable(connector_id))
    log.error("%s", line, exc_info=error)
    return message("document.unforeseen", kind=type(error).__name__)


def _outcome(
    declaration: Declaration, most: int, ids_of_files: Sequence[str] = ()
) -> Connector | BrokenConnector:
    wrong = declaration.problems()
    if not wrong:
        document = declaration.document()
        problems = list(_id_problems(declaration, ids_of_files))
        alone = any(not problem.pointer for problem in problems)  # the one cause of all that is missing
        problems += [found for found in schema_problems(document, most) if not (alone and found.missing)]
        problems += rule_problems(document)
        if not problems:
            return connector_from(document, declaration.where(), declaration.lines())
        problems.sort(key=declaration.order)
        wrong = [declaration.located(problem) for problem in distinct(problems, most)]
    return broken(declaration.id, declaration.where(), wrong)


def _id_problems(declaration: Declaration, ids_of_files: Sequence[str]) -> Iterator[Problem]:
    """Yield a problem if a Variable names another id than its own, or has no file and may be misspelt."""
    variable = declaration.variable
    if variable is None:
        return
    if variable.patch.get("id", declaration.id) != declaration.id:
        yield Problem(
            "/id",
            message("document.variable_says", name=declaration.id),
        )
    if declaration.file is None and "amazon" not in variable.patch:
        close = closest(declaration.id, ids_of_files)
        yield Problem(
            "",
            message("document.variable_of_none", name=declaration.id),
            suggestion=VARIABLE_PREFIX + close[0] if close else "",
        )
