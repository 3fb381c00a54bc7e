"""Tables on the terminal; texts of strangers are shown, never obeyed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection


def print_table(heading: str, rows: list[dict[str, Any]], *, without: Collection[str] = ()) -> None:
    """A table of rows with the same keys; columns without any value, and those named, are left out."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not rows:
        print(f"{heading}: none")
        return
    columns = [
        name
        for name in rows[0]
        if name not in without and any(row[name] not in (None, "", [], {}) for row in rows)
    ]
    table = Table(title=heading, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in columns:
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(Text(clean(_shown(row[name]))) for name in columns))
    console = Console()
    # A pipe has no width; whoever reads it wants lines that are not broken.
    console = console if console.is_terminal else Console(width=240)
    console.print(table)
    print()


def print_facts(heading: str, facts: dict[str, Any], *, without: Collection[str] = ()) -> None:
    """Names and values one below the other; what has no value, and what is named, is left out."""
    shown = {name.replace("_", " "): _shown(value) for name, value in facts.items() if name not in without}
    shown = {name: value for name, value in shown.items() if value}
    width = max(map(len, shown), default=0)
    print(heading)
    for name, value in shown.items():
        print(f"  {name:{width}}  {clean(value)}")
    print()


def listed(content: dict[str, Any]) -> str:
    """Names and values in one line: `accepted 3, live 5`; `none` if there are none."""
    shown = ((name.replace("_", " "), _shown(value)) for name, value in content.items())
    return clean(", ".join(f"{name} {value}" for name, value in shown if value)) or "none"


def when(value: Any) -> str:
    """A moment (in UTC) as people read it; anything else as text, nothing as `none`."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return "none" if value is None else str(value)


def clean(text: str) -> str:
    """Text without what a terminal would obey."""
    return "".join(mark if mark.isprintable() else "·" for mark in text)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return listed({name: part for name, part in value.items() if part}) if any(value.values()) else ""
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_shown, value))
    return f"{value:,}" if isinstance(value, int) else when(value)
