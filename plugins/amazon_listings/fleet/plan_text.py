"""Show a plan: as text for a terminal, and as Markdown for a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from amazon_listings.fleet.plan_records import ConnectorPlan, FieldChange

#: SKUs that are named of each kind.
_NAMED = 5
_KINDS = (
    ("added", "payloads added"),
    ("changed", "payloads changed"),
    ("removed", "leave the choice of items"),
    ("newly_blocked", "newly blocked"),
    ("newly_right", "newly right"),
)


def plan_text(plans: Sequence[ConnectorPlan]) -> str:
    """Return a plan as text."""
    lines: list[str] = []
    for plan in plans:
        lines.append(f"{plan.id}  {plan.state}  {_count(plan.items, 'item')} known")
        lines += [f"    {text}" for text in _counts(plan)]
        for field in plan.fields:
            lines.append(f"    {field.name}: {_field(field)}")
            lines += [
                f"        {one.sku}: {_value(one.before)} → {_value(one.after)}" for one in field.examples
            ]
        if plan.cost.calls:
            lines.append(f"    Cost: {plan.cost.words}, {plan.cost.way}.")
        lines += [f"    {note}" for note in plan.notes]
        if plan.is_empty:
            lines.append("    No item changes.")
    return "\n".join([*lines, "", summary(plans)]).lstrip("\n") + "\n"


def plan_markdown(plans: Sequence[ConnectorPlan]) -> str:
    """Return a plan as Markdown, for a comment on a pull request."""
    lines = ["## Plan of listings", "", summary(plans)]
    touched = [plan for plan in plans if not plan.is_empty or plan.notes]
    if touched:
        lines += [
            "",
            "| Connector | | Added | Changed | Removed | Newly blocked | Newly right | Cost |",
            "|---|---|---:|---:|---:|---:|---:|---|",
        ]
        for plan in touched:
            numbers = " | ".join(f"{len(getattr(plan, name)):,}" for name, _ in _KINDS)
            lines.append(f"| `{plan.id}` | {plan.state} | {numbers} | {plan.cost.words} |")
    for plan in touched:
        lines += ["", "<details>", f"<summary>{plan.id}</summary>", ""]
        lines += [f"- {text}" for text in _counts(plan)]
        lines += [f"- {note}" for note in plan.notes]
        if plan.fields:
            lines += ["", "| Field | | SKU | Before | After |", "|---|---|---|---|---|"]
        for field in plan.fields:
            name, what = f"`{field.name}`", _field(field)
            for one in field.examples:
                lines.append(
                    f"| {name} | {what} | {_cell(one.sku)} | {_cell(one.before)} | {_cell(one.after)} |"
                )
                name = what = ""
        lines += ["", "</details>"]
    return "\n".join(lines) + "\n"


def summary(plans: Sequence[ConnectorPlan]) -> str:
    """Return the plan in one sentence."""
    touched = [plan for plan in plans if not plan.is_empty]
    if not touched:
        return f"No item of {_count(len(plans), 'connector')} changes. Nothing is sent."
    numbers = [
        f"{number:,} {text}"
        for name, text in _KINDS
        if (number := sum(len(getattr(one, name)) for one in plans))
    ]
    calls = sum(plan.cost.calls for plan in plans)
    return (
        f"{_count(len(touched), 'connector')}: {', '.join(numbers)}; {calls:,} calls. Nothing has been sent."
    )


def _counts(plan: ConnectorPlan) -> Iterator[str]:
    for name, text in _KINDS:
        skus = getattr(plan, name)
        if skus:
            more = f" and {len(skus) - _NAMED:,} more" if len(skus) > _NAMED else ""
            yield f"{len(skus):,} {text}: {', '.join(skus[:_NAMED])}{more}"
    if plan.still_blocked:
        yield f"{_count(plan.still_blocked, 'item')} changed too, blocked before and after"


def _field(field: FieldChange) -> str:
    parts = (("added", field.added), ("changed", field.changed), ("removed", field.removed))
    return ", ".join(f"{number:,} {text}" for text, number in parts if number)


def _value(value: Any) -> str:
    return "nothing" if value is None else msgspec.json.encode(value).decode()


def _cell(value: Any) -> str:
    text = value if isinstance(value, str) else _value(value)
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
