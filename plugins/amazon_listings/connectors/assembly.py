"""From a folder's documents to declarations of connectors: layers, matrix, overrides, Variable."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amazon_listings.connectors.declaration import Declaration
from amazon_listings.connectors.matrix import (
    NONE,
    Combination,
    combinations,
    filled,
    unknown_placeholder,
)
from amazon_listings.connectors.origins import Part, merged
from amazon_listings.connectors.overrides import facts, never_matched, override_problems
from amazon_listings.connectors.problems import LocatedProblem, Problem, nearest, shown
from amazon_listings.connectors.schema import schema
from amazon_listings.connectors.texts import ConnectorFile, ConnectorVariable, located, read_file
from amazon_listings.messages import message

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from amazon_listings.connectors.layers import Layers
    from amazon_listings.connectors.overrides import Facts

#: Keys that say how a document is put together; the document that they make has none of them.
_HOW = frozenset({"extends", "for", "overrides", "mapping_locale", "optional", "tests"})
#: Keys that belong to one connector, or one matrix, and not to what several share.
_NOT_SHARED = ("for",)


@dataclass
class Assembly:
    """Puts declarations together, and remembers which overrides were used.

    Args:
        layers: The layers of the folder.
    """

    layers: Layers
    # By path: a file as it is parsed is many times its size.
    _overrides: dict[tuple[Path, int], Any] = field(default_factory=dict)
    _matched: set[tuple[Path, int]] = field(default_factory=set)
    _known: dict[tuple[Path, int], dict[str, set[str]]] = field(default_factory=dict)

    def declarations(
        self, file: ConnectorFile, variables: Mapping[str, ConnectorVariable]
    ) -> Iterator[Declaration]:
        """Yield the connectors of a document: one, or those of its matrix.

        Args:
            file: The document.
            variables: The Airflow Variables of connectors, by the connector's id.
        """
        if file.problems:
            self.layers.all_known = False
            yield Declaration(file.id, file=file, variable=variables.get(file.id))
            return
        document = file.yaml.value
        if "for" not in document:
            yield self._declared(file, document, NONE, variables)
            return
        found, problems = combinations(document["for"])
        for name in ("id", "was") if found else ():
            if unknown := unknown_placeholder(document.get(name), found[0], f"/{name}"):
                problems.append(unknown)
        if problems:
            self.layers.lineage(file, document.get("extends", []), [])
            yield Declaration(file.path.name, file=file, wrong=[located(file, one) for one in problems])
            return
        for combination in found:
            yield self._declared(file, document, combination, variables)

    def of_variable(self, variable: ConnectorVariable) -> Declaration:
        """Return the connector that a Variable alone declares."""
        title = f"Variable {variable.name}"
        declaration = Declaration(variable.id, variable=variable)
        own = Part(title, {"id": variable.id} | without(variable.patch), locale=_locale(variable.patch))
        _form_of_variable(variable, declaration.wrong, alone=True)
        lineage = self.layers.lineage(
            ConnectorFile(Path(title)), variable.patch.get("extends", []), declaration.wrong
        )
        bodies = self._bodies(lineage, NONE, declaration)
        about = without(variable.patch)
        declaration.parts = [*self._with_overrides(bodies, about, NONE), own]
        return declaration

    def _declared(
        self,
        file: ConnectorFile,
        document: dict[str, Any],
        combination: Combination,
        variables: Mapping[str, ConnectorVariable],
    ) -> Declaration:
        declaration = Declaration(file.id, file=file)
        extends = _filled_names(document.get("extends", []), combination)
        lineage = self.layers.lineage(file, extends, declaration.wrong)
        _form(file, document, declaration.wrong)
        body = filled(without(document), combination)
        named = [filled(layer.yaml.value, combination).get("id") for _, layer in lineage if layer.text]
        name = next((one for one in reversed([*named, body.get("id")]) if one is not None), None)
        if combination.values and (problem := unknown_placeholder(name, combination, "/id")):
            declaration.wrong.append(located(file, problem))
        if isinstance(name, str) and name:
            declaration.id = name
        variable = declaration.variable = variables.get(declaration.id)
        changed = merged([Part("", combination.patch), Part("", variable.patch if variable else {})])
        own = Part("document", body, file, locale=_locale(document), optional=_optional(document))
        bodies = self._bodies(lineage, combination, declaration)
        bodies.append((file, own))
        declaration.tests += [
            (body, f"/tests/{number}", one)
            for source, body in bodies
            for number, one in enumerate(_tests(source.yaml.value))
        ]
        declaration.parts = self._with_overrides(bodies, changed, combination)
        if combination.values:
            declaration.parts.append(Part("matrix", combination.patch, file, places=combination.patch_places))
        if variable is not None:
            _form_of_variable(variable, declaration.wrong)
            locale = _locale(variable.patch) or _locale(document)
            declaration.parts.append(
                Part(f"Variable {variable.name}", without(variable.patch), locale=locale)
            )
        return declaration

    def _bodies(
        self, lineage: list[tuple[str, ConnectorFile]], combination: Combination, declaration: Declaration
    ) -> list[tuple[ConnectorFile, Part]]:
        """Return the objects of the layers, without their overrides."""
        bodies = []
        for name, layer in lineage:
            if not layer.text:
                continue  # it cannot be read, which has been said
            document = layer.yaml.value
            _form(layer, document, declaration.wrong, layer_name=name)
            body = Part(
                f"layer {name}",
                filled(without(document), combination),
                layer,
                locale=_locale(document),
                optional=_optional(document),
            )
            bodies.append((layer, body))
        return bodies

    def _with_overrides(
        self, bodies: list[tuple[ConnectorFile, Part]], changed: dict[str, Any], combination: Combination
    ) -> list[Part]:
        """Return the parts in order: each object, then those of its overrides that fit the connector."""
        plain = [body for _, body in bodies]
        about = _facts_of([*plain, Part("", changed)])
        # Languages are often set by country: an override that asks for one sees what the others make.
        first = [
            one
            for file, _ in bodies
            for one in _overrides(file)
            if "language" not in one["when"] and about.match(one["when"])
        ]
        about = _facts_of([*plain, *(Part("", without(one)) for one in first), Part("", changed)])
        parts = []
        for file, body in bodies:
            parts.append(body)
            parts += self._overriding(file, body, about, combination)
        return parts

    def _overriding(
        self, file: ConnectorFile, body: Part, about: Facts, combination: Combination
    ) -> Iterator[Part]:
        document = file.yaml.value
        of = f" of {body.title}" if body.title.startswith("layer") else ""
        for number, override in enumerate(_overrides(file)):
            key = (file.path, number)
            self._overrides.setdefault(key, override["when"])
            known = self._known.setdefault(key, {})
            for name, values in about.values.items():
                known.setdefault(name, set()).update(values)
            if not about.match(override["when"]):
                continue
            self._matched.add(key)
            patch = {name: value for name, value in without(override).items() if name != "when"}
            yield Part(
                f"override {number + 1}{of}",
                filled(patch, combination),
                file,
                base=f"/overrides/{number}",
                locale=_locale(override) or _locale(document),
                optional=_optional(document) or _optional(override),
            )

    def unmatched(self) -> Iterator[tuple[ConnectorFile, Problem]]:
        """Yield the overrides that no connector met, with their files, which are read again."""
        read: ConnectorFile | None = None
        for key, when in self._overrides.items():
            if key not in self._matched:
                path, number = key
                read = read if read and read.path == path else read_file(path)
                yield read, never_matched(when, self._known[key], f"/overrides/{number}")


def without(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document without the keys that say how it is put together."""
    return {key: value for key, value in document.items() if key not in _HOW}


def _overrides(file: ConnectorFile) -> list[dict[str, Any]]:
    """Return the overrides of a document; none where their form is wrong, which is told."""
    document = file.yaml.value
    overrides: list[dict[str, Any]] = document.get("overrides", []) if isinstance(document, dict) else []
    return [] if override_problems(overrides) else overrides


def _form(
    file: ConnectorFile, document: dict[str, Any], wrong: list[LocatedProblem], *, layer_name: str = ""
) -> None:
    """Note what is wrong with the keys that say how a document is put together."""
    problems = override_problems(document["overrides"]) if "overrides" in document else []
    locales = schema()["properties"]["amazon"]["properties"]["locale"]["enum"]
    locale = document.get("mapping_locale")
    if locale is not None and locale not in locales:
        near = nearest(str(locale), locales)
        problems.append(
            Problem("/mapping_locale", message("document.no_locale", value=shown(locale)), suggestion=near)
        )
    if not isinstance(document.get("optional", False), bool):
        problems.append(Problem("/optional", message("document.no_boolean")))
    if not isinstance(document.get("tests", []), list):
        problems.append(
            Problem("/tests", message("document.is_no_list"), hint=message("document.write_tests"))
        )
    if layer_name:
        problems += [
            Problem(
                f"/{key}",
                message("document.not_in_layer", key=key),
                key=True,
            )
            for key in _NOT_SHARED
            if key in document
        ]
    wrong.extend(located(file, problem) for problem in problems)


def _form_of_variable(
    variable: ConnectorVariable, wrong: list[LocatedProblem], *, alone: bool = False
) -> None:
    """Note the keys that a Variable cannot have: over a file it changes values, not how they are found."""
    for key in sorted(_HOW - {"mapping_locale", *(("extends", "tests") if alone else ())}):
        if key in variable.patch:
            problem = Problem("", message("document.not_in_variable", key=key))
            wrong.append(LocatedProblem(problem, f"Variable {variable.name}, key {key}"))


def _locale(document: dict[str, Any]) -> str | None:
    found = document.get("mapping_locale")
    return found if isinstance(found, str) else None


def _facts_of(parts: list[Part]) -> Facts:
    """Return the facts of what the parts make of the sections that conditions look at."""
    return facts(
        merged(
            [
                Part(
                    "", {key: value for key, value in part.patch.items() if key not in {"mapping", "quality"}}
                )
                for part in parts
            ]
        )
    )


def _filled_names(extends: Any, combination: Combination) -> object:
    """`extends` with placeholders filled, in lower case, as files are named."""
    found = filled({"extends_of": extends}, combination)["extends_of"]
    if not combination.values or found == extends:
        return found
    return (
        found.lower()
        if isinstance(found, str)
        else [
            one.lower() if isinstance(one, str) and one != before else one
            for one, before in zip(found, extends, strict=True)
        ]
    )


def _optional(document: dict[str, Any]) -> bool:
    return document.get("optional") is True


def _tests(document: dict[str, Any]) -> list[Any]:
    tests = document.get("tests", [])
    return tests if isinstance(tests, list) else []
