"""A connector as a draft would make it: the document, what it compiles to, and what it does to items."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass, replace
from itertools import chain, groupby
from typing import TYPE_CHECKING, Any, cast

from amazon_listings.airflow_adapter.api_server import connector_variables
from amazon_listings.checks.predicted import Known, Predicted
from amazon_listings.checks.remapped import Remapped
from amazon_listings.connectors.loader import load_connectors
from amazon_listings.connectors.texts import VARIABLE_PREFIX
from amazon_listings.errors import ActionRequiredError
from amazon_listings.ledger.connectors.new import find_new_connector
from amazon_listings.ledger.database import chunks
from amazon_listings.ledger.items.states import StateFilter, find_states
from amazon_listings.messages import in_language
from amazon_listings.runs.extract.notations import remembered
from amazon_listings.runs.extract.siblings import variants_of
from amazon_listings.settings import settings
from amazon_listings.web.configured import new_connector_of
from amazon_listings.web.described import last_tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.item import Item
    from amazon_listings.mapping.mapping import FieldMapping, MappedItem
    from amazon_listings.runs.definitions import Definitions

#: Items replayed by a check, and seconds that it may take.
MOST_CHECKED, MOST_SECONDS = 5000, 8.0
#: Families that are replayed together.
AT_ONCE = 100


class DraftUnusable(ActionRequiredError):
    """A connector would be broken with its draft; the message says by what."""


@dataclass(frozen=True)
class Effect:
    """What a draft does to the stored items.

    Args:
        items: Items that were replayed.
        of: Items that there are.
        freed: Those blocked now and not with the draft, by SKU or PIM identity.
        blocked: The other way round.
        cleared: Warnings that go, by their identity in an item (see `Issue.identity`).
    """

    items: int
    of: int
    freed: tuple[str, ...]
    blocked: tuple[str, ...]
    cleared: Mapping[tuple[str, str], int]


def variable_text(one: Connector, changes: Mapping[str, Any]) -> str:
    """Return the text of a connector's Variable with changes of its mapping laid over it."""
    name = f"{VARIABLE_PREFIX}{one.id}"
    new = new_connector_of(one.dag_id)
    patch = new.document if new else json.loads(connector_variables().get(name) or "{}")
    mapping = dict(patch.get("mapping") or {})
    for key, value in changes.items():
        mapping[key] = _replacing(one.mapping.get(key), value)
        if value is None and one.where.path is None:  # no file has a line that a null takes away
            del mapping[key]
    return json.dumps(patch | {"mapping": mapping}, ensure_ascii=False, indent=2)


def drafted(one: Connector, changes: Mapping[str, Any], language: str) -> Connector:
    """Return a connector as it would be with changes of its mapping.

    Args:
        one: The connector.
        changes: Lines of its mapping, by key.
        language: The language in which the reader is told what is wrong.

    Raises:
        DraftUnusable: it would be broken.
    """
    return connector_with(one, variable_text(one, changes), language) if changes else one


def connector_with(one: Connector, text: str, language: str) -> Connector:
    """Return a connector as it would be with another text of its Variable.

    Args:
        one: The connector.
        text: The text of the Variable.
        language: The language in which the reader is told what is wrong.

    Raises:
        DraftUnusable: it would be broken.
    """
    name = f"{VARIABLE_PREFIX}{one.id}"
    with in_language(language):
        loaded = load_connectors(settings().connectors, connector_variables() | {name: text}, only=one.id)
    if loaded.broken:
        raise DraftUnusable("web.draft_unusable", reason=loaded.broken[0].text)
    found = next((each for each in loaded.connectors if each.id == one.id), None)
    if found is None:
        raise DraftUnusable("web.no_such_connector")
    return replace(found, resolved_key=one.resolved_key)


def families(ledger: Engine, key: str) -> Iterator[list[Item]]:
    """Yield the stored items, those of one product together; of a new connector, those looked at."""
    rows: Iterator[Item] = (
        cast("Item", state.row) for state in find_states(ledger, key) if state.row is not None
    )
    first = next(rows, None)
    if first is None:  # no run has read anything yet
        new = find_new_connector(ledger, key)
        rows = (cast("Item", row) for row in new.items) if new else iter(())
    else:
        rows = chain([first], rows)
    for _, family in groupby(rows, key=lambda row: row["group"]):
        yield list(family)


def family_of(ledger: Engine, key: str, pim_id: str) -> list[Item]:
    """Return an item and those of the same product, as they were read last; of a new connector, looked at."""
    state = next(find_states(ledger, key, StateFilter(pim_ids=[pim_id]), contents=False), None)
    if state is not None:
        known = find_states(ledger, key, StateFilter(families=[state.family]))
        return [cast("Item", one.row) for one in known if one.row is not None]
    new = find_new_connector(ledger, key)
    rows = [cast("Item", row) for row in new.items] if new else []
    groups = {row["group"] for row in rows if row["pim_id"] == pim_id}
    return [row for row in rows if row["group"] in groups]


def families_of(ledger: Engine, key: str, references: Sequence[str]) -> Iterator[list[Item]]:
    """Yield the families of items with some SKUs or PIM identities, as `family_of` returns one."""
    named = [
        state
        for where in (StateFilter(skus=references), StateFilter(pim_ids=references))
        for state in find_states(ledger, key, where, contents=False)
    ]
    if named:
        members = find_states(ledger, key, StateFilter(families={state.family for state in named}))
        rows = (cast("Item", state.row) for state in members if state.row is not None)
    else:
        new = find_new_connector(ledger, key)
        rows = (cast("Item", row) for row in (new.items if new else ()))
    for _, family in groupby(rows, key=lambda row: row["group"]):
        found = list(family)
        if any({row["pim_id"], row["sku"]} & set(references) for row in found):
            yield found


def sample(ledger: Engine, key: str, most: int) -> Iterator[list[Item]]:
    """Yield the first families with so many items at most, read as they are asked for."""
    room = most
    for family in families(ledger, key):
        yield family[:room]
        room -= len(family)
        if room <= 0:
            break


def applied(mapping: FieldMapping, family: list[Item]) -> Iterator[tuple[Item, MappedItem]]:
    """Yield each item of a family with what the mapping makes of it; parents that it makes too."""
    siblings = variants_of(family)
    for item in mapping.expand_family(family):
        yield item, mapping.apply(item, siblings=siblings)


def effect_of(
    ledger: Engine, key: str, *, now: Connector, then: Connector, definitions: Definitions, count: int
) -> Effect:
    """Replay the stored items through two versions of a connector, and compare which pass.

    Args:
        ledger: The open ledger.
        key: Whose items.
        now: The connector as it is.
        then: The connector as it would be.
        definitions: The definitions of the last run.
        count: How many items there are.

    Raises:
        MappingErrors: lines of one of them are wrong.
    """
    known = Known(
        ledger,
        key,
        definitions,
        last_tables(now, ledger, key),
        remembered(ledger, key),
    )
    before, after = Predicted(now, known), Predicted(then, known)
    remapped = Remapped(before, after)
    freed, blocked = [], []
    cleared: Counter[tuple[str, str]] = Counter()
    done, end = 0, time.monotonic() + MOST_SECONDS
    for some in chunks(families(ledger, key), AT_ONCE):
        done += sum(len(after.mapping.expand_family(family)) for family in some)
        changed = remapped.of(some)
        old = before.verdicts(changed) if changed else {}
        for pim_id, said in (after.verdicts(changed) if changed else {}).items():
            was = old.get(pim_id)
            if was is None:
                continue
            if was.blocked and not said.blocked:
                freed.append(said.name)
            elif said.blocked and not was.blocked:
                blocked.append(said.name)
            cleared.update(was.warnings - said.warnings)
        if done >= MOST_CHECKED or time.monotonic() > end:
            break
    return Effect(done, max(count, done), tuple(freed), tuple(blocked), cleared)


def _replacing(before: Any, value: Any) -> Any:
    """Return what replaces a value when it is merged: keys that only the value before has go."""
    if isinstance(before, dict) and isinstance(value, dict):
        return {**{key: None for key in before if key not in value}, **value}
    return value
