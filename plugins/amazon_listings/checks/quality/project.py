"""A connector's project of Great Expectations: suites, checkpoints, results and Data Docs, in the storage.

Great Expectations keeps its files on a local disk. Where the storage is none, the project is fetched, used
and brought back: a result that was written is kept even if the check then ends the run.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from yaml import CSafeLoader, load

from amazon_listings.checks.quality.engine import gx
from amazon_listings.runs.quality_docs import HOME, SITE
from amazon_listings.runs.storage import storage_explained

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The suites of a project: about single items, about items compared with each other, about all together.
SUITES = ("items", "across", "catalogue")
#: The data source whose assets are what each suite is checked on.
SOURCE = "extract"
#: Results of one suite that are kept, the newest.
KEPT = 20
_RESULTS = Path(HOME) / "uncommitted" / "validations"
_STATIC = Path(SITE) / "static"
_SETTINGS = Path(__file__).with_name("great_expectations.yml")


@contextmanager
def opened(folder: Path) -> Iterator[Any]:
    """Open a project as a context of Great Expectations; what it wrote is kept when the block ends.

    Args:
        folder: The project's folder in the storage; it is made if need be.

    Raises:
        StorageFull, StorageRefused, StorageUnavailable: the storage does not keep it.
    """
    local = _local(folder)
    if local is not None:
        with storage_explained("write", folder):
            yield _context(local)
        return
    with TemporaryDirectory(prefix="quality-") as temporary:
        work = Path(temporary)
        with storage_explained("read", folder):
            _fetch(folder, work)
        before = _contents(work)
        try:
            yield _context(work)
        finally:
            with storage_explained("write", folder):
                _bring_back(work, folder, before)


def _context(root: Path) -> Any:
    home = root / HOME
    with storage_explained("write", home):
        home.mkdir(parents=True, exist_ok=True)
        _write_settings(home / _SETTINGS.name)
        _prune(root)
    context = gx.get_context(mode="file", project_root_dir=root)
    if not _complete(context):  # someone edited its settings
        source = context.data_sources.add_or_update_pandas(SOURCE)
        for name in SUITES:
            source.add_dataframe_asset(name).add_batch_definition_whole_dataframe(name)
    return context


def _write_settings(settings: Path) -> None:
    """Write a project's settings; of those that exist, only how our pages are made is written again."""
    if not settings.exists():
        shutil.copyfile(_SETTINGS, settings)
        return
    if _has_our_pages(settings):
        return
    yaml = YAML()
    kept = yaml.load(settings)
    for name, site in yaml.load(_SETTINGS)["data_docs_sites"].items():
        if (mine := kept.get("data_docs_sites", {}).get(name)) is not None:
            mine.update(_pages(site))
    yaml.dump(kept, settings)


def _has_our_pages(settings: Path) -> bool:
    """Return whether each of our sites is made by our pages, or left out.

    Read by the loader in C, in a tenth of the time of the one that keeps comments.
    """
    kept, ours = (load(path.read_bytes(), Loader=CSafeLoader) for path in (settings, _SETTINGS))
    sites = kept.get("data_docs_sites") or {}
    return all(
        (mine := sites.get(name)) is None or _pages(mine) == _pages(site)
        for name, site in ours["data_docs_sites"].items()
    )


def _pages(site: dict[str, Any]) -> dict[str, Any]:
    """Return how the pages of a site are made."""
    return {key: site.get(key) for key in ("site_index_builder", "site_section_builders")}


def _complete(context: Any) -> bool:
    """Return whether the project has what each suite is checked on, as its settings come with it."""
    try:
        source = context.data_sources.get(SOURCE)
        for name in SUITES:
            source.get_asset(name).get_batch_definition(name)
    except (LookupError, ValueError):
        return False
    return True


def _prune(root: Path) -> None:
    """Remove all but the newest results of each suite, with their pages."""
    for suite in _folders(root / _RESULTS):
        results = sorted(
            (moment for run in _folders(suite) for moment in _folders(run)), key=lambda one: one.name
        )
        for old in results[:-KEPT]:
            shutil.rmtree(old)
            page = root / SITE / "validations" / old.relative_to(root / _RESULTS)
            shutil.rmtree(page, ignore_errors=True)
            for empty in (old.parent, page.parent):
                if empty.exists() and not any(empty.iterdir()):
                    empty.rmdir()


def _folders(place: Path) -> list[Path]:
    return [path for path in place.iterdir() if path.is_dir()] if place.exists() else []


def _local(folder: Path) -> Path | None:
    """Return the folder on this machine's disk, if the storage is that."""
    if getattr(folder, "protocol", "file") in {"file", "local", ""}:
        return Path(getattr(folder, "path", str(folder)))
    return None


def _fetch(folder: Path, work: Path) -> None:
    """Copy a project from the storage; its pictures and styles are made again."""
    for source, below in _files(folder):
        if below.parts[: len(_STATIC.parts)] != _STATIC.parts:
            (work / below).parent.mkdir(parents=True, exist_ok=True)
            (work / below).write_bytes(source.read_bytes())


def _bring_back(work: Path, folder: Path, before: dict[Path, bytes]) -> None:
    after = _contents(work)
    has_static = (folder.joinpath(*_STATIC.parts) / "styles").exists()
    for below, content in after.items():
        static = below.parts[: len(_STATIC.parts)] == _STATIC.parts
        if before.get(below) != content and not (static and has_static):
            target = folder.joinpath(*below.parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    for below in before.keys() - after.keys():
        folder.joinpath(*below.parts).unlink()


def _contents(work: Path) -> dict[Path, bytes]:
    return {below: path.read_bytes() for path, below in _files(work)}


def _files(root: Path, below: Path = Path()) -> Iterator[tuple[Path, Path]]:
    """Yield every file below a folder, and where it stands in it."""
    folder = root.joinpath(*below.parts)
    if not folder.exists():
        return
    for path in folder.iterdir():
        if path.is_dir():
            yield from _files(root, below / path.name)
        else:
            yield path, below / path.name
