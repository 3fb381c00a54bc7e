import json
import re

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from amazon_listings.checks.columns import bad_gtin, bad_url
from amazon_listings.checks.expectations import SKU_PATTERN
from amazon_listings.checks.quality import ExtractRefused, UnknownColumn, check_quality
from amazon_listings.checks.quality.project import KEPT
from amazon_listings.checks.quality.suite import UnknownExpectation
from amazon_listings.errors import ActionRequiredError, RunAbortedError
from amazon_listings.mapping.mapping import compile_mapping
from amazon_listings.runs.notes import ExtractNote, QualityNote
from amazon_listings.runs.quality_docs import docs_index, project_folder
from amazon_listings.runs.records import QUALITY
from amazon_product_types.validation import Issue, merge_issues
from local_airflow.project import PROJECT

STOCK = {"expectation": "expect_column_values_to_be_between", "column": "stock", "min_value": 0}
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>${x}"


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


def codes(row):
    return [issue["code"] for issue in row["issues"]]


def test_a_good_item_passes_and_a_bad_one_is_blocked_with_all_its_issues(check, item, folder, pages, storage):
    rows = check([item(1), item(2, sku_text=None, ean="4006381333932", photo="img.jpg", brand=" ")])
    assert check.counts == {"checked": 2, "blocked": 1}
    assert list(rows) == ["products/2"]
    assert rows["products/2"]["blocks"]
    assert sorted(codes(rows["products/2"])) == ["gtin", "image_url", "pim_field_empty", "sku_missing"]
    missing = next(one for one in rows["products/2"]["issues"] if one["code"] == "sku_missing")
    assert missing["action"] == "Renseignez « sku_text » dans le PIM."
    assert missing["label"] == "SKU"
    assert (missing["origin"]["key"], missing["origin"]["field"]) == ("sku", "sku_text")
    assert missing["origin"]["line"]
    gtin = next(one for one in rows["products/2"]["issues"] if one["code"] == "gtin")
    assert gtin["message"].startswith("« 4006381333932 » n'est pas un GTIN")
    assert gtin["found"] == "4006381333932"
    assert (gtin["attribute"], gtin["label"]) == (
        "externally_assigned_product_identifier",
        "Identifiant externe du produit",
    )
    assert (gtin["origin"]["field"], gtin["origin"]["key"]) == ("ean", "Identifiant externe du produit")
    assert gtin["origin"]["line"]
    assert "2 total rows" in pages()["items"] or "gtin" in pages()["items"].lower()
    link = folder.stage("report") / folder.noted(QualityNote).docs
    assert link.resolve() == docs_index(storage, "lamps").resolve()
    assert link.exists()


def test_a_value_that_none_can_be_blocks_its_item_and_says_which_field(check, item):
    unfit = [{"field": "brand", "reason": "half_character", "limit": 0}]
    rows = check([item(1), item(2, brand=None) | {"unfit": unfit}, item(3)])
    assert check.counts == {"checked": 3, "blocked": 1}
    (row,) = rows.values()
    assert codes(row) == ["unfit_value"]  # and not that it is empty
    assert row["issues"][0]["message"].startswith(
        "« brand » est inutilisable : la valeur contient une moitié"
    )
    assert row["issues"][0]["action"] == "Corrigez « brand » dans le PIM."


def test_one_row_stops_no_expectation(check, item):
    rows = check(
        [item(n, stock=n) for n in range(1, 40)]
        + [item(90, stock=[1]), item(91, stock=-1), item(92, stock="x")],
        quality=[STOCK],
    )
    assert set(rows) == {"products/90", "products/91", "products/92"}
    assert all(codes(row) == ["expectation"] for row in rows.values())
    assert check.counts == {"checked": 42, "blocked": 3}


def test_a_sku_is_unique_over_the_whole_extract_not_over_its_part(check, item):
    rows = check([item(1), item(2)], [item(3, sku_text="A-1")], [item(4), item(5)])
    assert {identity: codes(row) for identity, row in rows.items()} == {
        "products/1": ["sku_duplicate"],
        "products/3": ["sku_duplicate"],
    }
    assert rows["products/1"]["issues"][0]["message"] == "Le SKU « A-1 » appartient à 2 articles."


@pytest.mark.parametrize(
    ("sku", "code"),
    [
        ("x" * 40, None),
        ("x" * 41, "sku_too_long"),
        ("é" * 40, None),
        ("A B/C+D%2F", None),
        (" A", "sku_unsendable"),
        ("A\n", "sku_unsendable"),
        ("A\tB", "sku_unsendable"),
        ("A\u00a0", "sku_unsendable"),
        ("A\ud83d", "sku_unsendable"),
        ("0123", None),
        ("=1+1", None),
    ],
)
def test_which_skus_can_be_sent(sku, code):
    found = "sku_too_long" if len(sku) > 40 else None if re.search(SKU_PATTERN, sku) else "sku_unsendable"
    assert found == code


def test_skus_that_cannot_be_sent_are_blocked(check, item):
    rows = check([item(1, sku_text="A "), item(2, sku_text="x" * 41), item(3, sku_text="B")])
    assert {one: codes(row) for one, row in rows.items()} == {
        "products/1": ["sku_unsendable"],
        "products/2": ["sku_too_long"],
    }
    assert "compte 41 caractères" in rows["products/2"]["issues"][0]["message"]


def check_digit(body):
    return str(-sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(body))) % 10)


@given(
    st.sampled_from([7, 11, 12, 13]).flatmap(
        lambda size: st.text("0123456789", min_size=size, max_size=size)
    ),
    st.integers(1, 9),
)
def test_a_gtin_has_the_check_digit_of_gs1(body, off):
    right = body + check_digit(body)
    assume(int(right) > 0)
    assert bad_gtin(right) is None
    assert bad_gtin(f" {right} ") is None
    wrong = body + str((int(right[-1]) + off) % 10)
    assert bad_gtin(wrong) == wrong


def test_what_is_no_gtin_and_what_says_nothing():
    assert [bad_gtin(value) for value in (None, "", " ")] == [None] * 3
    bad = ["123", "400638133393A", "٤٠٠٦٣٨١٣٣٣٩٣١"]
    assert [bad_gtin(value) for value in bad] == bad
    assert bad_gtin(4006381333931) is None


def test_which_addresses_are_pictures():
    good = [
        "https://a.example/é.jpg",
        "http://a/b?c=d#e",
        "s3://bucket/key",
        [{"url": "https://a/1.jpg"}],
        None,
        "",
    ]
    assert [bad_url(value) for value in good] == [None] * len(good)
    bad = [
        "a.jpg",
        "//a/b",
        "https://",
        "https://a b/c",
        "ftp://a/b",
        "javascript:alert(1)",
        "https://[1",
        "https://a:99999/",
    ]
    assert [bad_url(value) for value in bad] == bad
    assert bad_url([{"url": "https://a/1.jpg"}, {"url": "2.jpg"}]) == "2.jpg"


def test_a_default_in_the_mapping_fills_what_the_pim_leaves_empty(check, item):
    mapping = {"Nom du produit": "{{ item.name }}", "Marque": "{{ item.brand or 'Acme' }}"}
    assert check([item(1, brand="")], mapping=mapping) == {}
    mapping["Marque"] = "{{ item.brand }}{{ item.maker }}"
    rows = check([item(1, brand="", maker=""), item(2, brand="", maker="M")], mapping=mapping)
    assert list(rows) == ["products/1"]
    assert rows["products/1"]["issues"][0]["origin"]["field"] == "brand, maker"


def test_a_text_in_any_value_language_fills_a_required_field(check, item):
    languages = {"languages": {"fr": "fr_FR", "en": "en_GB"}}
    rows = check([item(1, name={"fr": "", "en": "Lamp"}), item(2, name={"fr": ""})], sales_layer=languages)
    assert list(rows) == ["products/2"]


def test_an_empty_required_field_and_the_definitions_complaint_are_one_issue(
    check, item, connector, definitions
):
    rows = check([item(1, brand="")])
    (found,) = [Issue.from_dict(one) for one in rows["products/1"]["issues"]]
    one = connector()
    mapping = compile_mapping(
        one.mapping,
        index=definitions.index,
        definition=definitions.document,
        marketplace=one.marketplace,
        languages=dict(one.language_tags),
    )
    schema = [
        issue
        for issue in definitions.issues(mapping.apply(item(1, brand="")).attributes)
        if issue.attribute == "brand"
    ]
    (merged,) = merge_issues([found, *schema])
    assert set(merged.sources) == {"quality", "schema"}
    assert merged.origin.field == "brand"
    assert (merged.severity, merged.label) == ("ERROR", "Marque")


def test_an_expectation_on_values_blocks_the_items_that_fail_it(check, item):
    rows = check(
        [item(1, stock=-1), item(2, stock=5), item(3)],
        [item(4, stock=10**20)],
        quality=[
            {
                "expectation": "expect_column_values_to_be_between",
                "column": "stock",
                "min_value": 0,
                "max_value": 9,
            }
        ],
    )
    assert {one: row["issues"][0]["found"] for one, row in rows.items()} == {
        "products/1": -1,
        "products/4": 10**20,
    }
    assert (
        "expect_column_values_to_be_between (min_value 0, max_value 9)"
        in rows["products/1"]["issues"][0]["message"]
    )


def test_values_are_what_the_pim_sent_not_what_a_table_makes_of_them(check, item):
    """Whole numbers beside an empty cell stay whole; text that looks like a number stays text."""
    rows = check(
        [item(1, code="0123", n=5), item(2, code=None, n=None)],
        quality=[
            {"expectation": "expect_column_values_to_be_in_set", "column": "code", "value_set": [123]},
            {"expectation": "expect_column_values_to_be_in_set", "column": "n", "value_set": [6]},
        ],
    )
    found = [one["found"] for one in rows["products/1"]["issues"]]
    assert found == ["0123", 5]
    assert type(found[1]) is int
    assert list(rows) == ["products/1"]


def test_texts_are_columns_by_language_and_variants_win_over_products(check, item):
    rows = check(
        [
            item(1, group="7", variant={"color": ""}, color="red"),
            item(2, group="7", variant={"color": "blue"}, color="red"),
        ],
        quality=[
            {"expectation": "expect_column_values_to_be_in_set", "column": "color", "value_set": ["red"]},
            {"expectation": "expect_column_value_lengths_to_be_between", "column": "name_fr", "max_value": 3},
        ],
    )
    assert sorted(one["found"] for one in rows["variants/2"]["issues"]) == ["Lampe", "blue"]
    assert [one["found"] for one in rows["variants/1"]["issues"]] == ["Lampe"]


def test_items_are_compared_over_all_parts(check, item, pages):
    rows = check(
        [item(1, code="x"), item(2, code="y")],
        [item(3, code="x")],
        quality=[
            {"expectation": "expect_column_values_to_be_unique", "column": "code"},
            {"expectation": "expect_compound_columns_to_be_unique", "column_list": ["code", "brand"]},
        ],
    )
    assert sorted(rows) == ["products/1", "products/3"]
    assert rows["products/3"]["issues"][1]["found"] == {"code": "x", "brand": "Acme"}
    assert set(pages()) == {"across", "items"}


def test_a_condition_may_name_columns_that_nothing_else_looks_at(check, item):
    rows = check(
        [item(1, kind="lamp", stock=None), item(2, kind="bulb", stock=None)],
        quality=[
            {
                "expectation": "expect_column_values_to_not_be_null",
                "column": "stock",
                "row_condition": 'kind == "lamp"',
                "condition_parser": "pandas",
            }
        ],
    )
    assert list(rows) == ["products/1"]


def test_a_warning_does_not_block(check, item, folder):
    rows = check(
        [item(1, stock=-1)],
        quality=[
            {
                "expectation": "expect_column_values_to_be_between",
                "column": "stock",
                "min_value": 0,
                "severity": "warning",
                "description": "Nothing in stock.",
            },
            {"expectation": "expect_table_row_count_to_be_between", "min_value": 5, "severity": "info"},
        ],
    )
    assert check.counts["blocked"] == 0
    assert not rows["products/1"]["blocks"]
    assert rows["products/1"]["issues"][0]["message"] == "Nothing in stock."
    assert (
        folder.noted(QualityNote)
        .warnings[0]
        .startswith("L'extrait dans son ensemble : expect_table_row_count")
    )


@pytest.mark.parametrize(
    "expectation",
    [
        {"expectation": "expect_table_row_count_to_be_between", "min_value": 3},
        {"expectation": "expect_column_values_to_not_be_null", "column": "stock", "level": "table"},
        {"expectation": "expect_column_values_to_not_be_null", "column": "stock", "mostly": 0.9},
        {"expectation": "expect_column_max_to_be_between", "column": "stock", "max_value": 4},
        {"expectation": "expect_column_to_exist", "column": "stok"},
    ],
)
def test_an_expectation_about_the_whole_ends_the_run_in_a_sentence(check, item, expectation, pages):
    with pytest.raises(ExtractRefused) as refused:
        check([item(1, stock=5)], [item(2, stock=None)], quality=[expectation])
    assert isinstance(refused.value, RunAbortedError)
    assert expectation["expectation"] in str(refused.value)
    assert "Nothing was sent" in str(refused.value)
    assert "Failed" in pages()["catalogue"]


def test_mostly_counts_over_all_parts(check, item):
    mostly = {"expectation": "expect_column_values_to_not_be_null", "column": "stock", "mostly": 0.5}
    assert check([item(1, stock=1), item(2, stock=2)], [item(3, stock=None)], quality=[mostly]) == {}


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        (
            "expect_column_values_to_be_between",
            {"column": "stock", "minimum": 0},
            "it has no argument 'minimum'",
        ),
        ("expect_column_values_to_be_in_set", {}, "'column' is missing"),
        (
            "expect_column_values_to_be_between",
            {"column": "name_fr", "min_value": 1},
            "cannot be computed on “name_fr”",
        ),
        (
            "expect_column_values_to_match_regex",
            {"column": "brand", "regex": "("},
            "cannot be computed on “brand”",
        ),
        ("expect_table_row_count_to_equal", {"value": 1, "level": "row"}, "cannot have `level: row`"),
        (
            "expect_column_values_to_be_null",
            {"column": "brand", "level": "row", "mostly": 0.5},
            "Leave one of the two out",
        ),
        ("expect_table_row_count_to_equal_other_table", {"other_table_name": "x"}, "asks a database"),
    ],
)
def test_a_wrong_expectation_is_a_clear_sentence_with_its_line(check, item, name, arguments, said):
    with pytest.raises(UnknownExpectation) as caught:
        check([item(1, stock=1)], quality=[{"expectation": name, **arguments}])
    assert isinstance(caught.value, ActionRequiredError)
    assert said in str(caught.value)
    assert "lamps.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_an_expectation_on_a_field_that_nobody_has_is_refused_with_what_was_meant(check, item):
    with pytest.raises(UnknownColumn, match=r"line \d+: .* looks at “brnd”.*Did you mean brand"):
        check([item(1)], quality=[{"expectation": "expect_column_values_to_not_be_null", "column": "brnd"}])


def test_an_empty_extract_is_checked_too(check):
    assert check() == {}
    assert check.counts == {"checked": 0, "blocked": 0}


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


def test_what_a_run_that_read_only_changes_says_of_the_whole_is_of_every_item(check, item):
    least = {"expectation": "expect_table_row_count_to_be_between", "min_value": 3}
    changed = {"full": False}
    check.present = lambda: [item(1, stock=1), item(2), item(3), item(4)]
    assert check([item(1, stock=9)], quality=[least], extract=changed) == {}
    unique = {"expectation": "expect_column_values_to_be_unique", "column": "stock"}
    check.present = lambda: [item(1, stock=1), item(2, stock=9)]
    rows = check([item(1, stock=9)], quality=[unique], extract=changed)
    assert [codes(row) for row in rows.values()] == [["expectation"]]  # only of what this run read
    gone = changed | {"removed_ids": ("products/2",)}
    assert check([item(1, stock=9)], quality=[unique], extract=gone) == {}
    check.present = None
    assert check([item(1)], quality=[least], extract=changed) == {}
    with pytest.raises(ExtractRefused):
        check([item(1)], quality=[least])


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
    assert after.count("quality.views") == 2
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


def test_a_suite_file_in_great_expectations_own_format_adds_to_the_connector(
    check, item, tmp_path, connector
):
    before = connector().fingerprint
    (tmp_path / "quality").mkdir()
    suite = tmp_path / "quality" / "lamps.json"
    arguments = {"column": "stock", "min_value": 0}
    one = {
        "type": "expect_column_values_to_be_between",
        "kwargs": arguments,
        "severity": "critical",
        "meta": {},
    }
    suite.write_text(
        json.dumps({"name": "lamps", "expectations": [one | {"description": "No negative stock."}]})
    )
    assert connector().fingerprint != before
    rows = check([item(1, stock=-1), item(2, stock=1)])
    assert [row["issues"][0]["message"] for row in rows.values()] == ["No negative stock."]
    suite.write_text(json.dumps({"expectations": [one | {"kwargs": arguments | {"minimum": 1}}]}))
    with pytest.raises(UnknownExpectation, match=r"lamps\.json, expectation 1: .* no argument 'minimum'"):
        check([item(1, stock=1)])
    suite.write_text('{"expectations": {}}')
    with pytest.raises(AssertionError, match=r"lamps\.json\s+The suite .* it has no list `expectations`"):
        connector()


def test_the_names_a_connector_may_use_are_great_expectations_own():
    from amazon_listings.checks.quality.engine import list_registered_expectation_implementations

    schema = (PROJECT / "include" / "schemas" / "connector.schema.json").read_text()
    named = set(re.findall(r'"(expect_[a-z_]+)"', schema))
    assert named
    assert named <= set(list_registered_expectation_implementations())
