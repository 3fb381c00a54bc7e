"""The offers of what Amazon rejected: price and quantity go alone, or are held back with the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from amazon_listings.checks.offers_apart import held_back, offer_alone, separable
from amazon_listings.ledger.items.known import accepted_contents
from amazon_listings.planning.wanted import WantedItem
from amazon_listings.remarks import remark
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.records import APPROVED, LIVE, MAPPED, TESTED
from amazon_product_types.validation.merging import merge_issues

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from amazon_listings.connectors.model import Connector
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.runs.records import MappedItem, WrittenItem
    from amazon_listings.writes.single import Writer


def send_offers_of_rejected(
    connector: Connector,
    folder: RunFolder,
    writer: Writer,
    write: Callable[[list[WantedItem]], list[WrittenItem]],
) -> list[str]:
    """Send the offers of what Amazon rejected, if the connector wants that; say what is held back.

    Args:
        connector: The connector that runs.
        folder: The run's folder; the stage `live` says what became of them.
        writer: Its ledger knows what was accepted before.
        write: Writes offers one by one.

    Returns:
        The parts with something rejected, whose items were written again.
    """
    again = []
    wanted = connector.sync.partial == "offer" and not connector.sync.full_replace
    for part in folder.parts(LIVE):
        items = {item.pim_id: item for item in folder.read(LIVE, part)}
        rejected = {key: item for key, item in items.items() if item.outcome is Outcome.REJECTED}
        for tested in folder.index(TESTED, part) if rejected else ():
            if tested.only:
                rejected.pop(tested.pim_id, None)
        if not rejected:
            continue
        offers = {}
        decided = {item.pim_id: item for item in folder.read_any(APPROVED, part)}
        for mapped, content in _with_contents(folder, writer, part, rejected):
            item, allowed = rejected[mapped.pim_id], decided.get(mapped.pim_id)
            only: tuple[str, ...] = ()
            if wanted and allowed is not None and not (allowed.withheld or allowed.guarded):
                only = separable(mapped.attributes, item.issues, content)
            if only:
                offers[item.pim_id] = offer_alone(mapped, only, content or {})
                items[item.pim_id] = msgspec.structs.replace(item, only=only)
            else:
                held = held_back(mapped.attributes, content, writer.messages)
                issues = tuple(merge_issues([*item.issues, *held]))
                items[item.pim_id] = msgspec.structs.replace(item, issues=issues)
        for sent in write([WantedItem.of(one) for one in offers.values()]):
            items[sent.pim_id] = _in_part(items[sent.pim_id], sent)
        folder.write(LIVE, part, items.values())
        again.append(part)
    return again


def _in_part(item: WrittenItem, sent: WrittenItem) -> WrittenItem:
    """Return a rejected item of which price and quantity were sent alone."""
    issues = tuple(merge_issues([*item.issues, *sent.issues]))
    if sent.outcome in {Outcome.REJECTED, Outcome.BLOCKED, Outcome.UNCHANGED}:
        return msgspec.structs.replace(item, issues=issues, only=())
    note = remark("note.offer_alone") + sent.note
    return msgspec.structs.replace(sent, issues=issues, only=item.only, note=note)


def _with_contents(
    folder: RunFolder, writer: Writer, part: str, chosen: Mapping[str, WrittenItem]
) -> Iterator[tuple[MappedItem, dict[str, Any] | None]]:
    """Yield the chosen mapped items of a part with what was last accepted of their listings."""
    protocol = writer.protocol
    skus = [item.sku for item in chosen.values() if item.sku]
    contents = accepted_contents(protocol.ledger, protocol.listings, skus)
    for item in folder.read(MAPPED, part):
        if item.pim_id in chosen:
            yield item, contents.get(item.sku or "")
