"""The sentences of the mapping's issues, in every language."""

import ast
from pathlib import Path

import pytest

import amazon_listings.mapping
from amazon_listings.messages import catalogue

PACKAGE = Path(amazon_listings.mapping.__file__).parent
#: Functions and classes whose first argument is a code.
SAYING = {"InvalidValue", "ConversionError", "NotANumber", "NotADate", "_add", "_issue"}


def said_codes():
    """The codes that the source names where it makes an issue or says why a value does not fit."""
    calls = [
        node
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)
    ]
    return {
        call.args[0].value
        for call in calls
        if getattr(call.func, "id", getattr(call.func, "attr", "")) in SAYING
    }


def test_each_code_has_its_sentences():
    assert [code for code in said_codes() if not catalogue().knows(code)] == []


@pytest.mark.parametrize(
    ("language", "message", "action"),
    [
        (
            "en",
            "“Poids de l'article”: “1,5 kg” has “kg” beside the number.",
            "Write the number alone in the PIM, or end the connector's line with `| extract_number`.",
        ),
        (
            "fr",
            "« Poids de l'article » : « 1,5 kg » porte « kg » à côté du nombre.",
            "Écrivez le nombre seul dans le PIM, ou terminez la ligne du connecteur par `| extract_number`.",
        ),
        (
            "de_AT",
            "„Poids de l'article“: „1,5 kg“ hat „kg“ neben der Zahl.",
            "Schreiben Sie im PIM die Zahl allein, oder beenden Sie die Zeile des Konnektors mit `| extract_number`.",  # noqa: E501 - one sentence
        ),
    ],
)
def test_an_issue_is_said_in_the_language_of_those_who_read_it(small, language, message, action):
    del small.definition["properties"]["item_weight"]["items"]["properties"]["unit"]
    small.definition["properties"]["item_weight"]["items"]["required"] = ["value"]
    mapped = small.map({"item_weight": "{{ item.w }}"}, small.item(fields={"w": "1,5 kg"}), language=language)
    [issue] = mapped.issues
    assert (issue.message, issue.action) == (message, action)


def test_a_failed_expression_says_its_reason_in_the_language_too(small):
    mapping = small.compile({"color": "{{ item.w | number }}"}, connector="fr_home", language="fr")
    [issue] = mapping.apply(small.item(fields={"w": "1 2 3"})).issues
    assert issue.message == (
        "« Couleur » : l'expression de connecteur fr_home, ligne 10, « color » a échoué pour S1 : "
        "ses chiffres ne sont pas groupés par milliers."
    )
    assert issue.action.startswith("Corrigez « w » dans le PIM")


@pytest.mark.parametrize("written", ["5 USD", "USD 5", "$5", "5 €", "CHF 19.-"])
def test_a_price_with_a_currency_is_to_be_looked_at_before_it_is_taken(small, written):
    mapped = small.map({"list_price": "{{ item.p }}"}, small.item(fields={"p": written}), language="en")
    [issue] = mapped.issues
    assert "names a currency" in issue.message
    assert "Check that the price is in the currency of the marketplace" in issue.action
