"""The local check of a run, for the commands that write connectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_product_types.rules import RuleCheck
from amazon_product_types.validation import compile_definition

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet

    from amazon_product_types.validation.issue import Issue


def local_check(
    document: dict[str, Any], *, without: AbstractSet[str] = frozenset(), language: str = "en"
) -> Callable[[dict[str, Any]], list[Issue]]:
    """Return what checks payloads by a definition and by the rules beyond it.

    Args:
        document: The definition in the marketplace's own locale.
        without: Names of rules that are turned off.
        language: Language of the sentences.
    """
    compiled = compile_definition(document)
    rules = RuleCheck(document, compiled.label, without=without)

    def check(attributes: dict[str, Any]) -> list[Issue]:
        kept, _ = rules.prepared(attributes, language)
        return [*compiled.issues(kept, language=language), *rules.issues(kept, language)]

    return check
