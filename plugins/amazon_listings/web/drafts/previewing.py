"""What a mapping makes of stored products: one field of some, counts over more, and what a shopper sees."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amazon_listings.ledger.items.states import StateFilter, find_states
from amazon_listings.messages import message
from amazon_listings.runs.extract.field_names import FieldNames, fields_read
from amazon_listings.runs.extract.needed_fields import DATE
from amazon_listings.runs.extract.siblings import variants_of
from amazon_listings.web.drafts.drafted import applied, families_of, sample
from amazon_listings.web.shopper import Shopper, as_sent, shopper_of, shown, values_of
from amazon_product_types.messages.facts import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from amazon_listings.item import Item, Record
    from amazon_listings.mapping.mapping import FieldMapping, MappedItem
    from amazon_listings.web.drafts.drafted_fields import DraftedFields
    from amazon_listings.web.rendering import Wording
    from amazon_product_types.fields import Field
    from amazon_product_types.validation.issue import Issue

#: Items that are shown, items that are counted at most, and seconds that counting may take.
SHOWN, COUNTED, SECONDS = 20, 200, 0.1


@dataclass(frozen=True)
class PreviewedItem:
    """An item: what the field reads, what becomes of it, what is wrong, and what a shopper sees.

    `attribute` is the whole attribute as it would be sent.
    """

    item: Item
    sources: list[str]
    values: list[str]
    attribute: str
    issues: list[Issue]
    shopper: Shopper


@dataclass(frozen=True)
class Previewed:
    """Some items, and counts over more of them.

    `unknown` are chosen references that no item has, `lacking` sentences about PIM fields that none has.
    """

    rows: list[PreviewedItem]
    count: int
    wrong: int
    unknown: list[str]
    lacking: list[str]


def previewed(
    found: DraftedFields,
    mapping: FieldMapping,
    field: Field,
    value: Any,
    *,
    words: Wording,
    chosen: Sequence[str] = (),
) -> Previewed:
    """Return what a mapping makes of a field, for products as they were read last.

    Args:
        found: The connector with its draft.
        mapping: Its mapping.
        field: The field.
        value: What its line says.
        words: The reader's.
        chosen: SKUs or PIM identities of the items to show; the first ones if there are none.
    """
    rows: list[PreviewedItem] = []
    count = wrong = 0
    names = FieldNames()
    end = time.monotonic() + SECONDS
    for family in sample(found.ledger, found.key, COUNTED):
        if count >= SHOWN and time.monotonic() > end:
            break
        for item, made in applied(mapping, family):
            names.see(item)
            issues = _issues(found, made, field)
            count += 1
            wrong += any(issue.severity == "ERROR" for issue in issues)
            if not chosen and len(rows) < SHOWN:
                rows.append(
                    _row(mapping, item, made, field, issues=issues, siblings=variants_of(family), words=words)
                )
    if not chosen:
        return Previewed(rows, count, wrong, [], list(_lacking(found, names, value, words)))
    known: set[str] = set()
    for family in families_of(found.ledger, found.key, chosen):
        for item, made in applied(mapping, family):
            names.see(item)
            meant = {item["pim_id"], item["sku"]} & set(chosen)
            known |= {str(name) for name in meant}
            if meant and len(rows) < SHOWN:
                rows.append(
                    _row(
                        mapping,
                        item,
                        made,
                        field,
                        issues=_issues(found, made, field),
                        siblings=variants_of(family),
                        words=words,
                    )
                )
    lacking = list(_lacking(found, names, value, words))
    return Previewed(rows, count, wrong, _missing(chosen, known), lacking)


def _lacking(found: DraftedFields, names: FieldNames, value: Any, words: Wording) -> Iterator[str]:
    """Yield a sentence for each PIM field that a line reads and no item has; none where no item is known."""
    if not names.seen:
        return
    read = dict.fromkeys(fields_read(value))
    lacking = list(names.lacking(read))
    state = next(find_states(found.ledger, found.key, StateFilter()), None)
    selected = state.selected if state is not None else ()
    if selected and DATE in read and DATE not in {*selected, *names.seen}:
        lacking.append((DATE, []))
    said = "preview.field_not_read" if selected else "preview.no_field"
    for name, near in lacking:
        meant = (
            words.messages.word(message("did_you_mean", names=[quoted(one) for one in near])) if near else ""
        )
        yield f"{words.t(said, field=words.messages.quoted(name))} {meant}".rstrip()


def _missing(chosen: Sequence[str], known: set[str]) -> list[str]:
    """Return the references that no item has; a word of one that has spaces is none of its own."""
    words = {part for name in known for part in re.split(r"[,;\s]+", name)}
    return [one for one in chosen if not re.search(r"[,;\s]", one) and one not in known | words]


def _issues(found: DraftedFields, made: MappedItem, field: Field) -> list[Issue]:
    every = (*made.issues, *found.definitions.issues(made.attributes))
    return [issue for issue in every if issue.attribute == field.attribute]


def _row(
    mapping: FieldMapping,
    item: Item,
    made: MappedItem,
    field: Field,
    *,
    issues: list[Issue],
    siblings: list[Record],
    words: Wording,
) -> PreviewedItem:
    traces = [
        trace
        for trace in mapping.explain(item, siblings=siblings, attribute=field.attribute)
        if trace.origin.field
    ]
    messages = words.messages
    return PreviewedItem(
        item,
        [shown(trace.source, messages) for trace in traces],
        values_of(made.attributes.get(field.attribute), messages),
        as_sent(made.attributes, field.attribute),
        [words.issue(issue) for issue in issues],
        shopper_of(made.attributes, messages),
    )
