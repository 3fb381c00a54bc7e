"""A cause in catalogue: the issue that a person reads."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from amazon_product_types.conditions.naming import Naming
from amazon_product_types.conditions.reasons import Reasons
from amazon_product_types.conditions.wording import clause
from amazon_product_types.messages.facts import Message, quoted
from amazon_product_types.messages.printable import plain
from amazon_product_types.validation.allowances import Allowances
from amazon_product_types.validation.causes import Cause, value_at
from amazon_product_types.validation.issue import Issue
from amazon_product_types.validation.values import joined, measured, named, shown

if TYPE_CHECKING:
    from amazon_product_types.conditions.formulas import Term
    from amazon_product_types.definition import Definition
    from amazon_product_types.json_pointer import Pointer
    from amazon_product_types.messages import Catalogue
    from amazon_product_types.validation.advice import Advised

#: Kind of trouble by code; Amazon's codes have the same families (see `amazon.py`). `invalid` if not listed.
FAMILIES = {
    "empty_value": "missing",
    "missing_attribute": "missing",
    "missing_entry": "missing",
    "missing_field": "missing",
    "missing_one_of": "missing",
    "too_few_values": "missing",
    "not_editable": "fixed",
}
#: Code of a warning by the keyword that gives the advice.
ADVISED = {"enum": "not_suggested", "enumDeprecated": "deprecated_option", "editable": "not_editable"}
REQUIRED = frozenset(("missing_attribute", "missing_field", "missing_one_of", "missing_entry"))
#: Codes of which the size of the value tells the most.
MEASURED = frozenset(("too_long", "too_short", "too_many_values", "too_many_alike", "too_few_values"))
MEMORY = 4096


class Explainer:
    """Turns causes into issues, for one definition.

    Args:
        definition: The definition, with the labels that people read.
    """

    def __init__(self, definition: Definition) -> None:
        self._definition = definition
        self._naming = Naming(definition)
        self._reasons = Reasons(definition)
        self._allowances = Allowances(definition)
        self._warn = lru_cache(MEMORY)(self._warning)

    def why(self, cause: Cause, attributes: object) -> Term:
        """Return the conditions that made the rule apply; empty for a rule without condition."""
        return self._reasons.of(cause.main.pointer, cause.main.path, attributes)

    def issue(self, cause: Cause, attributes: object, catalogue: Catalogue, term: Term) -> Issue:
        """Return the issue of a cause.

        Args:
            cause: The cause.
            attributes: The payload.
            catalogue: The language.
            term: What `why` said.
        """
        main, code, path = cause.main, cause.code, cause.path
        value = value_at(attributes, path)
        label = self._definition.label_at(path)
        allowed, facts = self._allowances.allowed(cause, value)
        facts = {
            "label": self._called(path),
            "parent": self._called(path[:-1]),
            "name": plain(str(path[-1])) if path else "",
            "found": quoted(value),
            "keyword": main.keyword,
            **facts,
        }
        nearest = "nearest" if facts.get("nearest") else ""
        kind = "required" if code in REQUIRED else "forbidden" if code.startswith("not_allowed") else "rule"
        texts = catalogue.texts_of(
            _elsewhere(Message(code, facts, _known(catalogue, code, nearest)), cause.elsewhere),
            action=Message(code, facts, _known(catalogue, code, f"{nearest}_action", "action")),
            why=clause(kind, term, self._naming, catalogue),
        )
        return Issue(
            code=code,
            severity="ERROR",
            source="schema",
            keyword=main.keyword,
            attribute=str(path[0]) if path else "",
            path=joined(path),
            label=label or catalogue.phrase("phrase.item"),
            allowed=allowed or None,
            found=None if code in REQUIRED else shown(value),
            measured=measured(value) if code in MEASURED else None,
            family=FAMILIES.get(code, "invalid"),
            **texts,
        )

    def _called(self, path: Pointer) -> object:
        """Return a place inside a sentence.

        Its label may be a sentence of its own (`Are batteries required?`).
        """
        label = self._definition.label_at(path)
        return quoted(label) if label else Message("phrase.item")

    def warning(self, advised: Advised, catalogue: Catalogue, *, elsewhere: int = 0) -> Issue:
        """Return a warning about a place that goes against advice.

        Args:
            advised: The place, its value and the keyword that gives the advice.
            catalogue: The language.
            elsewhere: How many further places have the same value for the same reason.
        """
        # Colours and materials repeat all over a catalogue.
        warn = self._warn if isinstance(advised.value, str) else self._warning
        return warn(advised, catalogue, elsewhere)

    def _warning(self, advised: Advised, catalogue: Catalogue, elsewhere: int) -> Issue:
        path, keyword, value = advised
        code = ADVISED[keyword]
        label = self._definition.label_at(path)
        facts: dict[str, Any] = {"label": quoted(label), "found": quoted(value)}
        allowed = None
        if code != "not_editable":
            allowed = self._allowances.advised(code, path, value)
            facts |= {"options": named(allowed["options"]), "total": allowed["options_total"]}
        single = "single" if facts.get("total") == 1 else ""
        said = Message(code, facts, _known(catalogue, code, single))
        action = None if single else Message(code, facts, "action")
        return Issue(
            code=code,
            severity="WARNING",
            source="schema",
            keyword=keyword,
            attribute=str(path[0]) if path else "",
            path=joined(path),
            label=label,
            allowed=allowed,
            found=shown(value),
            family=FAMILIES.get(code, "invalid"),
            **catalogue.texts_of(_elsewhere(said, elsewhere), action=action),
        )


def _known(catalogue: Catalogue, code: str, *variants: str) -> str:
    """Return the first variant of a code that has a text; the last one where none has."""
    return next((one for one in variants if catalogue.knows(code, one)), variants[-1] if variants[1:] else "")


def _elsewhere(message: Message, places: int) -> Message:
    """Return a message that says in how many more places the same is wrong."""
    return Message("phrase.more_places", {"message": message, "count": places}) if places else message
