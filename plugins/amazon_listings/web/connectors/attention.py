"""What needs a person, over all connectors: the counts beside the menu, and a check of every connector."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from amazon_listings.airflow_adapter import connections
from amazon_listings.airflow_adapter.api_server import connector_variables
from amazon_listings.connectors.loader import declarations
from amazon_listings.connectors.model import BrokenConnector, Connector
from amazon_listings.errors import AmazonListingsError
from amazon_listings.fleet.check import check_fleet
from amazon_listings.ledger.approvals.progress import approved_by_connector
from amazon_listings.ledger.runs.overview import open_issues_by_connector, states_by_connector
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.settings import settings
from amazon_listings.web.access import AnyUser, dag_id_of
from amazon_listings.web.configured import every_connector, keys_of, problem_of
from amazon_listings.web.described import last_note, stored_definitions_of
from amazon_listings.web.rendering import render, wording

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Engine

    from amazon_listings.fleet.check import Compared
    from amazon_listings.runs.map_fields import Described
    from amazon_listings.runs.notes import DefinitionsNote

router = APIRouter()

#: Seconds in which a page compares connectors with their definitions, one of them whatever it takes.
IN_TIME = 1
#: Comparisons that are kept, so that a page goes on where the last one ended; each language has its own.
MOST_KEPT = 1000


class _Kept(NamedTuple):
    """A comparison, and what it was made with: `configured` reads a changed connector as another object."""

    connector: Connector
    note: DefinitionsNote
    compared: Compared


_LOCK = threading.Lock()
_KEPT: OrderedDict[tuple[str, str], _Kept] = OrderedDict()


@router.get("/attention", response_class=HTMLResponse)
def attention(request: Request, visitor: AnyUser) -> HTMLResponse:
    """Show how many errors are open and how many items wait, of the connectors that the user may read."""
    ledger = connections.ledger()
    keys = keys_of(ledger)
    mine = {keys[one.id]: one for one in visitor.readable(every_connector()) if one.id in keys}
    errors, states = open_issues_by_connector(ledger), states_by_connector(ledger)
    waiting = unanswered({key: states[key] for key in mine.keys() & states.keys()}, ledger)
    asked = [key for key, count in waiting.items() if count]
    return render(
        request,
        "attention.html",
        errors=sum(errors[key].get("ERROR", 0) for key in mine.keys() & errors.keys()),
        waiting=sum(waiting.values()),
        place=f"dags/{dag_id_of(mine[asked[0]].id)}/approvals" if len(asked) == 1 else "?state=waiting",
    )


def unanswered(states: Mapping[str, Mapping[str, int]], ledger: Engine) -> dict[str, int]:
    """Return how many items of connectors wait for an answer: of those that wait, some are approved.

    Args:
        states: Items by outcome, of each connector by its key.
        ledger: The open ledger.
    """
    waiting = {key: counts[Outcome.WAITING] for key, counts in states.items() if counts.get(Outcome.WAITING)}
    approved = approved_by_connector(ledger) if waiting else {}
    return {key: max(0, count - approved.get(key, 0)) for key, count in waiting.items()}


@router.get("/check", response_class=HTMLResponse)
def check(request: Request, visitor: AnyUser) -> HTMLResponse:
    """Check every connector that the user may read against the stored definitions."""
    words, ledger = wording(request), connections.ledger()
    keys = keys_of(ledger)
    known = visitor.readable(every_connector())
    sound = [one for one in known if isinstance(one, Connector)]
    notes = {one.id: _note_of(one, ledger, keys) for one in sound}
    compared = _kept(sound, notes, words.messages.language)
    definitions = _Definitions(ledger, keys)
    checked = check_fleet(
        sound,
        [],
        declarations(settings().connectors, connector_variables()),
        definition_of=definitions.of,
        ledger=ledger,
        messages=words.messages,
        others=sound,
        variables_read=True,
        most_items=0,  # the rows of many connectors take minutes
        known=compared,
    )
    _keep(sound, notes, words.messages.language, compared)
    texts: dict[str, list[str]] = {}
    for finding in checked.findings:
        texts.setdefault(finding.connector, []).append(finding.text.strip())
    for one in known:
        if isinstance(one, BrokenConnector):
            texts[one.id] = [problem_of(one, words.messages.language)]
    late = [name for name in definitions.late if name in checked.right]
    return render(
        request,
        "check.html",
        words=words,
        page="connectors",
        visitor=visitor,
        known=[(one.id, one.title if isinstance(one, Connector) else one.id) for one in known],
        right=set(checked.right) - set(late),
        texts=texts,
        late=late,
        without_definition=definitions.lacking,
        dag_id_of=dag_id_of,
    )


def _note_of(one: Connector, ledger: Engine, keys: Mapping[str, str]) -> DefinitionsNote | None:
    """Return what is noted of a connector's definitions; None if nothing is, or it is damaged."""
    with suppress(AmazonListingsError):
        return last_note(one, ledger, keys.get(one.id, one.id))
    return None


def _kept(
    connectors: Iterable[Connector], notes: Mapping[str, DefinitionsNote | None], language: str
) -> dict[str, Compared]:
    """Return the comparisons that still hold, by connector id."""
    found = {}
    with _LOCK:
        for one in connectors:
            kept = _KEPT.get((one.id, language[:2]))
            if kept is not None and kept.connector is one and kept.note == notes[one.id]:
                found[one.id] = kept.compared
    return found


def _keep(
    connectors: Iterable[Connector],
    notes: Mapping[str, DefinitionsNote | None],
    language: str,
    compared: Mapping[str, Compared],
) -> None:
    """Keep comparisons that were made with what was noted before they began; those used last stay."""
    with _LOCK:
        for one in connectors:
            note = notes[one.id]
            if note is not None and one.id in compared:
                name = (one.id, language[:2])
                _KEPT[name] = _Kept(one, note, compared[one.id])
                _KEPT.move_to_end(name)
        while len(_KEPT) > MOST_KEPT:
            _KEPT.popitem(last=False)


class _Definitions:
    """Gives connectors their stored definitions for as long as a page takes."""

    def __init__(self, ledger: Engine, keys: Mapping[str, str]) -> None:
        self._ledger = ledger
        self._keys = keys
        self._until = time.monotonic() + IN_TIME
        self._begun = False
        self.late: list[str] = []
        self.lacking: list[str] = []

    def of(self, one: Connector) -> Described | None:
        """Return a connector's definition; None if there is none, or if the time is up after the first."""
        if self._begun and time.monotonic() > self._until:
            self.late.append(one.id)
            return None
        with suppress(AmazonListingsError):  # what is gone or damaged counts as not there
            found = stored_definitions_of(one, self._ledger, self._keys.get(one.id, one.id))
            if found is not None:
                self._begun = True
                return found
        self.lacking.append(one.id)
        return None
