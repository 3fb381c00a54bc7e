"""Layers: what connectors share, in `layers/` beside them, and which of them a document extends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amazon_listings.connectors.problems import Problem, nearest, shown
from amazon_listings.connectors.texts import ConnectorFile, located, read_file
from amazon_listings.messages import message

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from amazon_listings.connectors.problems import LocatedProblem

#: The folder of layers, in that of connectors.
FOLDER = "layers"


class Layers:
    """The layers of a folder of connectors; each is read when first extended.

    Args:
        folder: The folder of connectors.
    """

    def __init__(self, folder: Path) -> None:
        self._paths = layer_files(folder)
        self._read: dict[str, ConnectorFile] = {}
        #: Names of the layers that some document extends, right or wrong.
        self.extended: set[str] = set()
        #: Whether it is known what every document extends.
        self.all_known = True

    def file(self, name: str) -> ConnectorFile | None:
        """Return a layer as read; None where there is none of this name."""
        if name not in self._paths:
            return None
        if name not in self._read:
            self._read[name] = read_file(self._paths[name])
        return self._read[name]

    def lineage(
        self, file: ConnectorFile, extends: object, wrong: list[LocatedProblem]
    ) -> list[tuple[str, ConnectorFile]]:
        """Return the layers that a document extends, each after those that it extends itself.

        Args:
            file: The document's file.
            extends: Its `extends`.
            wrong: Gets what is wrong: an unknown name, a cycle, a file that cannot be read.
        """
        found: dict[str, ConnectorFile] = {}
        self._follow(file, extends, (), found, wrong)
        return list(found.items())

    def _follow(
        self,
        file: ConnectorFile,
        extends: object,
        above: tuple[str, ...],
        found: dict[str, ConnectorFile],
        wrong: list[LocatedProblem],
    ) -> None:
        named = names(file, extends, wrong)
        self.all_known = self.all_known and named is not None
        for pointer, name in named or ():
            if name in above:
                circle = " > ".join([*above[above.index(name) :], name])
                problem = Problem(pointer, message("document.circle", circle=circle))
                wrong.append(located(file, problem))
                continue
            layer = self.file(name)
            if layer is None:
                self.all_known = False
                wrong.append(located(file, self._unknown(pointer, name)))
                continue
            self.extended.add(name)
            if name in found:
                continue
            if layer.problems:
                self.all_known = False
                wrong.extend(layer.problems)
                found[name] = ConnectorFile(layer.path)
                continue
            self._follow(layer, layer.yaml.value.get("extends", []), (*above, name), found, wrong)
            found[name] = layer

    def _unknown(self, pointer: str, name: str) -> Problem:
        known = ", ".join(self._paths)
        return Problem(
            pointer,
            message("document.no_layer", value=shown(name), folder=FOLDER, name=name),
            allowed=message("document.one_of", names=known) if known else "",
            suggestion=nearest(name, self._paths),
        )

    def unused(self) -> Iterator[ConnectorFile]:
        """Yield the layers that no document extends; none where a document does not tell what it extends."""
        for name, path in self._paths.items() if self.all_known else ():
            if name not in self.extended:
                yield self._read.get(name) or read_file(path)


def layer_files(folder: Path) -> dict[str, Path]:
    """Return the files of layers by name; of two with one name the first."""
    try:
        paths = sorted((folder / FOLDER).iterdir())
    except OSError:
        return {}
    found: dict[str, Path] = {}
    for path in paths:
        if path.suffix in {".yaml", ".yml"} and not path.name.startswith("."):
            found.setdefault(path.stem, path)
    return found


def names(
    file: ConnectorFile, extends: object, wrong: list[LocatedProblem]
) -> Sequence[tuple[str, str]] | None:
    """Return the layers named by `extends`, each with its place; one name alone is a list of one.

    Args:
        file: The document's file.
        extends: Its `extends`.
        wrong: Gets what is wrong.

    Returns:
        The places and names; None if it is no list of names.
    """
    if isinstance(extends, str):
        return [("/extends", extends)]
    if isinstance(extends, list) and all(isinstance(name, str) for name in extends):
        return [(f"/extends/{number}", name) for number, name in enumerate(extends)]
    problem = Problem(
        "/extends", message("document.no_list_of_layers"), hint=message("document.write_layers")
    )
    wrong.append(located(file, problem))
    return None
