"""What the files of the connectors' DAG bundle do: make the DAGs of a share, raise the errors of all."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from airflow.sdk import get_parsing_context
from airflow.sdk.execution_time import task_runner

from amazon_listings.airflow_adapter import share_files
from amazon_listings.airflow_adapter.configured import declared, declared_in_share
from amazon_listings.airflow_adapter.connector_dags import dags_of, own_dag, raise_for
from amazon_listings.connectors.indexing import indexed
from amazon_listings.connectors.shares import Share
from amazon_listings.errors import ActionRequiredError, RetryableError
from amazon_listings.settings import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow.sdk import DAG

    from amazon_listings.connectors.shares import Index


def dags_of_share(number: int, of: int, file: str) -> dict[str, DAG]:
    """Return the DAGs of a share of the connectors by id; in a task, only the task's own DAG.

    Args:
        number: Which share, from 1.
        of: How many shares there are.
        file: The DAG file of the share, in the bundle's folder.
    """
    if wanted := get_parsing_context().dag_id:
        return own_dag(wanted)
    share, path = Share(number, of), Path(file)
    index = indexed(settings().connectors, share_files.kept_index(path.parent))
    _note(path, index.state(share))
    with _parsed_soon_again(path):
        return dags_of(declared_in_share(share, index))


def raise_for_all(file: str) -> None:
    """Raise the messages of all broken connectors as one error; nothing in a task.

    Args:
        file: The DAG file of the errors, in the bundle's folder.

    Raises:
        BrokenConnectors: one or more are broken.
    """
    if get_parsing_context().dag_id:
        return
    path = Path(file)
    _note(path, indexed(settings().connectors, share_files.kept_index(path.parent)).state(None))
    with _parsed_soon_again(path):
        loaded = declared()
    raise_for(loaded)


def connectors_index(folder: Path) -> Index | None:
    """Return what the connectors' documents declare now; None where their folder cannot be read.

    Args:
        folder: The bundle's folder, which keeps the last index.
    """
    try:
        return indexed(settings().connectors, share_files.kept_index(folder))
    except ActionRequiredError:
        return None  # each parse says why, as an import error


@contextmanager
def _parsed_soon_again(path: Path) -> Iterator[None]:
    """Let the next refresh touch a file that cannot be parsed just now, before its DAGs are stale."""
    try:
        yield
    except RetryableError:
        _note(path, "")
        raise


def _note(path: Path, state: str) -> None:
    # Commands such as `airflow dags list` parse, too, and keep nothing of it.
    if hasattr(task_runner, "SUPERVISOR_COMMS"):
        share_files.note_parsed(path, state)
