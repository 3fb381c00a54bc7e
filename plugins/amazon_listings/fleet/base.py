"""The configuration as it was: the folder of connectors at a revision of git."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from amazon_listings.connectors.quality_suite import FOLDER
from amazon_listings.errors import ActionRequiredError

if TYPE_CHECKING:
    from collections.abc import Iterator


class NoBase(ActionRequiredError):
    """The configuration to compare with cannot be had from git."""


@contextmanager
def folder_at(revision: str, folder: Path) -> Iterator[Path]:
    """Give the folder of connectors as it was at a revision, with the suites beside it.

    Args:
        revision: A branch, tag or commit.
        folder: The folder as it is now, in a working tree of git.

    Raises:
        NoBase: there is no git, no such revision, or the folder is in no working tree.
    """
    folder = folder.resolve()
    top = Path(_git(folder, "rev-parse", "--show-toplevel").decode().strip())
    inside = folder.relative_to(top.resolve())
    commit = _commit(folder, revision)
    suites = inside.parent / FOLDER
    known = (
        _git(top, "ls-tree", "-d", "--name-only", commit, "--", str(inside), str(suites)).decode().split("\n")
    )
    with tempfile.TemporaryDirectory() as made:
        paths = [path for path in known if path]
        if paths:
            content = _git(top, "archive", "--format=tar", commit, "--", *paths)
            with tarfile.open(fileobj=io.BytesIO(content)) as archive:
                archive.extractall(made, filter="data")
        found = Path(made) / inside
        found.mkdir(parents=True, exist_ok=True)
        yield found


def _commit(folder: Path, revision: str) -> str:
    try:
        found = _git(folder, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    except NoBase:
        raise NoBase("fleet.no_revision", revision=revision) from None
    return found.decode().strip()


def _git(folder: Path, *arguments: str) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - git, with arguments that are no options
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - the user's own
            check=False,
            capture_output=True,
        )
    except OSError as error:
        raise NoBase("fleet.no_git", reason=error.strerror) from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise NoBase("fleet.no_git", reason=said[-1] if said else f"git {arguments[0]}")
    return done.stdout
