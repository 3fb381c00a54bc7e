"""A product type definition, compiled: verdicts and issues."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from amazon_product_types.definition import Definition
from amazon_product_types.document import DefinitionError, check_definition, checksum
from amazon_product_types.messages import Catalogue, catalogue
from amazon_product_types.validation.advice import Advice, Advised, advice, against, unchangeable
from amazon_product_types.validation.attention import Attention
from amazon_product_types.validation.causes import Cause, causes, each_cause
from amazon_product_types.validation.engine import Engine, Failure
from amazon_product_types.validation.explanation import Explainer
from amazon_product_types.validation.payload import is_sendable, readable
from amazon_product_types.validation.values import joined

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from amazon_product_types.conditions.formulas import Term
    from amazon_product_types.validation.issue import Issue

#: Compiled definitions kept; a run needs few, each takes some 20 MB.
KEPT = 16
_compiled: OrderedDict[str, Validator] = OrderedDict()
_lock = threading.Lock()


class Validator:
    """A compiled definition; made by `compile_definition`. Safe to share between threads; picklable.

    Args:
        document: The definition.
        locale_document: The definition whose labels and names people read, or None.
        checksum: Fingerprint of both.
    """

    def __init__(
        self, document: dict[str, Any], locale_document: dict[str, Any] | None, checksum: str
    ) -> None:
        self.document = document
        self.locale_document = locale_document
        self.checksum = checksum
        self._order = {name: index for index, name in enumerate(document["properties"])}
        self._engine = Engine(document)
        self._definition = Definition(document, labels=locale_document)
        self._explainer = Explainer(self._definition)

    @cached_property
    def _advice(self) -> Advice:
        return advice(self._definition)

    @cached_property
    def _attention(self) -> Attention:
        return Attention(self._definition, self._engine.by_attribute, self._engine.rule, self._advice)

    def is_valid(self, attributes: object) -> bool:
        """Does the payload keep every rule of the definition? Advice does not count.

        Half a surrogate pair, which no encoding can carry, is noticed where a rule reads the text;
        `issues` notices it everywhere.
        """
        try:
            return self._engine.is_valid(attributes)
        except ValueError:
            return False

    def stays_valid(self, attributes: Mapping[str, Any], changed: AbstractSet[str]) -> bool:
        """Return whether a payload that was valid before some attributes changed is valid still.

        Args:
            attributes: The payload, with the changed attributes.
            changed: Their names; those that went are among them.
        """
        try:
            return self._engine.stays_valid(attributes, changed)
        except ValueError:
            return False

    def issues(self, attributes: object, *, language: str = "en", update: bool = False) -> list[Issue]:
        """Return what is wrong with a payload, one issue per cause, and what deserves a warning.

        Args:
            attributes: The payload: attribute names and their values.
            language: Language of the sentences; labels follow the locale document.
            update: True for a listing that exists: warn of values that cannot be changed.

        Returns:
            Errors in the order of the definition's attributes, then warnings. Empty if all is well.
        """
        texts = catalogue(language)
        noticed = self._noticed(attributes)
        if noticed is not None:
            return self._warnings(attributes, noticed, frozenset(), texts, update=update)
        payload, failing = self._failing(attributes)
        found = causes(failing, self.document, attributes)
        found.sort(key=self._position)
        explained = _either_or([(cause, self._explainer.why(cause, payload)) for cause in found])
        errors = [self._explainer.issue(cause, attributes, texts, term) for cause, term in explained]
        wrong, noticed = {issue.path for issue in errors}, self._attention.noticed(payload)
        return errors + self._warnings(payload, noticed, wrong, texts, update=update)

    def failures(self, attributes: object, *, language: str = "en", update: bool = False) -> list[Issue]:
        """Like `issues`, but one per failing place, as a JSON Schema validator reports them.

        `path` is the place the keyword looks at: for `required` the object that lacks the field.
        """
        texts = catalogue(language)
        payload, failing = self._failing(attributes)
        errors: dict[tuple[Any, ...], Cause] = {}
        for cause in each_cause(failing, self.document, attributes):
            place = (cause.main.path, cause.main.keyword, cause.path)
            # Several conditions may ask for the same; the first unconditional one explains it best.
            if place not in errors or len(cause.main.pointer) < len(errors[place].main.pointer):
                errors[place] = cause
        return [
            replace(
                self._explainer.issue(cause, attributes, texts, self._explainer.why(cause, payload)),
                path=joined(cause.main.path),
            )
            for cause in errors.values()
        ] + self._warnings(
            payload,
            self._attention.noticed(payload),
            {joined(path) for path, _, _ in errors},
            texts,
            update=update,
        )

    def label(self, path: str) -> str:
        """Return what people call a place, `item_weight/0/unit`, in the language of the locale document."""
        return self._definition.label_at(
            tuple(int(step) if step.isdigit() else step for step in path.split("/"))
        )

    def _failing(self, attributes: object) -> tuple[Any, list[Failure]]:
        """Return the payload as the engine can read it, and every failing place."""
        payload, broken = (attributes, []) if is_sendable(attributes) else readable(attributes)
        try:
            return payload, [*broken, *self._engine.failures(payload)]
        except ValueError:  # A key that is no text.
            payload, broken = readable(attributes)
            return payload, [*broken, *self._engine.failures(payload)]

    def _noticed(self, attributes: object) -> AbstractSet[str] | None:
        """Return the attributes that may go against advice; None where the payload breaks a rule."""
        try:
            noticed = self._attention.noticed(attributes)
            right = self._engine.stays_valid(attributes, noticed)
        except ValueError:
            return None
        unread = _of(attributes, noticed) if self._attention.reads_every_text else attributes
        return noticed if right and (not unread or is_sendable(unread)) else None

    def _warnings(
        self,
        payload: Any,
        noticed: AbstractSet[str],
        wrong: AbstractSet[str],
        texts: Catalogue,
        *,
        update: bool,
    ) -> list[Issue]:
        """Warnings about values that are not wrong anyway; the same slip in many places is one."""
        if not noticed and not update:
            return []
        found: dict[tuple[Any, ...], list[Advised]] = {}
        for advised in against(self._advice, _of(payload, noticed)):
            path, keyword, value = advised
            if not wrong or joined(path) not in wrong:
                # A unit, currency or marketplace is mapped once for many attributes.
                shared = path[-1] if path[-1] != "value" else path
                found.setdefault((keyword, shared, value), []).append(advised)
        for advised in unchangeable(self._advice, payload) if update else ():
            found.setdefault((advised.keyword, advised.path[0]), []).append(advised)
        return [self._explainer.warning(same[0], texts, elsewhere=len(same) - 1) for same in found.values()]

    def _position(self, cause: Cause) -> tuple[int, tuple[tuple[bool, Any], ...]]:
        order = self._order
        first = order.get(cause.path[0], len(order)) if cause.path else -1
        return first, tuple((isinstance(step, str), step) for step in cause.path)

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self.document, self.locale_document)


def compile_definition(
    document: dict[str, Any], *, locale_document: dict[str, Any] | None = None
) -> Validator:
    """Return the compiled definition of a document; the same one for the same content.

    Args:
        document: A product type definition of the Product Type Definitions API, fetched in the
            marketplace's own locale: what it allows depends on the locale.
        locale_document: The same definition in the language of the people who read the issues;
            its titles and option names are used in place of the document's.

    Raises:
        DefinitionError: a document is something else, or breaks the rules of JSON Schema.
    """
    check_definition(document)
    if locale_document is not None:
        check_definition(locale_document)
    key = checksum(document, locale_document)
    with _lock:
        known = _compiled.get(key)
        if known is None:
            try:
                known = _compiled[key] = Validator(document, locale_document, key)
            except RecursionError:
                raise DefinitionError("definition_document.too_deep") from None
            if len(_compiled) > KEPT:
                _compiled.popitem(last=False)
        _compiled.move_to_end(key)
        return known


def _of(attributes: Any, names: AbstractSet[str]) -> dict[str, Any]:
    """Return these attributes of a payload, in its order."""
    return {name: attributes[name] for name in attributes if name in names} if names else {}


def _again(document: dict[str, Any], locale_document: dict[str, Any] | None) -> Validator:
    return compile_definition(document, locale_document=locale_document)


def _either_or(explained: list[tuple[Cause, Term]]) -> list[tuple[Cause, Term]]:
    """Attributes that are each required unless the other is given, as the one thing that is missing."""
    missing = {
        str(cause.path[0]): (cause, term) for cause, term in explained if cause.code == "missing_attribute"
    }
    merged: dict[int, tuple[Cause, Term]] = {}
    taken: set[str] = set()
    for name, (cause, term) in missing.items():
        others = [
            other
            for other, (_, theirs) in missing.items()
            if other != name and _hangs_on_absence(term, other) and _hangs_on_absence(theirs, name)
        ]
        if name in taken or not others:
            continue
        group = [name, *others]
        taken.update(group)
        shared = frozenset.intersection(*(missing[one][1] for one in group))
        failures = [failure for one in group for failure in missing[one][0].failures]
        merged[id(cause)] = (Cause("missing_one_of", cause.path, failures), shared)
    return [
        merged.get(id(cause), (cause, term))
        for cause, term in explained
        if id(cause) in merged or not (cause.code == "missing_attribute" and str(cause.path[0]) in taken)
    ]


def _hangs_on_absence(term: Term, name: str) -> bool:
    """Return whether a condition is that the attribute `name` is not given."""
    return any(
        not item.holds and item.fact.test == "given" and item.fact.names[:1] == (name,) for item in term
    )
