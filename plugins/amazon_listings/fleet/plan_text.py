"""Show a plan: as text for a terminal, and as Markdown for a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from amazon_listings.fleet.plan_records import ConnectorPlan, FieldChange
    from amazon_listings.messages import Catalogue

#: SKUs that are named of each kind.
_NAMED = 5
_KINDS = ("added", "changed", "removed", "newly_blocked", "newly_right")


def plan_text(plans: Sequence[ConnectorPlan], messages: Catalogue) -> str:
    """Return a plan as text.

    Args:
        plans: The plan of each connector.
        messages: The language.
    """
    lines: list[str] = []
    for plan in plans:
        known = messages.phrase("plan.items_known", count=plan.items)
        lines.append(f"{plan.id}  {messages.phrase(f'plan.state_{plan.state}')}  {known}")
        lines += [f"    {text}" for text in _counts(plan, messages)]
        for field in plan.fields:
            lines.append(f"    {field.name}: {_field(field, messages)}")
            lines += [
                f"        {one.sku}: {_value(one.before, messages)} → {_value(one.after, messages)}"
                for one in field.examples
            ]
        if plan.cost.calls:
            way = messages.phrase(f"plan.way_{plan.cost.way}")
            lines.append("    " + messages.phrase("plan.cost_line", cost=plan.cost.words, way=way))
        lines += [f"    {note}" for note in plan.notes]
        if plan.is_empty:
            lines.append("    " + messages.phrase("plan.no_item"))
    return "\n".join([*lines, "", summary(plans, messages)]).lstrip("\n") + "\n"


def plan_markdown(plans: Sequence[ConnectorPlan], messages: Catalogue) -> str:
    """Return a plan as Markdown, for a comment on a pull request.

    Args:
        plans: The plan of each connector.
        messages: The language.
    """
    lines = [f"## {messages.phrase('plan.title')}", "", summary(plans, messages)]
    touched = [plan for plan in plans if not plan.is_empty or plan.notes]
    if touched:
        lines += ["", f"| {messages.phrase('plan.columns')} |", "|---|---|---:|---:|---:|---:|---:|---|"]
        for plan in touched:
            numbers = " | ".join(messages.value(len(getattr(plan, name))) for name in _KINDS)
            state = messages.phrase(f"plan.state_{plan.state}")
            lines.append(f"| `{plan.id}` | {state} | {numbers} | {plan.cost.words} |")
    for plan in touched:
        lines += ["", "<details>", f"<summary>{plan.id}</summary>", ""]
        lines += [f"- {text}" for text in _counts(plan, messages)]
        lines += [f"- {note}" for note in plan.notes]
        if plan.fields:
            lines += ["", f"| {messages.phrase('plan.field_columns')} |", "|---|---|---|---|---|"]
        for field in plan.fields:
            name, what = f"`{field.name}`", _field(field, messages)
            for one in field.examples:
                before, after = (_cell(value, messages) for value in (one.before, one.after))
                lines.append(f"| {name} | {what} | {_cell(one.sku, messages)} | {before} | {after} |")
                name = what = ""
        lines += ["", "</details>"]
    return "\n".join(lines) + "\n"


def summary(plans: Sequence[ConnectorPlan], messages: Catalogue) -> str:
    """Return the plan in one sentence."""
    touched = [plan for plan in plans if not plan.is_empty]
    if not touched:
        return messages.phrase("plan.none", count=len(plans))
    kinds = [
        messages.phrase(f"plan.{name}", count=number)
        for name in _KINDS
        if (number := sum(len(getattr(one, name)) for one in plans))
    ]
    return messages.phrase(
        "plan.sum",
        connectors=messages.phrase("cli.connectors_counted", count=len(touched)),
        kinds=", ".join(kinds),
        calls=messages.phrase("plan.calls", count=sum(plan.cost.calls for plan in plans)),
    )


def _counts(plan: ConnectorPlan, messages: Catalogue) -> Iterator[str]:
    for name in _KINDS:
        skus = getattr(plan, name)
        if skus:
            named = ", ".join(skus[:_NAMED])
            if len(skus) > _NAMED:
                named = messages.phrase("plan.more_skus", count=len(skus) - _NAMED, skus=named)
            yield messages.phrase(
                "plan.skus", what=messages.phrase(f"plan.{name}", count=len(skus)), skus=named
            )
    if plan.still_blocked:
        yield messages.phrase("plan.still_blocked", count=plan.still_blocked)


def _field(field: FieldChange, messages: Catalogue) -> str:
    parts = (("added", field.added), ("changed", field.changed), ("removed", field.removed))
    return ", ".join(messages.phrase(f"plan.field_{name}", count=number) for name, number in parts if number)


def _value(value: Any, messages: Catalogue) -> str:
    return messages.phrase("plan.nothing") if value is None else msgspec.json.encode(value).decode()


def _cell(value: Any, messages: Catalogue) -> str:
    text = value if isinstance(value, str) else _value(value, messages)
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
