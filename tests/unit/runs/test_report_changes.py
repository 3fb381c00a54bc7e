"""The section of a run's report about what Amazon changed in the product type."""

import json

import pytest

from amazon_listings.runs.finish.ending import finish_run
from amazon_listings.runs.notes import ChangesNote
from amazon_listings.watch.drift import Drift
from amazon_listings.watch.impact import NewlyFailing, Touched
from amazon_product_types.changes import Change
from support.ledgers import ledger_in

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def report(connector, extracted, item, folder, tmp_path):
    """The page and the JSON of a run with this drift, in a language."""

    def report(drift, locale="fr_FR"):
        extracted([item(1)])
        if drift is not None:
            folder.note(ChangesNote(drift=drift.to_json()))
        else:
            (folder.root / "changes.json").unlink(missing_ok=True)
        engine = ledger_in(tmp_path)
        one = connector(amazon={"locale": locale})
        finish_run(one, ledger=engine, folder=folder, run_id="r1", warnings=[], unfinished=[])
        engine.dispose()
        place = folder.root / "report"
        return (place / "report.html").read_text(), json.loads((place / "report.json").read_text())

    return report


DRIFT = Drift(
    [
        Change("removed", "size.value", HOSTILE, "no longer exists"),
        Change("renamed", "brand.value", "Enseigne", "was called 'Marque'"),
    ],
    [
        Touched("lamps", "Taille", 12, "size.value", f"no longer exists {HOSTILE}", person=True),
        Touched("lamps", "Marque", 13, "brand.value", "the label is now 'Enseigne'", person=False),
    ],
    {"lamps": NewlyFailing(40, 3, 2, (("A-1", ("size",)), (HOSTILE, ("size",))))},
    "V1",
    "V2",
)


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("fr_FR", "2 des 40 articles de la dernière exécution échoueraient maintenant"),
        ("en_GB", "2 of the 40 items of the last run would now fail"),
        ("es_ES", "2 de los 40 artículos de la última ejecución fallarían ahora"),
        ("de_DE", "2 der 40 Artikel des letzten Laufs wären jetzt falsch"),
    ],
)
def test_it_says_what_needs_a_person_and_what_would_fail(report, locale, said):
    page, document = report(DRIFT, locale)
    assert said in page
    assert "lamps, line 12: Taille: no longer exists" in page
    assert "Enseigne" in page
    assert "<script>alert" not in page
    changes = document["summary"]["changes"]
    assert (changes["before"], changes["after"]) == ("V1", "V2")
    assert [kind["kind"] for kind in changes["kinds"]] == ["removed", "renamed"]


def test_a_new_version_with_the_same_fields_says_so_and_no_new_version_says_nothing(report):
    assert "Aucun champ n&#39;a changé" in report(Drift([], [], {}, "V1", "V2"))[0]
    page, document = report(None)
    assert 'id="changes"' not in page
    assert document["summary"]["changes"] is None


def test_nothing_that_no_person_needs_to_see_is_listed_for_one():
    told = DRIFT.to_json()
    assert [line for line in told["person"] if "Marque" in line] == []
    assert [line for line in told["kept"] if "Taille" in line] == []
    assert DRIFT.needs_a_person
    assert not Drift([], DRIFT.touched[1:], {}).needs_a_person
