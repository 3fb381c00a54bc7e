"""Show a plan: as text for a terminal, and as Markdown for a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from amazon_listings.fleet.findings import named

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from amazon_listings.fleet.plan_records import ConnectorPlan, FieldChange
    from amazon_listings.messages import Catalogue

#: SKUs that are named of each kind.
_NAMED = 5
#: Characters of a comment on a pull request: GitHub takes 65,536, and the plan's hash follows.
_COMMENT = 64_000
_KINDS = ("added", "changed", "removed", "newly_blocked", "newly_right")


def plan_text(plans: Sequence[ConnectorPlan], messages: Catalogue) -> str:
    """Return a plan as text.

    Args:
        plans: The plan of each connector.
        messages: The language.
    """
    lines: list[str] = []
    for plan, ids in _together(plans):
        judged = plan.items or plan.state not in {"broken", "unknown"}
        known = messages.phrase("plan.items_known", count=plan.items) if judged else ""
        lines.append(f"{named(ids)}  {messages.phrase(f'plan.state_{plan.state}')}  {known}".rstrip())
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
        if plan.is_empty and plan.items:
            lines.append("    " + messages.phrase("plan.no_item"))
    return "\n".join([*lines, "", summary(plans, messages)]).lstrip("\n") + "\n"


def plan_markdown(plans: Sequence[ConnectorPlan], messages: Catalogue) -> str:
    """Return a plan as Markdown, for a comment on a pull request, which has a greatest length.

    Args:
        plans: The plan of each connector.
        messages: The language.
    """
    lines = [f"## {messages.phrase('plan.title')}", "", summary(plans, messages)]
    touched = [(plan, ids) for plan, ids in _together(plans) if not plan.is_empty or plan.notes]
    if touched:
        lines += ["", f"| {messages.phrase('plan.columns')} |", "|---|---|---:|---:|---:|---:|---:|---|"]
        rows = [[_row(plan, ids, messages)] for plan, ids in touched]
        details = [_details(plan, ids, messages) for plan, ids in touched]
        lines += _fitting(rows, _COMMENT // 2, messages)
        lines += _fitting(details, _COMMENT - sum(len(line) + 1 for line in lines), messages)
    return "\n".join(lines) + "\n"


def _together(plans: Sequence[ConnectorPlan]) -> Iterator[tuple[ConnectorPlan, list[str]]]:
    """Yield each plan with its connector's id; those that know of no item and say the same, together."""
    found: dict[Any, tuple[ConnectorPlan, list[str]]] = {}
    for plan in plans:
        same = plan.id if plan.items else (plan.state, plan.notes)
        found.setdefault(same, (plan, []))[1].append(plan.id)
    yield from found.values()


def _fitting(blocks: Sequence[list[str]], most: int, messages: Catalogue) -> Iterator[str]:
    """Yield the lines of the first blocks, as many as have so many characters, and how many are left."""
    for number, block in enumerate(blocks):
        most -= sum(len(line) + 1 for line in block)
        if most < 0:
            yield from ("", messages.phrase("plan.cut", count=len(blocks) - number))
            return
        yield from block


def _row(plan: ConnectorPlan, ids: Sequence[str], messages: Catalogue) -> str:
    numbers = " | ".join(messages.value(len(getattr(plan, name))) for name in _KINDS)
    state = messages.phrase(f"plan.state_{plan.state}")
    return f"| {named([f'`{one}`' for one in ids])} | {state} | {numbers} | {plan.cost.words} |"


def _details(plan: ConnectorPlan, ids: Sequence[str], messages: Catalogue) -> list[str]:
    lines = ["", "<details>", f"<summary>{named(ids)}</summary>", ""]
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
    return [*lines, "", "</details>"]


def summary(plans: Sequence[ConnectorPlan], messages: Catalogue) -> str:
    """Return the plan in a sentence, and one each about connectors that are broken or not known."""
    unknown = sum(plan.is_unknown for plan in plans)
    broken = sum(plan.state == "broken" for plan in plans)
    sentences = [] if plans and unknown + broken == len(plans) else [_changes(plans, messages)]
    sentences += [messages.phrase("plan.sum_unknown", count=unknown)] if unknown else []
    sentences += [messages.phrase("plan.sum_broken", count=broken)] if broken else []
    return " ".join(sentences)


def _changes(plans: Sequence[ConnectorPlan], messages: Catalogue) -> str:
    touched = [plan for plan in plans if not plan.is_empty]
    if not touched:
        known = [plan for plan in plans if plan.state != "broken" and not plan.is_unknown]
        return messages.phrase("plan.none", count=len(known))
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


def _value(value: object, messages: Catalogue) -> str:
    return messages.phrase("plan.nothing") if value is None else msgspec.json.encode(value).decode()


def _cell(value: object, messages: Catalogue) -> str:
    text = value if isinstance(value, str) else _value(value, messages)
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
