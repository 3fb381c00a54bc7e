import codecs
import csv
import html
import io
import json
import re
from html.parser import HTMLParser

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from amazon_listings.errors import RunAbortedError
from amazon_listings.messages import catalogue, joined_notes, languages
from amazon_listings.remarks import remark
from amazon_listings.runs.finish.issue_history import renew_resolved
from amazon_listings.runs.finish.resolve import Resolver
from amazon_listings.runs.folder import part_name
from amazon_listings.runs.notes import ExtractNote, ReportNote
from amazon_listings.runs.records import TESTED
from amazon_listings.runs.report import page, write_report
from amazon_listings.runs.report.page import LONGEST_VALUE
from amazon_listings.runs.report.tables import ISSUE_COLUMNS, LONGEST_CELL, CsvTable, cell
from amazon_product_types.messages import texts
from amazon_product_types.validation import compile_definition
from amazon_product_types.validation.issue import Issue, Origin
from support.run_records import judged_item

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'><a href=javascript:alert(3)>x"
FACTS = {
    "title": "Lampes",
    "connector_id": "lamps",
    "country": "FR",
    "product_type": "LAMP",
    "operation": "test",
    "run_id": "manual__1",
    "reason": "Everything.",
    "definition_version": "V1",
    "definition_fetched_at": "2026-11-23T16:14:07+00:00",
    "warnings": [],
    "failure": None,
    "calls": {},
    "language": "en_GB",
}


def issue(message="Too long.", severity="ERROR", **more):
    return Issue(code="too_long", severity=severity, source="schema", message=message, **more)


@pytest.fixture
def run(folder, extracted, item):
    """A run whose items have these issues; what the report says."""

    def run(*issues, facts=(), outcome="blocked", sku=None):
        items = [item(number) for number in range(len(issues))]
        for one in items:
            one["sku"] = sku or one["sku"]
        extracted(items)
        records = [
            judged_item(one["pim_id"], outcome, one["sku"], own)
            for one, own in zip(items, issues, strict=True)
        ]
        folder.write(TESTED, part_name(1), records)
        renew_resolved(Resolver(folder), folder)
        return write_report(folder, {**FACTS, **dict(facts)})

    return run


def text(folder, name):
    written = (folder.root / "report" / name).read_bytes()
    # A byte order mark tells a spreadsheet that the accents are UTF-8.
    assert written.startswith(codecs.BOM_UTF8) == name.endswith(".csv")
    return written.decode("utf-8-sig")


def test_one_row_per_item_and_one_per_issue_with_everything_a_person_needs(run, folder):
    origin = Origin(line=12, key="Nom du produit", field="name", language="fr")
    first = issue(
        attribute="item_name",
        path="item_name/0/value",
        label="Nom",
        found="x" * 9,
        allowed={"max_characters": 5},
        action="Shorten.",
        origin=origin,
    )
    summary = run([first, issue("Odd.", "WARNING")], [], facts={"warnings": ["Look out."]})
    assert (summary["extracted"], summary["counts"]["blocked"], summary["items_with_issues"]) == (2, 2, 1)
    items = list(csv.DictReader(io.StringIO(text(folder, "items.csv"))))
    assert [(one["sku"], one["errors"], one["warnings"], one["first_issue"]) for one in items] == [
        ("A-0", "1", "1", "Too long."),
        ("A-1", "0", "0", ""),
    ]
    issues = list(csv.DictReader(io.StringIO(text(folder, "issues.csv"))))
    assert (
        issues[0]
        | {
            "code": "too_long",
            "label": "Nom",
            "path": "item_name/0/value",
            "pim_field": "name",
            "language": "fr",
            "mapping_line": "12",
            "mapping_key": "Nom du produit",
            "found": "xxxxxxxxx",
            "allowed": "max characters: 5",
        }
        == issues[0]
    )
    document = json.loads(text(folder, "report.json"))
    assert document["items"][0]["issues"][0]["origin"]["line"] == 12
    assert document["summary"]["warnings"] == ["Look out."]
    assert document["summary"] == json.loads(json.dumps(summary))
    assert folder.noted(ReportNote).summary == document["summary"]


def test_tiles_are_worded_in_the_number_of_their_language(run, folder):
    run([issue()], facts={"language": "fr"})
    tiles = re.findall(r'"number">(\d+)</span><span class="name">(\w+)<', text(folder, "report.html"))
    assert {("1", "bloqué"), ("0", "accepté")} <= set(tiles)
    run([issue()], [issue()], facts={"language": "fr"})
    assert '"number">2</span><span class="name">bloqués<' in text(folder, "report.html")


@pytest.mark.parametrize("language", languages())
def test_notes_are_in_the_language_of_the_report_in_each_of_its_files(folder, extracted, item, language):
    extracted([item(1)])
    note = remark("note.parent_blocked", parent="F-<P>")
    passed = judged_item(
        "products/1", "ready", issues=[issue()], note=note, unpreviewed=remark("note.shapes_passed")
    )
    folder.write(TESTED, part_name(1), [passed])
    renew_resolved(Resolver(folder), folder)
    write_report(folder, {**FACTS, "language": language})
    messages = catalogue(language)
    said = joined_notes(
        (messages.phrase("note.parent_blocked", parent="F-<P>"), messages.phrase("note.shapes_passed")),
        messages,
    )
    (row,) = csv.DictReader(io.StringIO(text(folder, "items.csv")))
    assert row["note"] == said
    assert json.loads(text(folder, "report.json"))["items"][0]["note"] == said
    assert str(escape(said)) in text(folder, "report.html")


def test_when_the_definition_was_fetched_is_a_date_of_the_language(run, folder):
    run([issue()], facts={"language": "de"})
    assert "V1, geholt am 23.11.2026, 16:14 UTC." in text(folder, "report.html")


def test_without_a_definition_nothing_is_said_of_it(run, folder):
    run([issue()], facts={"definition_version": None, "definition_fetched_at": None, "failure": "No."})
    assert "definition" not in text(folder, "report.html").partition("<footer>")[2]


def test_what_would_be_right_is_words_in_a_spreadsheet(run, folder):
    options = [{"value": "green", "name": "Vert"}, {"value": "LED", "name": "LED"}]
    run(
        [issue(allowed={"options": options, "options_total": 18}), issue("b", allowed={"one_of": ["x", "y"]})]
    )
    rows = csv.DictReader(io.StringIO(text(folder, "issues.csv")))
    assert [row["allowed"] for row in rows] == ["green (Vert); LED; + 16", "one of: x, y"]


@given(st.text())
def test_no_cell_is_a_formula(value):
    shown = cell(value)
    assert shown == "" or shown[0] not in "=+-@\t\r\n" or re.fullmatch(r"[+-]?[0-9]+([.,][0-9]+)?", shown)
    out = io.StringIO()
    CsvTable(out, ["a", "b"]).add({"a": value, "b": 1})
    assert list(csv.reader(io.StringIO(out.getvalue(), newline="")))[1] == [shown, "1"]


def test_numbers_stay_numbers_in_a_spreadsheet():
    assert [cell(value) for value in ("-5", "+3.2", -5, "0123", "=1+1", "-1+cmd|x", None, True)] == [
        "-5",
        "+3.2",
        "-5",
        "0123",
        "'=1+1",
        "'-1+cmd|x",
        "",
        "true",
    ]


def test_the_bytes_of_the_files(run, folder):
    run([issue('half \ud83d, "so"\r\n=1', attribute="size")], [], sku="é-1")
    written = {name: (folder.root / "report" / name).read_bytes() for name in ("items.csv", "issues.csv")}
    assert written["items.csv"] == codecs.BOM_UTF8 + (
        b"sku,pim_id,outcome,asin,errors,warnings,first_issue,note\r\n"
        b'\xc3\xa9-1,products/0,blocked,,1,0,"half ?, ""so""\r\n=1",\r\n'
        b"\xc3\xa9-1,products/1,blocked,,0,0,,\r\n"
    )
    assert written["issues.csv"].splitlines()[1:] == [
        b'\xc3\xa9-1,products/0,blocked,ERROR,still there,schema,too_long,,size,"half ?, ""so""',
        b'=1",,,,,,,,',
    ]
    items = (folder.root / "report" / "report.json").read_bytes().partition(b'],\n"gone"')[0]
    assert items == (
        b'{"items": [\n{"sku": "\xc3\xa9-1", "pim_id": "products/0", "outcome": "blocked", "asin": "", '
        b'"note": "", "issues": [{"code": "too_long", "severity": "ERROR", "source": "schema", '
        b'"message": "half ?, \\"so\\"\\r\\n=1", "attribute": "size", "sources": ["schema"], '
        b'"history": "still there"}], "parent": false, "removed": false, "answered": []},\n'
        b'{"sku": "\xc3\xa9-1", "pim_id": "products/1", "outcome": "blocked", "asin": "", "note": "", '
        b'"issues": [], "parent": false, "removed": false, "answered": []}'
    )


def test_the_json_report_is_strict_whatever_was_found(run, folder):
    run([issue(found=float("inf")), issue("half \ud83d", found="\ud83d"), issue("nul \x00 sep \u2028")])
    found = [
        one.get("found")
        for one in json.loads(text(folder, "report.json"), parse_constant=pytest.fail)["items"][0]["issues"]
    ]
    assert found[0] == "inf"


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text.append(data)


def parsed(html):
    tags = Tags()
    tags.feed(html)
    return tags


def test_hostile_product_data_is_text_on_the_page(run, folder):
    hostile = issue(
        HOSTILE,
        attribute=HOSTILE,
        path=HOSTILE,
        label=HOSTILE,
        why=HOSTILE,
        action=HOSTILE,
        found=HOSTILE,
        origin=Origin(1, HOSTILE, HOSTILE, HOSTILE),
    )
    run([hostile], sku=HOSTILE, facts=dict.fromkeys(("title", "run_id", "reason", "failure"), HOSTILE))
    tags = parsed(text(folder, "report.html"))
    assert tags.tags.count("script") == 1
    assert "img" not in tags.tags
    assert not [name for name, _ in tags.attributes if name.startswith("on") or name == "style"]
    assert {value for name, value in tags.attributes if name == "href"} == {
        "items.csv",
        "issues.csv",
        "report.json",
    }
    assert HOSTILE in "".join(tags.text)
    assert "src" not in dict(tags.attributes)


def test_the_page_says_what_counts_first_and_has_the_basics_of_accessibility(run, folder):
    summary = run([issue(label="Nom")], [], facts={"failure": "The PIM is unreachable.", "language": "fr_FR"})
    html = text(folder, "report.html")
    order = [
        html.index(one)
        for one in ("The PIM is unreachable.", "Ce que sont devenus", "Problèmes les plus", "A-0")
    ]
    assert order == sorted(order)
    tags = parsed(html)
    attributes = dict(tags.attributes)
    assert ("lang", "fr") in tags.attributes
    assert ("role", "alert") in tags.attributes
    labelled = {value for name, value in tags.attributes if name == "for"}
    assert {"find", "outcome", "severity"} <= labelled
    assert attributes["content"]
    assert summary["frequent"][0]["label"] == "Nom"


def test_what_is_only_known_later_is_shown_once_there_is_some(run, folder):
    run([issue()])
    html = text(folder, "report.html")
    assert 'data-outcome="failed"' in html
    assert 'data-outcome="suppressed"' not in html


def test_errors_come_first_and_the_page_is_limited_where_the_files_are_not(run, folder, monkeypatch):
    monkeypatch.setattr("amazon_listings.runs.report.SHOWN", 3)
    monkeypatch.setattr(page, "SHOWN", 3)
    warning = [issue("Odd.", "WARNING")]
    summary = run(*[warning] * 4, [issue()], [issue()])
    html = text(folder, "report.html")
    assert html.count('<article class="item') == 3
    assert re.findall(r"<h3>(.*?)</h3>", html) == ["A-4", "A-5", "A-0"]
    assert "This page shows 3 of 6 items with issues" in html
    assert len(text(folder, "issues.csv").splitlines()) == 7
    assert [one["severity"] for one in summary["frequent"]] == ["WARNING"]


def test_frequent_issues_are_counted_once_an_item_and_the_worst_come_first(run):
    odd = issue("Odd.", "WARNING", attribute="color")
    summary = run([odd, odd], [odd], [issue(attribute="item_name")])
    assert [(one["severity"], one["items"]) for one in summary["frequent"]] == [("ERROR", 1), ("WARNING", 2)]


def test_one_items_sentence_is_an_example_where_others_have_another(run, folder):
    summary = run([issue("Main 0.")], [issue("Main 1.")], [issue("Same.", attribute="color")] * 2)
    assert {one["message"]: one["varies"] for one in summary["frequent"]} == {"Main 0.": True, "Same.": False}
    assert "<td>for example: Main 0." in text(folder, "report.html")
    assert "<td>Same." in text(folder, "report.html")


def test_a_run_without_anything_still_has_a_report(folder):
    summary = write_report(folder, {**FACTS, "failure": "Amazon refuses the account.", "operation": "live"})
    assert summary["counts"] == dict.fromkeys(summary["counts"], 0)
    assert "Amazon refuses the account." in text(folder, "report.html")
    assert json.loads(text(folder, "report.json"))["items"] == []


def test_if_items_are_missing_the_report_is_written_and_the_run_refused(folder, extracted, item):
    extracted([item(1), item(2)])
    folder.note(msgspec.structs.replace(folder.noted(ExtractNote), extracted=3))
    renew_resolved(Resolver(folder), folder)
    with pytest.raises(RunAbortedError, match=r"3 items were extracted and 0 added .*, but 2 have"):
        write_report(folder, FACTS)
    assert "A-2" in text(folder, "items.csv")
    assert json.loads(text(folder, "report.json"))["summary"]["counts"]["failed"] == 2
    assert "<html" in text(folder, "report.html")


def test_every_column_of_issues_has_a_value_for_an_issue_that_says_little(run, folder):
    run([Issue(code="x", severity="INFO", source="listing", message="m")])
    rows = list(csv.reader(io.StringIO(text(folder, "issues.csv"))))
    assert tuple(rows[0]) == ISSUE_COLUMNS
    assert len(rows[1]) == len(ISSUE_COLUMNS)


def test_the_page_sets_names_as_names_and_says_the_rule_as_a_sentence(run, folder):
    odd = issue("odd `quote")
    run([issue("`brand` is <b>.", why="required because `x` is child", action="Fill in `brand`."), odd])
    page = text(folder, "report.html")
    assert "<p><code>brand</code> is &lt;b&gt;.</p>" in page
    assert '<p class="soft">Required because <code>x</code> is child.</p>' in page
    assert "<p>odd `quote</p>" in page


@pytest.mark.parametrize(
    "sign", ["=", "+", "-", "@", "\t", "\r", "\n", "\u2060=", "\u202e@", "\u3000\uff1d", "\xad-"]
)
def test_every_sign_that_begins_a_formula_is_guarded(sign):
    assert cell(f"{sign}SUM(A1)") == f"'{sign}SUM(A1)"


def test_a_cell_has_what_a_spreadsheet_takes():
    assert cell("x" * LONGEST_CELL) == "x" * LONGEST_CELL
    for value in ("x" * (LONGEST_CELL + 1), "=" + "x" * 1_000_000, ["y" * 40_000]):
        shown = cell(value)
        assert len(shown) == LONGEST_CELL
        assert shown.endswith("…")


def test_the_page_cuts_a_long_value_and_says_how_long_it_is(run, folder):
    run([issue("long", found="v" * 70_000)], sku="S" * 5_000)
    page = text(folder, "report.html")
    assert f"{'v' * LONGEST_VALUE}… (70,000 characters in all)" in page
    assert "v" * (LONGEST_VALUE + 1) not in page
    assert "… (5,000 characters in all)" in page
    assert "v" * 30_000 in text(folder, "issues.csv")


def english_sentences():
    """The pieces of English messages that are long enough to be told from names and other languages."""
    for package in ("amazon_listings", "amazon_product_types"):
        for entry in texts(package, "en").entries.values():
            for template in entry.templates:
                yield from (
                    piece.strip(" .:,;()")
                    for piece in re.split(r"\{[^}]*\}", template)
                    if len(piece.split()) > 4
                )


@pytest.mark.parametrize("language", sorted(set(languages()) - {"en"}))
def test_a_report_with_mistakes_has_no_english_sentence(run, folder, language):
    messages = catalogue(language)
    definition = compile_definition(
        {
            "type": "object",
            "required": ["brand"],
            "properties": {"name": {"type": "string", "maxLength": 3, "title": "N"}},
        }
    )
    found = [one.to_dict() for one in definition.issues({"name": "too long"}, language=language)]
    own = [
        issue(**messages.issue_texts(code, **facts), attribute="x")
        for code, facts in {
            "sku_missing": {"field": "f"},
            "expectation": {"field": "f", "expected": "e", "found": "1"},
            "fallback_language": {"fields": "f", "language": "fr", "fallback": "en"},
        }.items()
    ]
    error = RunAbortedError("runs.backfill_with_skus")
    facts = {
        "language": language,
        "failure": error.worded(messages),
        "warnings": [messages.phrase("note.unknown_field", field="f", place="p")],
        "reason": messages.phrase("scope.first"),
    }
    assert found
    run(found, own, facts=facts)
    page = html.unescape(text(folder, "report.html"))
    assert [piece for piece in english_sentences() if piece in page] == []
    assert messages.phrase("report.warnings") in page


def test_what_costs_money_now_stands_first(run, folder):
    held, sold_out = (
        Issue(code=code, severity="WARNING", source="schema", message="Held back.")
        for code in ("offer_held_back", "sold_out_on_sale")
    )
    summary = run([issue()], [issue(), held], *[[issue(), sold_out]] * 25)
    assert [sentence.split(":")[0] for sentence in summary["urgent"]] == [
        "Sold out in the PIM, still on sale at Amazon",
        "A new price or quantity is held back by other errors",
    ]
    assert summary["urgent"][0].endswith("… (+5)")
    assert summary["urgent"][1].endswith(": A-1")
    page = text(folder, "report.html")
    assert page.index(summary["urgent"][0]) < page.index(summary["run_id"], page.index("<main>"))
    cards = page[page.index("Held back.") :]
    assert cards.index("A-2") < cards.rindex("A-0")
