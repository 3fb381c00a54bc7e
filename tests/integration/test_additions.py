"""An outcome is one file and its texts, a language one file per distribution: really added to a copy."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from local_airflow.project import PROJECT

COPIED = ("plugins", "packages", "tests", "include", "docs", "local_airflow", "pyproject.toml")
OURS = "plugins/amazon_listings"
LIBRARY = "packages/amazon-product-types/src/amazon_product_types"
MEMBER = """    #: The connector holds it back.
    POSTPONED = "postponed", "test", "warn", True
"""
#: By language its name and its meaning.
TEXTS = {
    "de": ("zurückgestellt", "Der Connector hält es zurück."),
    "en": ("postponed", "The connector holds it back."),
    "es": ("aplazado", "El conector lo retiene."),
    "fr": ("reporté", "Le connecteur le retient."),
    "it": ("rinviato", "Il connettore lo trattiene."),
    "nl": ("uitgesteld", "De connector houdt het vast."),
}
#: What compares outcomes and languages with each other, and shows them.
COMPARING = (
    "tests/unit/test_messages.py",
    "tests/unit/test_settings.py",
    "tests/unit/cli/test_outcome_table.py",
    "tests/unit/ledger/items/test_states.py",
    "tests/unit/runs/test_outcomes.py",
    "tests/unit/runs/test_report.py",
    "tests/unit/runs/finish/test_resolve.py",
    "packages/amazon-product-types/tests/test_messages.py",
    "packages/amazon-product-types/tests/test_rules.py",
    "packages/amazon-product-types/tests/validation/test_amazon.py",
)


@pytest.fixture
def copy(tmp_path):
    for name in COPIED:
        if (PROJECT / name).is_dir():
            shutil.copytree(PROJECT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(PROJECT / name, tmp_path)
    return tmp_path


def add_dutch(copy):
    """Add Dutch, whose sentences are Italian ones behind a word of their own."""
    for distribution in (OURS, LIBRARY):
        italian = (copy / distribution / "messages/it.po").read_text(encoding="utf-8")
        head, texts = italian.split("\n\n", 1)
        texts = re.sub(r'^(msgstr(?:\[\d\])? ")(?=[^"])', r"\1nl ", texts, flags=re.MULTILINE)
        dutch = head.replace("Language: it", "Language: nl") + "\n\n" + texts
        (copy / distribution / "messages/nl.po").write_text(dutch, encoding="utf-8")


def add_outcome(copy):
    module = copy / OURS / "runs/outcomes.py"
    before = "    #: Passed every check; a test run ends here.\n"
    text = module.read_text(encoding="utf-8")
    assert before in text
    module.write_text(text.replace(before, MEMBER + before), encoding="utf-8")
    for file in (copy / OURS / "messages").glob("*.po"):
        name, meaning = TEXTS[file.stem]
        entries = "".join(
            f'{context}msgid "outcome.postponed"\nmsgstr "{text}"\n\n'
            for context, text in (
                ("", name),
                ('msgctxt "many"\n', name),
                ('msgctxt "meaning"\n', meaning),
            )
        )
        text = file.read_text(encoding="utf-8")
        file.write_text(
            text.replace('msgid "outcome.ready"', entries + 'msgid "outcome.ready"', 1), encoding="utf-8"
        )


@pytest.mark.timeout(900)
def test_an_outcome_and_a_language_touch_no_other_file(copy):
    add_dutch(copy)
    add_outcome(copy)
    paths = ("plugins", "packages/amazon-product-types/src", "packages/spapi-sandbox/src", "tests", ".")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(str(copy / one) for one in paths)}
    run = [sys.executable, "-c", "from amazon_listings.messages import languages as one; print(one())"]
    known = subprocess.run(run, env=environment, cwd=copy, capture_output=True, text=True, check=True)
    assert "nl" in known.stdout
    tests = [sys.executable, "-m", "pytest", "-n", "0", "-q", "-m", "not server and not airflow", *COMPARING]
    done = subprocess.run(tests, env=environment, cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
