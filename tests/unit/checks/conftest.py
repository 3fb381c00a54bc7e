import msgspec
import pytest

from amazon_listings.checks.quality import check_quality
from amazon_listings.runs.notes import ExtractNote
from amazon_listings.runs.quality_docs import docs_index
from amazon_listings.runs.records import QUALITY


@pytest.fixture
def check(connector, definitions, folder, extracted, storage):
    """Check items in as many parts as there are lists; the rows of the stage `quality` by PIM identity."""

    def check(*parts, extract=None, **changes):
        extracted(*parts)
        folder.note(msgspec.structs.replace(folder.noted(ExtractNote), **(extract or {})))
        check.counts = check_quality(
            connector(**changes), definitions, folder, storage=storage, present=check.present
        )
        found = (one for part in folder.parts(QUALITY) for one in folder.read(QUALITY, part))
        return {
            one.pim_id: {"blocks": one.blocks, "issues": [issue.to_dict() for issue in one.issues]}
            for one in found
        }

    check.present = None
    return check


@pytest.fixture
def storage(tmp_path):
    return tmp_path / "storage"


@pytest.fixture
def pages(storage):
    """The newest page of each suite in the connector's Data Docs, by its name."""

    def pages(storage=storage):
        site = docs_index(storage, "lamps").parent
        return {
            path.relative_to(site).parts[1]: path.read_text()
            for path in sorted(site.glob("validations/*/*/*/*.html"))
        }

    return pages
