"""What the demo prints of its runs."""

from amazon_listings.cli.outcome_table import print_outcomes
from amazon_listings.sync.outcome import OUTCOMES
from amazon_listings.sync.run_folder import RunFolder


def test_the_issues_are_read_from_the_runs_folder(tmp_path, capsys):
    folder = RunFolder(tmp_path / "run")
    issues = [
        {"items": 7 - number, "severity": "ERROR", "message": f"Issue {number}."} for number in range(4)
    ]
    folder.note("report", {"frequent": issues})
    print_outcomes(
        {
            "fr_lamps": {
                "operation": "test",
                "extracted": 12,
                "counts": dict.fromkeys(OUTCOMES, 2),
                "calls": {"previews": 5, "readings": 1},
                "files": {"report.html": str(folder.root / "report" / "report.html")},
            }
        }
    )
    printed = capsys.readouterr().out
    assert "7 items  ERROR    Issue 0." in printed
    assert "Issue 2." in printed
    assert "Issue 3." not in printed
    assert str(folder.root / "report" / "report.html") in printed
