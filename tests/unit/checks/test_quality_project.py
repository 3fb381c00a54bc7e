"""The pages of a connector's Great Expectations project, and how it is kept."""

import re

from amazon_listings.checks.quality import check_quality
from amazon_listings.checks.quality.project import KEPT
from amazon_listings.runs.quality_docs import docs_index, project_folder

STOCK = {"expectation": "expect_column_values_to_be_between", "column": "stock", "min_value": 0}
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>${x}"


def test_one_page_covers_all_parts_and_hostile_data_is_text_on_it(check, item, pages):
    check(
        *(
            [item(number, brand=HOSTILE, ean=HOSTILE, **{HOSTILE: HOSTILE}) for number in range(at, at + 3)]
            for at in (0, 3)
        ),
        quality=[{"expectation": "expect_column_values_to_be_null", "column": HOSTILE, "notes": HOSTILE}],
    )
    html = pages()["items"]
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert "&lt;script&gt;alert(1)" in html
    assert "6 unexpected values found" in html
    assert "of 6 total rows" in html


def test_a_project_is_one_that_great_expectations_opens(check, item, storage):
    from amazon_listings.checks.quality.engine import gx

    check([item(1, stock=-1)], quality=[STOCK])
    project = gx.get_context(mode="file", project_root_dir=project_folder(storage, "lamps"))
    assert [suite.name for suite in project.suites.all()] == ["items"]
    assert [point.name for point in project.checkpoints.all()] == ["items"]
    (definition,) = project.validation_definitions.all()
    assert definition.suite.name == "items"
    (key,) = project.validation_results_store.list_keys()
    assert not project.validation_results_store.get(key).success


def test_settings_that_a_person_edited_stay_except_for_how_our_pages_are_made(check, item, storage):
    check([item(1)])
    settings = project_folder(storage, "lamps") / "gx" / "great_expectations.yml"
    kept = settings.read_text()
    older = re.sub(r" +view:\n.*\n.*\n", "", kept).replace("_enabled: false", "_enabled: false  # mine")
    assert "quality.views" not in older
    settings.write_text(older.replace("globally: false", "globally: true"))
    check([item(1)])
    after = settings.read_text()
    assert after.count("quality.views") == 3
    assert "globally: true" in after
    assert "analytics_enabled: false  # mine" in after
    check([item(1)])
    assert settings.read_text() == after


def test_only_the_newest_results_are_kept(check, item, storage, pages):
    check([item(1)])
    runs = project_folder(storage, "lamps") / "gx" / "uncommitted" / "validations" / "items"
    (first,) = [path for path in runs.glob("*/*") if path.is_dir()]
    for number in range(KEPT + 5):
        (runs / f"old-{number}" / f"2025{number:04}T000000.000000Z").mkdir(parents=True)
    check([item(1)])
    left = [path for path in runs.glob("*/*") if path.is_dir()]
    assert len(left) == KEPT + 1
    assert first in left
    assert not (runs / "old-0").exists()


def test_a_project_in_object_storage_is_brought_back(check, item, connector, definitions, folder, extracted):
    from upath import UPath

    bucket = UPath("memory://quality-test")
    extracted([item(1, stock=-1)])
    for _ in range(2):
        one = connector(quality=[STOCK])
        check_quality(one, definitions, folder, storage=bucket)
    site = docs_index(bucket, "lamps").parent
    assert site.joinpath("index.html").exists()
    assert len(list(site.glob("validations/items/*/*/*.html"))) == 2
    assert site.joinpath("static", "styles").exists()
