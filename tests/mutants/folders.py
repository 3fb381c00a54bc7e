"""Where the tests run, and what is kept."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "var" / "mutants"
#: The copy of the source that is changed; the tests run in it.
COPY = WORK / "source"
VERDICTS = WORK / "verdicts.jsonl"
#: The changes that each module can have, by its content.
SPECS = WORK / "specs"
