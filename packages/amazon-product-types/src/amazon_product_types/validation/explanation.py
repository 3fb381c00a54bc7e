"""A cause in catalogue: the issue that a person reads."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from amazon_product_types.conditions.naming import Naming
from amazon_product_types.conditions.reasons import Reasons
from amazon_product_types.conditions.wording import clause
from amazon_product_types.messages.printable import plain
from amazon_product_types.validation.allowances import Allowances
from amazon_product_types.validation.causes import Cause, value_at
from amazon_product_types.validation.issue import Issue
from amazon_product_types.validation.values import joined, measured, named, shown

if TYPE_CHECKING:
    from amazon_product_types.conditions.formulas import Term
    from amazon_product_types.definition import Definition
    from amazon_product_types.dialect.schemas import Pointer
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

    def why(self, cause: Cause, attributes: Any) -> Term:
        """Return the conditions that made the rule apply; empty for a rule without condition."""
        return self._reasons.of(cause.main.pointer, cause.main.path, attributes)

    def issue(self, cause: Cause, attributes: Any, catalogue: Catalogue, term: Term) -> Issue:
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
        allowed, said = self._allowances.allowed(cause, value, catalogue)
        values: dict[str, Any] = {
            "label": self._called(path, catalogue),
            "parent": self._called(path[:-1], catalogue),
            "name": plain(str(path[-1])) if path else "",
            "found": catalogue.quoted(value),
            "keyword": main.keyword,
            **said,
        }
        variant = "nearest" if said.get("nearest") else ""
        message = catalogue.message(code, variant, **values) or catalogue.message(code, **values)
        advised = catalogue.message(code, f"{variant}_action" if variant else "action", **values)
        if cause.elsewhere:
            message = catalogue.phrase("phrase.more_places", message=message, count=cause.elsewhere)
        kind = "required" if code in REQUIRED else "forbidden" if code.startswith("not_allowed") else "rule"
        return Issue(
            code=code,
            severity="ERROR",
            source="schema",
            message=message,
            keyword=main.keyword,
            attribute=str(path[0]) if path else "",
            path=joined(path),
            label=label or catalogue.phrase("phrase.item"),
            why=clause(kind, term, self._naming, catalogue),
            allowed=allowed or None,
            found=None if code in REQUIRED else shown(value),
            measured=measured(value) if code in MEASURED else None,
            action=advised or catalogue.message(code, "action", **values),
            family=FAMILIES.get(code, "invalid"),
        )

    def _called(self, path: Pointer, catalogue: Catalogue) -> str:
        """Return a place inside a sentence.

        Its label may be a sentence of its own (`Are batteries required?`).
        """
        label = self._definition.label_at(path)
        return catalogue.quoted(label) if label else catalogue.phrase("phrase.item")

    def warning(
        self, advised: Advised, attributes: Any, catalogue: Catalogue, *, elsewhere: int = 0
    ) -> Issue:
        """Return a warning about a place that goes against advice.

        Args:
            advised: The place and the keyword that gives the advice.
            attributes: The payload.
            catalogue: The language.
            elsewhere: How many further places have the same value for the same reason.
        """
        value = value_at(attributes, advised.path)
        # Colours and materials repeat all over a catalogue.
        warn = self._warn if isinstance(value, str) else self._warning
        return warn(advised, value, catalogue, elsewhere)

    def _warning(self, advised: Advised, value: Any, catalogue: Catalogue, elsewhere: int) -> Issue:
        path, keyword = advised
        code = ADVISED[keyword]
        label = self._definition.label_at(path)
        values: dict[str, Any] = {"label": catalogue.quoted(label), "found": catalogue.quoted(value)}
        allowed = None
        if code != "not_editable":
            allowed = self._allowances.advised(code, path, value)
            values |= {"options": named(allowed["options"]), "total": allowed["options_total"]}
        variant = "single" if values.get("total") == 1 else ""
        message = catalogue.message(code, variant, **values) or catalogue.message(code, **values)
        if elsewhere:
            message = catalogue.phrase("phrase.more_places", message=message, count=elsewhere)
        return Issue(
            code=code,
            severity="WARNING",
            source="schema",
            message=message,
            keyword=keyword,
            attribute=str(path[0]) if path else "",
            path=joined(path),
            label=label,
            allowed=allowed,
            found=shown(value),
            action=catalogue.message(code, "action", **values) if not variant else "",
            family=FAMILIES.get(code, "invalid"),
        )
