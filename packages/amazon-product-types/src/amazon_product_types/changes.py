"""What changed between two versions of a definition, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from amazon_product_types.fields import fields
from amazon_product_types.matching import chain
from amazon_product_types.messages import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from amazon_product_types.definition import Definition
    from amazon_product_types.fields import Field
    from amazon_product_types.messages import Catalogue
    from amazon_product_types.options import Option

#: Kinds of change in the order they are told; `messages/` has the heading of each.
KINDS = (
    "removed", "required", "condition", "forbidden", "restricted", "options_gone", "tightened", "type",
    "renamed", "deprecated", "added", "options_new", "loosened", "relaxed",
)  # fmt: skip
#: Kinds after which a payload that was right may be wrong.
BREAKING = frozenset(
    {"removed", "required", "condition", "forbidden", "restricted", "options_gone", "tightened", "type"}
)
_SHOWN = 5


class Change(NamedTuple):
    """One change to one field. `text` is a sentence; `kind` a key of `KINDS`."""

    kind: str
    path: str
    label: str
    text: str

    @property
    def breaking(self) -> bool:
        """Whether a payload that was right before may be wrong now."""
        return self.kind in BREAKING


def changes(old: Definition, new: Definition, *, language: str = "en") -> list[Change]:
    """Return what changed from one version of a definition to another, worst first.

    Args:
        old: The definition before, with the labels it had.
        new: The definition now.
        language: Of the sentences: en, es, fr or de.
    """
    before = {item.path: item for item in fields(old, language=language)}
    after = {item.path: item for item in fields(new, language=language)}
    wording = _Wording(catalogue(language))
    found = [wording.removed(before[path]) for path in before.keys() - after.keys()]
    found += [change for path in after.keys() - before.keys() for change in wording.added(after[path])]
    for path in before.keys() & after.keys():
        found += wording.changed(before[path], after[path])
    places = {path: index for index, path in enumerate([*after, *before])}
    return sorted(found, key=lambda change: (KINDS.index(change.kind), places[change.path]))


def told(found: Sequence[Change], language: str = "en") -> Iterator[str]:
    """Yield the changes as lines of text under headings, counts first."""
    messages = catalogue(language)
    if not found:
        yield messages.phrase("change.no_change")
        return
    counts = {kind: sum(change.kind == kind for change in found) for kind in KINDS}
    yield ", ".join(
        f"{messages.phrase(f'change.kind_{kind}')}: {count}" for kind, count in counts.items() if count
    )
    for kind in KINDS:
        if counts[kind]:
            yield ""
            yield messages.phrase(f"change.kind_{kind}")
            yield from (
                f"  {change.label} ({change.path}): {change.text}" for change in found if change.kind == kind
            )


class _Wording:
    """Says in one language how fields differ."""

    def __init__(self, messages: Catalogue) -> None:
        self._phrase = messages.phrase
        self._all_of = messages.all_of

    def removed(self, item: Field) -> Change:
        """That a field is gone."""
        text = self._phrase("change.removed")
        if item.replaced_by:
            text = self._phrase("change.replaced", text=text, instead=", ".join(item.replaced_by))
        return _change("removed", item, text)

    def added(self, item: Field) -> Iterator[Change]:
        """That a field is new, and that it is required if it is."""
        yield _change(
            "added", item, self._phrase("change.added", level=self._phrase(f"condition.{item.requirement}"))
        )
        if item.requirement == "required" or item.needed_alone:
            yield _change("required", item, item.condition or self._phrase("condition.required"))

    def changed(self, old: Field, new: Field) -> Iterator[Change]:
        """Yield how a field differs."""
        yield from self._requirement(old, new)
        if old.forbidden != new.forbidden:
            before, now = (item.forbidden or self._phrase("condition.always_allowed") for item in (old, new))
            yield _change("forbidden", new, self._phrase("change.before", now=now, before=before))
        if old.restriction != new.restriction:
            yield _change("restricted" if new.restriction else "loosened", new, self._dependence(new))
        if old.json_type != new.json_type or old.type != new.type:
            text = self._phrase("change.type", type=self._phrase(f"field.{new.type}"))
            yield _change(
                "type", new, self._phrase("change.before", now=text, before=self._phrase(f"field.{old.type}"))
            )
        yield from self._options(old, new)
        yield from self._limits(old, new)
        if chain(old.labels) != chain(new.labels):
            yield _change("renamed", new, self._phrase("change.renamed", label=chain(old.labels)))

    def _dependence(self, item: Field) -> str:
        if item.depends_on:
            return self._phrase("change.depends", names=self._all_of(item.depends_on))
        return self._phrase("change.excluded" if item.restriction else "change.unrestricted")

    def _requirement(self, old: Field, new: Field) -> Iterator[Change]:
        if (old.requirement, old.condition) == (new.requirement, new.condition):
            return
        before = old.condition or self._phrase(f"condition.{old.requirement}")
        if new.requirement == "required" or (new.needed_alone and not old.needed_alone):
            now, kind = new.condition or self._phrase("condition.required"), "required"
        elif new.requirement == "conditional":
            now, kind = new.condition, "condition"
        elif old.requirement in {"required", "conditional"}:
            now, kind = self._phrase(f"condition.{new.requirement}"), "relaxed"
        else:
            return
        yield _change(kind, new, self._phrase("change.before", now=now, before=before))

    def _options(self, old: Field, new: Field) -> Iterator[Change]:
        before, after = ({repr(o.value): o for o in item.options} for item in (old, new))
        gone = [before[code] for code in before if code not in after]
        come = [after[code] for code in after if code not in before]
        fading = [
            o for code, o in after.items() if o.deprecated and code in before and not before[code].deprecated
        ]
        if gone and after and not new.open:
            yield _change("options_gone", new, self._listed("gone", gone))
        if after and not new.open and (old.open or not before):
            yield _change("tightened", new, self._phrase("change.closed"))
        elif before and not old.open and (new.open or not after):
            yield _change("loosened", new, self._phrase("change.opened"))
        if come and before:
            yield _change("options_new", new, self._listed("come", come))
        if fading:
            yield _change("deprecated", new, self._listed("fading", fading))

    def _listed(self, what: str, options: Sequence[Option]) -> str:
        names = [f"{o.name} ({o.value})" if str(o.value) != o.name else o.name for o in options[:_SHOWN]]
        listed, more = ", ".join(names), len(options) - _SHOWN
        return self._phrase(
            f"change.{what}",
            options=self._phrase("change.and_more", values=listed, count=more) if more > 0 else listed,
        )

    def _limits(self, old: Field, new: Field) -> Iterator[Change]:
        is_text = new.json_type == "string"
        for name, phrase, tighter in (
            ("max", "change.characters_max" if is_text else "condition.maximum", _less),
            ("max_bytes", "change.bytes_max", _less),
            ("max_values", "change.values_max", _less),
            ("min", "change.characters_min" if is_text else "condition.minimum", _more),
            ("min_bytes", "change.bytes_min", _more),
            ("multiple_of", "condition.multipleOf", _other),
            ("pattern", "condition.pattern", _other),
        ):
            before, after = getattr(old, name), getattr(new, name)
            if before == after:
                continue
            text = self._phrase(phrase, limit=before if after is None else after)
            if after is None:
                text = self._phrase("change.no_longer", limit=text)
            elif before is not None:
                text = self._phrase("change.before", now=text, before=before)
            yield _change("tightened" if tighter(after, before) else "loosened", new, text)


def _change(kind: str, item: Field, text: str) -> Change:
    return Change(kind, item.path, chain(item.labels), text)


def _less(after: float | None, before: float | None) -> bool:
    return after is not None and (before is None or after < before)


def _more(after: float | None, before: float | None) -> bool:
    return after is not None and (before is None or after > before)


def _other(after: object, _before: object) -> bool:
    return after is not None
