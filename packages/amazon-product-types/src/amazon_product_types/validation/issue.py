"""Describe an issue: one thing a person can act on, from any source."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal

from amazon_product_types.messages.facts import Listed, Message, from_data

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amazon_product_types.messages import Catalogue

Severity = Literal["ERROR", "WARNING", "INFO"]
Source = Literal["quality", "mapping", "schema", "sending", "ownership", "preview", "submission", "listing"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from: the way back to the PIM.

    Args:
        line: Line of the connector file that maps the value.
        key: Key of the mapping, as its author wrote it.
        field: PIM field read.
        language: PIM language of the value.
        file: File of the line, if it is not the connector's own.
    """

    line: int | None = None
    key: str = ""
    field: str = ""
    language: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True)
class Issue:
    """One cause of trouble, at the place where a person can act on it.

    Args:
        code: Stable name of the trouble: ours (`too_long`) or, from Amazon, Amazon's (`90220`).
        severity: `ERROR` blocks the item, `WARNING` and `INFO` do not.
        source: Who found it.
        message: One sentence in the language asked for.
        keyword: The JSON Schema keyword that failed, `""` if none did.
        attribute: Top-level attribute, `""` if the issue concerns the item as a whole.
        others: Further attributes that it concerns as well, where Amazon names several.
        path: Place in the attributes, `item_weight/0/unit`; `""` for the item as a whole.
        label: What the definition calls that place, in its locale.
        why: The rule that makes it so, in words; `""` if the place alone says it.
        allowed: What would be right, as data: `options` (`[{"value", "name"}]`, at most five),
            `options_total`, and limits by name (`max_characters`, `max_bytes`, `minimum`, …).
        found: The value found; long ones are cut.
        measured: Size of what was found: `characters`, `bytes`, `items`.
        action: What to do about it.
        origin: The mapping line, PIM field and language behind the value, if known.
        family: What kind of trouble; one issue of several sources has one family.
        categories: Amazon's `categories`.
        enforcements: What Amazon does about it (`LISTING_SUPPRESSED`, …).
        exemption: Amazon's exemption status, with its expiry date if there is one.
        sources: Everyone who found it, once `merge_issues` has run; else just `source`.
        codes: Codes of the other sources merged into this one.
        phrases: What `message`, `action` and `why` are worded from, by these names, as `messages.facts` keeps
            it; `in_language` words it again. Without: only the sentences are known.
    """

    code: str
    severity: Severity
    source: Source
    message: str
    keyword: str = ""
    attribute: str = ""
    path: str = ""
    label: str = ""
    why: str = ""
    allowed: dict[str, Any] | None = None
    found: Any = None
    measured: dict[str, int] | None = None
    action: str = ""
    origin: Origin | None = None
    family: str = ""
    categories: tuple[str, ...] = ()
    enforcements: tuple[str, ...] = ()
    exemption: str = ""
    sources: tuple[Source, ...] = ()
    codes: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    phrases: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        if not self.sources:
            object.__setattr__(self, "sources", (self.source,))

    @property
    def identity(self) -> tuple[str, str]:
        """Key of the issue within an item, over sources and runs: family of the code, attribute."""
        return (self.family or self.code, self.attribute)

    def in_language(self, catalogue: Catalogue) -> Issue:
        """Return the issue with its sentences in a language; one that is not known by its facts stays."""
        known = {name: _worded(data, catalogue) for name, data in (self.phrases or {}).items()}
        texts: dict[str, Any] = {name: known[name] for name in SENTENCES if known.get(name)}
        return replace(self, **texts) if texts else self

    def to_dict(self) -> dict[str, Any]:
        """Return the issue as JSON data; what is as by default is left out, `from_dict` restores it."""
        return {
            field.name: list(value) if isinstance(value, tuple) else value
            for field in fields(self)
            if (value := getattr(self, field.name)) != field.default or type(value) is not type(field.default)
        } | ({"origin": asdict(self.origin)} if self.origin else {})

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Issue:
        """Return the issue of `to_dict`; keys of a newer version are ignored."""
        known = {field.name for field in fields(cls)}
        values: dict[str, Any] = {}
        for key in known & data.keys():
            values[key] = tuple(data[key]) if key in TUPLES else data[key]
        if values.get("origin"):
            values["origin"] = Origin(**values["origin"])
        return cls(**values)


def _worded(data: object, catalogue: Catalogue) -> str:
    """Return a sentence of what is kept of it; empty if another version of the catalogue kept it."""
    try:
        phrase = from_data(data)
        if isinstance(phrase, Message):
            return catalogue.message(phrase.code, phrase.variant, **phrase.facts)
        return phrase.worded(catalogue) if isinstance(phrase, Listed) else ""
    except (AttributeError, KeyError, TypeError, ValueError):
        return ""


#: The sentences of an issue.
SENTENCES = ("message", "action", "why")
TUPLES = frozenset(("categories", "enforcements", "sources", "codes", "others"))
