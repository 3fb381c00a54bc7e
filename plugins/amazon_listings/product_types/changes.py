"""What changed between two versions of a definition, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.product_types.fields import fields
from amazon_listings.product_types.labels import chain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from amazon_listings.product_types.fields import Field
    from amazon_listings.product_types.options import Option

#: Kinds of change in the order they are told, with the heading each comes under.
KINDS = {
    "removed": "Fields removed",
    "required": "Newly required",
    "condition": "Required in other cases",
    "forbidden": "Allowed in other cases",
    "restricted": "Values allowed in other cases",
    "options_gone": "Options gone",
    "tightened": "Limits tightened",
    "type": "Types changed",
    "renamed": "Labels renamed",
    "deprecated": "Options going away",
    "added": "Fields added",
    "options_new": "Options added",
    "loosened": "Limits loosened",
    "relaxed": "No longer required",
}
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


def changes(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    *,
    old_labels: Mapping[str, Any] | None = None,
    new_labels: Mapping[str, Any] | None = None,
) -> list[Change]:
    """What changed from one version of a definition to another, worst first.

    Args:
        old: The definition before.
        new: The definition now.
        old_labels: The one before in the locale people read, if that is another.
        new_labels: The one now in that locale.
    """
    before = {item.path: item for item in fields(old, labels_document=old_labels)}
    after = {item.path: item for item in fields(new, labels_document=new_labels)}
    found = [change for path in before.keys() - after.keys() for change in _removed(before[path])]
    found += [change for path in after.keys() - before.keys() for change in _added(after[path])]
    for path in before.keys() & after.keys():
        found += _changed(before[path], after[path])
    order = list(KINDS)
    places = {path: index for index, path in enumerate([*after, *before])}
    return sorted(found, key=lambda change: (order.index(change.kind), places[change.path]))


def told(found: Sequence[Change]) -> Iterator[str]:
    """The changes as lines of text under headings, counts first."""
    if not found:
        yield "No field changed."
        return
    counts = {kind: sum(change.kind == kind for change in found) for kind in KINDS}
    yield ", ".join(f"{KINDS[kind].lower()}: {count}" for kind, count in counts.items() if count)
    for kind, heading in KINDS.items():
        if counts[kind]:
            yield ""
            yield heading
            yield from (
                f"  {change.label} ({change.path}): {change.text}" for change in found if change.kind == kind
            )


def _change(kind: str, item: Field, text: str) -> Change:
    return Change(kind, item.path, chain(item.labels), text)


def _removed(item: Field) -> Iterator[Change]:
    instead = f"; replaced by {', '.join(item.replaced_by)}" if item.replaced_by else ""
    yield _change("removed", item, f"no longer exists{instead}")


def _added(item: Field) -> Iterator[Change]:
    yield _change("added", item, f"new, {item.requirement}")
    if item.requirement == "required" or item.needed_alone:
        yield _change("required", item, item.condition or "required")


def _changed(old: Field, new: Field) -> Iterator[Change]:
    yield from _requirement(old, new)
    if old.forbidden != new.forbidden:
        now = new.forbidden or "always allowed"
        yield _change("forbidden", new, f"{now} (before: {old.forbidden or 'always allowed'})")
    if old.restriction != new.restriction:
        yield _change("restricted" if new.restriction else "loosened", new, _dependence(new))
    if old.json_type != new.json_type or old.type != new.type:
        yield _change("type", new, f"is a {new.type} (before: {old.type})")
    yield from _options(old, new)
    yield from _limits(old, new)
    if chain(old.labels) != chain(new.labels):
        yield _change("renamed", new, f"was called {chain(old.labels)!r}")


def _dependence(item: Field) -> str:
    if item.depends_on:
        return f"which values are allowed depends on {' and '.join(item.depends_on)} in another way"
    return (
        "some values exclude others in another way" if item.restriction else "all values are always allowed"
    )


def _requirement(old: Field, new: Field) -> Iterator[Change]:
    if (old.requirement, old.condition) == (new.requirement, new.condition):
        return
    before = old.condition or old.requirement
    if new.requirement == "required" or (new.needed_alone and not old.needed_alone):
        yield _change("required", new, f"{new.condition or 'required'} (before: {before})")
    elif new.requirement == "conditional":
        yield _change("condition", new, f"{new.condition} (before: {before})")
    elif old.requirement in {"required", "conditional"}:
        yield _change("relaxed", new, f"{new.requirement} (before: {before})")


def _options(old: Field, new: Field) -> Iterator[Change]:
    before, after = ({repr(o.value): o for o in item.options} for item in (old, new))
    gone = [before[code] for code in before if code not in after]
    come = [after[code] for code in after if code not in before]
    fading = [
        o for code, o in after.items() if o.deprecated and code in before and not before[code].deprecated
    ]
    if gone and after and not new.open:
        yield _change("options_gone", new, _listed("gone", gone))
    if after and not new.open and (old.open or not before):
        yield _change("tightened", new, "only takes its options, other text is refused")
    elif before and not old.open and (new.open or not after):
        yield _change("loosened", new, "takes other text than its options")
    if come and before:
        yield _change("options_new", new, _listed("new", come))
    if fading:
        yield _change("deprecated", new, _listed("going away", fading))


def _listed(what: str, options: Sequence[Option]) -> str:
    names = [f"{o.name} ({o.value})" if str(o.value) != o.name else o.name for o in options[:_SHOWN]]
    more = len(options) - _SHOWN
    return f"{what}: " + ", ".join(names) + (f" and {more} more" if more > 0 else "")


def _limits(old: Field, new: Field) -> Iterator[Change]:
    unit = " characters" if new.json_type == "string" else ""
    for name, words, tighter in (
        ("max", f"at most {{}}{unit}", _less),
        ("max_bytes", "at most {} bytes", _less),
        ("max_values", "at most {} values", _less),
        ("min", f"at least {{}}{unit}", _more),
        ("min_bytes", "at least {} bytes", _more),
        ("multiple_of", "a multiple of {}", _other),
        ("pattern", "of the form {}", _other),
    ):
        before, after = getattr(old, name), getattr(new, name)
        if before == after:
            continue
        text = (
            words.format(_number(after))
            if after is not None
            else f"no longer {words.format(_number(before))}"
        )
        was = f" (before: {_number(before)})" if before is not None and after is not None else ""
        yield _change("tightened" if tighter(after, before) else "loosened", new, text + was)


def _less(after: float | None, before: float | None) -> bool:
    return after is not None and (before is None or after < before)


def _more(after: float | None, before: float | None) -> bool:
    return after is not None and (before is None or after > before)


def _other(after: object, _before: object) -> bool:
    return after is not None


def _number(value: Any) -> str:
    return f"{value:,.10g}" if isinstance(value, (int, float)) else str(value)
