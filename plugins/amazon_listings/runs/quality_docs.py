"""Where a connector's project of Great Expectations lies; known without importing it."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from amazon_listings.runs.folder import safe_name

if TYPE_CHECKING:
    from pathlib import Path

#: Great Expectations' own folder in a project.
HOME = "gx"
#: The Data Docs site in a project.
SITE = PurePosixPath(HOME) / "uncommitted" / "data_docs" / "local_site"


def project_folder(storage: Path, connector_key: str) -> Path:
    """Return the folder of a connector's project."""
    return storage / "quality" / safe_name(connector_key)


def docs_index(storage: Path, connector_key: str) -> Path:
    """Return the first page of a connector's Data Docs site."""
    return project_folder(storage, connector_key).joinpath(*SITE.parts, "index.html")
