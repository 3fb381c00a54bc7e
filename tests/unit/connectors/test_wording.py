"""What is wrong with a document, in the language of those who read it."""

from amazon_listings.connectors import load_connectors
from amazon_listings.messages import in_language


def test_what_is_wrong_is_said_in_the_readers_language(tmp_path):
    (tmp_path / "lamps.yaml").write_text("id: lamps\nsync: {operation: lve}\ncolour: red\n")
    (tmp_path / "desks.yaml").write_text("id: desks\n\tamazon: {}\n")
    with in_language("de"):
        broken = {one.id: one.text for one in load_connectors(tmp_path, {}).broken}
    assert broken["lamps"].startswith("Der Konnektor lamps kann nicht verwendet werden: ")
    assert "Erlaubt: test, live" in broken["lamps"]
    assert "Meinten Sie 'live'?" in broken["lamps"]
    assert "unbekannter Schlüssel" in broken["lamps"]
    assert "diese Zeile hat einen Tabulator" in broken["desks"]
    left = [line for text in broken.values() for line in text.splitlines() if " the " in line]
    assert [line for line in left if "sales_layer" not in line and "|" not in line] == []


def test_an_argument_that_no_expectation_has_is_told_at_its_line_with_the_nearest(tmp_path):
    entry = "- expectation: expect_column_values_to_be_between\n  column: stock\n  min_valu: 0\n"
    (tmp_path / "lamps.yaml").write_text(f"id: lamps\nquality:\n{entry}")
    with in_language("en"):
        (broken,) = load_connectors(tmp_path, {}).broken
    told = broken.text.split("\n\n")[1]
    assert "lamps.yaml:5:3" in told
    assert "Did you mean 'min_value'?" in told


def test_a_rule_that_there_is_not_is_named_with_the_nearest_and_a_short_reason_is_short(tmp_path):
    text = "id: lamps\nrules_off: {price_decimal: Because of it., null_words: x, gpsr_contacts: ''}\n"
    (tmp_path / "lamps.yaml").write_text(text)
    with in_language("en"):
        (broken,) = load_connectors(tmp_path, {}).broken
    assert "Did you mean 'price_decimals'?" in broken.text
    assert "rules_off.null_words: 'x' is too short." in broken.text
    assert "rules_off.gpsr_contacts: is empty." in broken.text
