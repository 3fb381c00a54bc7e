"""What a change of a definition means for the mappings that use it, and for their items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from amazon_product_types.labels import FieldIndex, Target, UnknownField
from amazon_product_types.messages import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from amazon_product_types.changes import Change
    from amazon_product_types.messages import Catalogue
    from amazon_product_types.validation import Issue


class Touched(NamedTuple):
    """One mapping line that a change touches, or (without `key`) a field that now lacks one.

    `line` is the line in the connector's file, if it is known. `person`: a person must act.
    """

    connector: str
    key: str
    line: int | None
    path: str
    text: str
    person: bool

    def told(self, language: str = "en") -> str:
        """Return the line, and what of it is touched, as a sentence."""
        place = (
            catalogue(language).phrase("change.line", connector=self.connector, line=self.line)
            if self.line
            else self.connector
        )
        return f"{place}: {self.key or self.path}: {self.text}"


class Mapped(NamedTuple):
    """A connector's mapping, as `impact` needs it; `lines` gives the line of each key."""

    connector: str
    mapping: Mapping[str, Any]
    lines: Mapping[str, int]


class Judge(Protocol):
    """A compiled definition, as `validation.compile_definition` makes it."""

    def is_valid(self, attributes: dict[str, Any], /) -> bool:
        """Return whether the attributes fulfil the definition."""

    def issues(self, attributes: dict[str, Any], /) -> list[Issue]:
        """Return what is wrong with them."""


class NewlyFailing(NamedTuple):
    """Items judged by both versions: how many, how many failed before, and what fails only now.

    `skus` are the first of those, each with the fields (paths) that are wrong now.
    """

    items: int
    failed_before: int
    failing_now: int
    skus: tuple[tuple[str, tuple[str, ...]], ...]


def impact(
    found: Sequence[Change],
    mappings: Iterable[Mapped],
    old: FieldIndex,
    new: FieldIndex,
    *,
    language: str = "en",
) -> list[Touched]:
    """Return the mapping lines that changes touch.

    A line whose field is unchanged is not listed. One whose label was renamed keeps its meaning
    by path and needs no action. The rest is what a person must look at.

    Args:
        found: The changes from the one version to the other.
        mappings: The connectors that use the definition.
        old: The fields before.
        new: The fields now.
        language: Of the sentences: that of `found`.
    """
    messages = catalogue(language)
    return [touched for mapped in mappings for touched in _impact(found, mapped, old, new, messages)]


def _impact(
    found: Sequence[Change], mapped: Mapped, old: FieldIndex, new: FieldIndex, messages: Catalogue
) -> Iterator[Touched]:
    by_path: dict[str, list[Change]] = {}
    for change in found:
        by_path.setdefault(change.path, []).append(change)
    mapped_paths: set[str] = set()
    for key, value in mapped.mapping.items():
        line = mapped.lines.get(key)
        # One label of numbered attributes stands for all of them.
        before = old.matches(key)
        for path in before or new.matches(key):
            target = _target(old, path) or _target(new, path)
            if target is None:
                continue
            paths = [item.path for item in target.fields]
            if isinstance(value, dict) or target.field is None:
                mapped_paths.update(paths)
            else:
                mapped_paths.add(target.field.path)
            yield from (
                Touched(mapped.connector, key, line, change.path, change.text, change.breaking)
                for place in paths
                for change in by_path.get(place, ())
                if change.kind not in {"renamed", "added", "required"}
            )
            if (became := _renamed(key, target, new, messages, clear=len(before) == 1)) is not None:
                text, person = became
                yield Touched(mapped.connector, key, line, target.path, text, person)
    for change in found:
        if change.kind == "required" and change.path not in mapped_paths:
            text = messages.phrase("change.not_mapped", text=change.text)
            yield Touched(mapped.connector, "", None, change.path, text, person=True)


def _target(index: FieldIndex, path: str) -> Target | None:
    try:
        return index.target(path)
    except UnknownField:
        return None


def _renamed(
    key: str, target: Target, new: FieldIndex, messages: Catalogue, *, clear: bool
) -> tuple[str, bool] | None:
    """Return what became of the key itself, where its field is still there, and whether a person must act.

    `clear`: it named one field before.
    """
    if _target(new, target.path) is None:
        return None
    now, name = new.matches(key), new.name(target.path)
    if not now:
        return messages.phrase("change.label_now", label=name), False
    if (clear and len(now) > 1) or not any(f"{target.path}.".startswith(f"{path}.") for path in now):
        return messages.phrase("change.label_taken", places=", ".join(now), label=name), True
    return None


def newly_failing(
    items: Iterable[tuple[str, dict[str, Any]]], old: Judge, new: Judge, *, shown: int = 20
) -> NewlyFailing:
    """Return how many items that were right become wrong with the new version.

    Args:
        items: SKU and attributes of each item, read one at a time.
        old: The compiled definition before.
        new: The compiled definition now.
        shown: How many SKUs to name.
    """
    count = before = now = 0
    skus: list[tuple[str, tuple[str, ...]]] = []
    for sku, attributes in items:
        count += 1
        if not old.is_valid(attributes):
            before += 1
        elif not new.is_valid(attributes):
            now += 1
            if len(skus) < shown:
                wrong = dict.fromkeys(issue.path or issue.attribute for issue in new.issues(attributes))
                skus.append((sku, tuple(wrong)))
    return NewlyFailing(count, before, now, tuple(skus))
