"""Finding a field by what a person calls it: its label, a chain of labels, or its path."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from amazon_product_types.candidates import (
    AmbiguousField,
    Candidate,
    OutsideRequirements,
    Target,
    UnknownField,
)
from amazon_product_types.definition import ENGINE_MEMBERS, Names
from amazon_product_types.fields import Field, main_field
from amazon_product_types.matching import ALIKE, chain, normal, shared, similarity, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_CHAIN = re.compile(r"\s*[>\u203a\u2192]\s*")
_MARKS = re.compile(r"\[(?:0|\*)?\]")
#: More candidates than these are too many to read.
_CANDIDATES = 5
_PATH = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*", re.IGNORECASE)


class FieldIndex:
    """Finds the fields of one product type by label, chain of labels or path.

    Args:
        fields: The fields, as `product_types.fields.fields` lists them.
        earlier: The index of the version before (which may have one before it), so that a label
            which Amazon has changed since still means what it meant.
        requirements: The set of requirements that the fields are of.
        whole: Gives the fields of the whole product type, to tell a field that the requirements
            leave out from one that does not exist; only asked for something unknown.
    """

    def __init__(
        self,
        fields: Iterable[Field],
        *,
        earlier: FieldIndex | None = None,
        requirements: str = "LISTING",
        whole: Callable[[], FieldIndex] | None = None,
    ) -> None:
        self.fields = tuple(fields)
        self.earlier = earlier
        self.requirements = requirements
        self._whole = whole
        self._below: dict[Names, list[Field]] = defaultdict(list)
        self._titles: dict[Names, tuple[str, ...]] = {}
        for item in self.fields:
            names = tuple(item.path.split("."))
            for depth in range(1, len(names) + 1):
                self._below[names[:depth]].append(item)
                self._titles.setdefault(names[:depth], tuple(normal(label) for label in item.labels[:depth]))
        self._leaves: dict[str, list[Names]] = defaultdict(list)
        self._nodes: dict[str, list[Names]] = defaultdict(list)
        for names, titles in self._titles.items():
            leaf = self._is_leaf(names)
            (self._leaves if leaf else self._nodes)[titles[-1]].append(names)

    def find(self, key: str) -> Target:
        """Return what `key` names.

        Args:
            key: A label, a chain (`A > B`), a path (`item_weight.unit`, with or without array
                marks) or an attribute (`item_name`).

        Raises:
            OutsideRequirements: the field exists, but not under these requirements.
            UnknownField: nothing is called that.
            AmbiguousField: several fields are called that.
        """
        try:
            return self._found(key)
        except UnknownField:
            if self._whole is not None and (known := self._elsewhere(self._whole(), key)):
                raise OutsideRequirements(key, self.requirements, known) from None
            raise

    def _elsewhere(self, whole: FieldIndex, key: str) -> Candidate | None:
        found = whole.matches(key)
        return whole._candidate(tuple(found[0].split("."))) if found else None

    def _found(self, key: str) -> Target:
        names = self._path(key)
        if names is not None:
            return self.target(".".join(names))
        before = list(dict.fromkeys(self._before(key)))
        try:
            found = self.target(".".join(self._labelled(key)))
        except UnknownField:
            if not before:
                raise
            return self.target(before[0])._replace(renamed_to=self.name(before[0]))
        if others := [path for path in before if path != found.path]:
            raise AmbiguousField(
                key,
                [self._candidate(tuple(path.split("."))) for path in (found.path, *others)],
                "field.label_moved",
            )
        return found

    def _before(self, key: str) -> Iterator[str]:
        """Yield the paths that a label meant in earlier versions, the newest first, if they still exist."""
        index = self.earlier
        while index is not None:
            found = index.matches(key)
            if len(found) == 1 and tuple(found[0].split(".")) in self._below:
                yield found[0]
            index = index.earlier

    def inside(self, path: str) -> FieldIndex:
        """Return the fields below the place at `path` alone, with what they were called before."""
        below = [item for item in self.fields if item.path.startswith(f"{path}.")]
        return FieldIndex(below, earlier=self.earlier.inside(path) if self.earlier else None)

    def member(self, path: str, key: str) -> Target:
        """Return what `key` names inside the place at `path`: a member by name, path or label.

        Raises:
            UnknownField: nothing in there is called that.
            AmbiguousField: several things in there are called that.
        """
        inside = tuple(path.split("."))
        names = (*inside, *_MARKS.sub("", key.strip()).split("."))
        if names in self._below:
            return self.target(".".join(names))
        wanted = tuple(normal(part) for part in _CHAIN.split(key))
        found = [place for place in self._named(wanted, inside) if place != inside]
        if len(found) == 1:
            return self.target(".".join(found[0]))
        candidates = [self._candidate(tuple(item.path.split("."))) for item in self._below.get(inside, ())]
        if found:
            raise AmbiguousField(key, [self._candidate(place) for place in found])
        raise UnknownField(key, candidates, "field.no_part", inside=chain(self._shown(inside)))

    def name(self, path: str) -> str:
        """Return the shortest name of the place at `path`: label, chain of labels, or the path itself."""
        names = tuple(path.split("."))
        labels = self._shown(names)
        wanted = [self.target(path).path]
        names_tried = (labels[-1], chain(labels), " > ".join(labels))
        return next((name for name in names_tried if self.matches(name) == wanted), path)

    def label(self, path: str) -> str:
        """Return the label of the place at `path`, which may be that of other places too."""
        return self._shown(tuple(path.split(".")))[-1]

    def target(self, path: str) -> Target:
        """Return what a dotted path names; the path must exist.

        Raises:
            UnknownField: the definition has no such path.
        """
        names = tuple(path.split("."))
        below = self._below.get(names)
        if not below:
            raise UnknownField(path, self._near(path))
        while len(below) == 1 and not self._is_leaf(names):
            names = tuple(below[0].path.split("."))
        field = main_field(below, len(names))
        kind = "leaf" if self._is_leaf(names) else "composite"
        return Target(".".join(names), kind, field, tuple(below))

    def _is_leaf(self, names: Names) -> bool:
        below = self._below[names]
        return len(below) == 1 and len(below[0].levels) == len(names)

    def _path(self, key: str) -> Names | None:
        text = _MARKS.sub("", key.strip()).replace("/", ".")
        if not _PATH.fullmatch(text):
            return None
        names = tuple(text.split("."))
        if names in self._below:
            return names
        if names[-1] in ENGINE_MEMBERS and (len(names) == 1 or names[:-1] in self._below):
            raise UnknownField(key, (), "field.of_engine", name=names[-1])
        return None

    def matches(self, key: str) -> list[str]:
        """Return the paths of every place that `key` names: one, several, or none; earlier labels not."""
        names = self._path(key)
        found = [names] if names is not None else self._labels_of(key)
        return [self.target(".".join(names)).path for names in found]

    def _labelled(self, key: str) -> Names:
        found = self._labels_of(key)
        if not found:
            raise UnknownField(key, self._near(key))
        if len(found) > 1:
            raise AmbiguousField(key, [self._candidate(names) for names in found])
        return found[0]

    def _labels_of(self, key: str) -> list[Names]:
        """Return the places with this label, or this chain of labels."""
        parts = tuple(normal(part) for part in _CHAIN.split(key))
        return self._named((normal(key),)) or (self._named(parts) if len(parts) > 1 else [])

    def _named(self, wanted: tuple[str, ...], inside: Names = ()) -> list[Names]:
        """Return the places with these labels: leaves first, and nodes only where no leaf fits."""
        leaves, nodes = (
            [
                names
                for names in known.get(wanted[-1], ())
                if names[: len(inside)] == inside and self._fits(names, wanted)
            ]
            for known in (self._leaves, self._nodes)
        )
        if (
            len(wanted) > 1
            and len(whole := [names for names in leaves if self._titles[names] == wanted]) == 1
        ):
            return whole
        found = leaves or nodes
        # "Item Weight" is the attribute and its value: name the attribute, which takes both forms.
        for node in nodes:
            field = main_field(self._below[node], len(node))
            if field and found == [tuple(field.path.split("."))]:
                return [node]
        if not leaves and len(nodes) > 1:
            outer = [n for n in nodes if not any(n != other and n[: len(other)] == other for other in nodes)]
            same = {id(self.target(".".join(n)).field) for n in nodes}
            if len(outer) == 1 and len(same) == 1:
                return outer
        return found

    def _fits(self, names: Names, wanted: tuple[str, ...]) -> bool:
        """Return whether `wanted` ends at `names` and its other labels come above, in this order."""
        above = iter(reversed(self._titles[names][:-1]))
        return all(part in above for part in reversed(wanted[:-1]))

    def _shown(self, names: Names) -> tuple[str, ...]:
        return self._below[names][0].labels[: len(names)]

    def _candidate(self, names: Names) -> Candidate:
        first = self._below[names][0]
        is_leaf = self._is_leaf(names)
        return Candidate(chain(self._shown(names)), ".".join(names), first.help if is_leaf else "")

    def _near(self, key: str) -> list[Candidate]:
        """Return the fields whose labels, chains or paths have most in common with `key`."""
        wanted = _likeness(key)
        scored = sorted(
            (-score, sum(map(len, titles)), names)
            for names, titles in self._titles.items()
            if self._is_leaf(names) and (score := wanted(titles, names)) >= ALIKE
        )
        # Numbered attributes share their labels: one of them is enough.
        different: dict[tuple[str, ...], Names] = {}
        for _, _, names in scored:
            different.setdefault(self._titles[names], names)
        return [self._candidate(names) for names in list(different.values())[:_CANDIDATES]]


def _likeness(key: str) -> Callable[[Sequence[str], Sequence[str]], float]:
    """Return how much a mapping key that names nothing is like a field, from 0 to 1.

    Returns:
        A function of the field's normal labels, outermost first, and of its path's names.
    """
    typed = _CHAIN.split(key)[-1]
    wanted = words(key)

    def of(titles: Sequence[str], names: Sequence[str]) -> float:
        spelling = max(similarity(typed, name) for name in (titles[-1], ".".join(names)))
        anywhere, own = words(" ".join((*titles, *names))), words(titles[-1])
        return max(spelling, 0.6 * shared(wanted, anywhere) + 0.4 * shared(wanted, own))

    return of


__all__ = [
    "AmbiguousField",
    "Candidate",
    "FieldIndex",
    "OutsideRequirements",
    "Target",
    "UnknownField",
]
