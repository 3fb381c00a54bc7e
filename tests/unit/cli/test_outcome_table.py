"""What the demo prints of its runs."""

import pytest

from amazon_listings.cli.output.outcome_table import COLUMNS, SELDOM, print_outcomes
from amazon_listings.cli.output.refusals import LANGUAGE
from amazon_listings.messages import catalogue, languages
from amazon_listings.runs.folder import RunFolder
from amazon_listings.runs.notes import ReportNote
from amazon_listings.runs.outcomes import ENDS, REPORTED, Outcome


def test_the_issues_are_read_from_the_runs_folder(tmp_path, capsys):
    folder = RunFolder(tmp_path / "run")
    issues = [
        {"items": 7 - number, "severity": "ERROR", "message": f"Issue {number}.", "varies": number == 1}
        for number in range(4)
    ]
    folder.note(ReportNote(summary={"frequent": issues, "urgent": ["Sold out, and on sale."]}))
    print_outcomes(
        {
            "fr_lamps": {
                "operation": "test",
                "extracted": 12,
                "counts": dict.fromkeys(COLUMNS, 2),
                "calls": {"previews": 5, "readings": 1},
                "files": {"report.html": (folder.root / "report" / "report.html").as_uri()},
            }
        }
    )
    printed = capsys.readouterr().out
    assert "7 items  Error    Issue 0." in printed
    assert "6 items  Error    for example: Issue 1." in printed
    assert "Issue 2." in printed
    assert printed.index("Sold out, and on sale.") < printed.index("Issue 0."), "money comes first"
    assert "Issue 3." not in printed
    assert (folder.root / "report" / "report.html").as_uri() in printed


def test_no_heading_stands_over_no_issues(capsys):
    print_outcomes({"fr_lamps": summary(accepted=3)})
    assert "frequent" not in capsys.readouterr().out


def summary(**counts):
    files = {"report.html": "file:///runs/run/report/report.html"}
    more = {"operation": "live", "calls": {"updates": 2}, "files": files}
    return more | {"extracted": sum(counts.values()), "counts": dict.fromkeys(REPORTED, 0) | counts}


@pytest.mark.parametrize("language", languages())
def test_no_name_is_cut(capsys, language):
    LANGUAGE.set(language)
    long = "de_backpacks_of_a_name_that_is_as_long_as_people_make_them"
    print_outcomes({long: summary(accepted=1_234_567)})
    shown = capsys.readouterr().out
    assert long in shown
    assert "…" not in shown


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("number", ["", "many"])
def test_no_two_outcomes_have_one_name(language, number):
    names = [catalogue(language).message(f"outcome.{one}", number) for one in Outcome]
    assert sorted(set(names)) == sorted(names)


def test_every_outcome_of_an_extracted_item_has_its_column():
    assert {*COLUMNS, *SELDOM} == {*ENDS}


def test_what_was_read_back_is_shown_where_there_is_any(capsys):
    print_outcomes({"fr_lamps": summary(accepted=3)})
    assert "differences" not in capsys.readouterr().out
    print_outcomes({"fr_lamps": summary(live=3, live_with_differences=1), "de_lamps": summary(ready=7)})
    shown = capsys.readouterr().out
    assert "differences" in shown
    assert "applied" not in shown
