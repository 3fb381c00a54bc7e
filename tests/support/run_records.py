"""Records of a run's stages, with as little as a test needs to say."""

from itertools import chain

from amazon_listings.messages import catalogue
from amazon_listings.remarks import worded
from amazon_listings.runs.finish.resolve import Resolver
from amazon_listings.runs.notes import ExtractNote
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.records import MappedItem, QualityRecord, TestedItem, WrittenItem
from amazon_listings.runs.scope import Scope


def scope_of(operation="test", kind="everything", **changes):
    everything = {
        "operation": operation,
        "kind": kind,
        "cause": "asked",
        "since": None,
        "until": None,
        "skus": frozenset(),
        "force": False,
    }
    return Scope(**everything | changes)


def extract_note(*parts, extracted=0, **changes):
    facts = {
        "cursor": "2026-11-23T12:00:00+00:00",
        "full": True,
    }
    return ExtractNote(parts=tuple(parts), extracted=extracted, out_of_scope=0, **facts | changes)


def quality(pim_id, sku=None, issues=(), *, blocks=True):
    return QualityRecord(pim_id=pim_id, sku=sku or pim_id.upper(), blocks=blocks, issues=tuple(issues))


def mapped(pim_id, sku=None, issues=(), attributes=None, **more):
    facts = {"group": pim_id, "hash": "h", "requirements": "LISTING"} | more
    return MappedItem(
        pim_id=pim_id,
        sku=sku or pim_id.upper(),
        attributes=attributes or {},
        issues=tuple(issues),
        **facts,
    )


def judged_item(pim_id, outcome, sku=None, issues=(), **more):
    return TestedItem(
        pim_id=pim_id, sku=sku or pim_id.upper(), outcome=Outcome(outcome), issues=tuple(issues), **more
    )


def written(pim_id, outcome, sku=None, issues=(), **more):
    return WrittenItem(
        pim_id=pim_id, sku=sku or pim_id.upper(), outcome=Outcome(outcome), issues=tuple(issues), **more
    )


def resolved_items(folder):
    """Every item of a run with its outcome, in the order of the extract."""
    return chain.from_iterable(items for _, items in Resolver(folder).parts())


def note_of(item, language="fr"):
    """The note of an item, in a language."""
    return worded(item.note, catalogue(language))
