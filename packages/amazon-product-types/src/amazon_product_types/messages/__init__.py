"""Word messages in the language of those who read them.

A message is a code with facts. Its sentence is found under the code in the `<language>.po` files of
this folder, and of the same folder of other distributions, and is filled in here and nowhere else:

    msgctxt "action"                 a variant: `action` is what to do; without a context, the message
    msgid "too_long"                 the code
    msgid_plural "characters"        the fact whose number decides between the plural forms
    msgstr[0] "…"

Placeholders are named after facts. A number, a date or a list is written as the reader's locale
writes it; a message among the facts is worded too. `{line:plain}` writes a number without grouping,
`{found:quoted}` puts a value into quotation marks, `{share:percent}` writes a share as percent,
`{names:or}` lists alternatives, `{id!r}` writes a name as it stands in a file, `{error:message}` says what
failed without what to do.
"""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache, partial
from importlib.resources import files
from string import Formatter
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

from amazon_product_types.messages.facts import Listed, Message, as_data, quoted
from amazon_product_types.messages.po_file import Entry, Texts, read_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from babel import Locale

__all__ = [
    "DEFAULT",
    "Catalogue",
    "IssueTexts",
    "Message",
    "catalogue",
    "languages",
    "message",
    "placeholders",
    "texts",
]

DEFAULT = "en"
HERE = "amazon_product_types"
_ENGLISH = "en_GB"
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}")
#: From here on, whole numbers are grouped.
_GROUPED = 1000


def message(code: str, /, **facts: object) -> Message:
    """Return the message of a code with these facts."""
    return Message(code, facts)


class IssueTexts(TypedDict):
    """What an issue says, by the names that `Issue` has for it; `phrases` is what it is worded from."""

    message: str
    action: str
    why: str
    phrases: dict[str, Any]


class _Part(NamedTuple):
    """A piece of a template: text as it is, then the fact that follows it."""

    text: str
    fact: str | None
    form: str


class Catalogue:
    """The messages of one locale.

    Args:
        language: The language whose files are read.
        locale: How numbers, dates and lists are written.
        texts: Each reads messages, when they are asked for; the first that has a code words it.
    """

    def __init__(self, language: str, locale: Locale, texts: Iterable[Callable[[], Texts]]) -> None:
        self.language = language
        self.locale = locale
        self.tag = str(locale)
        self._texts = tuple(texts)
        self._facts: dict[tuple[str, str], frozenset[str] | None] = {}

    def message(self, code: str, variant: str = "", /, **facts: object) -> str:
        """Word a code, or one of its variants; empty if there is none."""
        return self._worded(code, variant, facts) or ""

    def action(self, code: str, /, **facts: object) -> str:
        """Word what to do about a code; empty if it has no such text."""
        return self.message(code, "action", **facts)

    def phrase(self, code: str, /, **facts: object) -> str:
        """Word a code that must have a text.

        Raises:
            KeyError: No catalogue has the code.
        """
        worded = self._worded(code, "", facts)
        if worded is None:
            raise KeyError(code)
        return worded

    def knows(self, code: str, variant: str = "") -> bool:
        """Return whether there is a text of a code."""
        return any((code, variant) in read().entries for read in self._texts)

    def number_of(self, count: int) -> str:
        """Return the variant of a name, such as that of an outcome, beside a count: `many`, or none.

        The language's own rule for plurals decides: 0 takes the plural in English, the singular in French.
        """
        return "many" if self._texts[0]().plural(count) else ""

    def word(self, message: Message) -> str:
        """Word a message; one without a text shows its code and facts, a variant without one is empty."""
        worded = self.message(message.code, message.variant, **message.facts)
        if worded or message.variant or self.knows(message.code):
            return worded
        facts = ", ".join(f"{name}={value}" for name, value in message.facts.items())
        return f"{message.code} ({facts})" if facts else message.code

    def issue_texts(self, code: str, variant: str = "", /, **facts: object) -> IssueTexts:
        """Return what an issue of a code says, as far as there are texts: message, action and why."""
        action, why = Message(code, facts, "action"), Message(code, facts, "why")
        return self.texts_of(Message(code, facts, variant), action=action, why=why)

    def texts_of(self, message: Message, *, action: Message | None = None, why: object = None) -> IssueTexts:
        """Return what an issue says, by the message behind each of its texts.

        A text that no catalogue has is empty.
        """
        phrases: dict[str, Any] = {}
        return IssueTexts(
            message=self._kept("message", message, phrases),
            action=self._kept("action", action, phrases),
            why=self._kept("why", why, phrases),
            phrases=phrases,
        )

    def _kept(self, name: str, fact: object, phrases: dict[str, Any]) -> str:
        """Return a text of an issue, and enter what it is worded from."""
        if isinstance(fact, Message):
            asked = self._asked(fact.code, fact.variant)
            if asked is None:
                return ""
            text = self.message(fact.code, fact.variant, **fact.facts)
        else:
            asked, text = None, "" if fact is None else self.value(fact)
        if text:
            phrases[name] = as_data(fact, asked)
        return text

    def _asked(self, code: str, variant: str) -> frozenset[str] | None:
        """Return the facts that the texts of a code ask for; None if there is no text."""
        key = (code, variant)
        if key not in self._facts:
            entries = [found for read in self._texts if (found := read().entries.get(key)) is not None]
            names = {entry.counted for entry in entries} - {""}
            names.update(*(placeholders(one) for entry in entries for one in entry.templates))
            self._facts[key] = frozenset(names) if entries else None
        return self._facts[key]

    def quoted(self, value: object) -> str:
        """Return a value inside a sentence: one line, cut, texts in the language's quotation marks."""
        return self.value(quoted(value))

    def any_of(self, phrases: Iterable[object]) -> str:
        """Return the phrases as a list of alternatives: `a, b or c`."""
        return self._list(phrases, "or")

    def all_of(self, phrases: Iterable[object]) -> str:
        """Return the phrases as a list: `a, b and c`."""
        return self._list(phrases, "standard")

    def value(self, value: object, form: str = "") -> str:
        """Return a fact as the locale writes it.

        Args:
            value: The fact.
            form: What a placeholder says behind its colon.
        """
        if isinstance(value, str) and not form:
            return value
        if form:
            return _FORMS[form](self, value) if form in _FORMS else format(value, form)
        if hasattr(value, "worded"):
            return str(value.worded(self))
        if hasattr(value, "phrase"):
            return self.value(value.phrase())
        written = next((write for kind, write in _WRITTEN if isinstance(value, kind)), None)
        return written(self, value) if written else str(value)

    def _worded(self, code: str, variant: str, facts: Mapping[str, Any]) -> str | None:
        for read in self._texts:
            texts = read()
            entry = texts.entries.get((code, variant))
            if entry is not None:
                return self._filled(_chosen(entry, texts.plural, facts), facts)
        return None

    def _filled(self, template: str, facts: Mapping[str, Any]) -> str:
        if "{" not in template and "}" not in template:  # most words of a page
            return template
        return "".join(
            part.text if part.fact is None else part.text + self.value(facts[part.fact], part.form)
            for part in _parsed(template)
        )

    def _list(self, phrases: Iterable[Any], style: Any) -> str:
        from babel.lists import format_list  # noqa: PLC0415 - few messages list anything

        texts = [self.value(phrase) for phrase in phrases]
        return format_list(texts, style, locale=self.locale) if len(texts) > 1 else "".join(texts)


@cache
def catalogue(language: str, *packages: str) -> Catalogue:
    """Return the messages of a language: `fr`, or a locale such as `fr_CA`; English where there are none.

    Args:
        language: The language, or a locale in it.
        packages: The packages whose `messages/` come before this one's.
    """
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415 - --help words nothing

    tag = language.replace("-", "_")
    name = tag.partition("_")[0].lower()
    searched = tuple(dict.fromkeys((*packages, HERE)))
    if name not in languages(searched[0]):
        name = tag = DEFAULT
    try:
        locale = Locale.parse(_ENGLISH if tag == DEFAULT else tag)
    except (UnknownLocaleError, ValueError):
        locale = Locale.parse(name)
    found = [partial(texts, one, name) for one in searched if name in languages(one)]
    # English has every message; it is read once another language lacks one.
    english = [] if name == DEFAULT else [partial(texts, one, DEFAULT) for one in searched]
    return Catalogue(name, locale, found + english)


@cache
def languages(package: str = HERE) -> tuple[str, ...]:
    """Return the languages that a package has messages in: those of its `messages/<language>.po`."""
    names = (file.name.removesuffix(".po") for file in (files(package) / "messages").iterdir()
             if file.name.endswith(".po"))  # fmt: skip
    return tuple(sorted(name for name in names if _LANGUAGE.fullmatch(name)))


@cache
def texts(package: str, language: str) -> Texts:
    """Read the messages that a package has in a language."""
    return read_texts((files(package) / "messages" / f"{language}.po").read_text(encoding="utf-8"))


def placeholders(template: str) -> frozenset[str]:
    """Return the facts that a template asks for."""
    return frozenset(part.fact for part in _parsed(template) if part.fact is not None)


def _chosen(entry: Entry, plural: Callable[[int], int], facts: Mapping[str, Any]) -> str:
    if not entry.counted:
        return entry.templates[0]
    number = facts[entry.counted]
    whole = isinstance(number, int | float | Decimal) and number % 1 == 0
    form = plural(int(number)) if whole else -1
    return entry.templates[form]


#: From here on a whole number is written with an exponent.
_LONGEST = 10**30


@lru_cache(4096)
def _parsed(template: str) -> tuple[_Part, ...]:
    return tuple(
        _Part(text, fact, "name" if conversion == "r" else form or "")
        for text, fact, form, conversion in Formatter().parse(template)
    )


def _number(catalogue: Catalogue, value: float | Decimal) -> str:
    if isinstance(value, int) and 0 <= value < _GROUPED:
        return str(value)  # the same everywhere, and Babel's data take their time
    if isinstance(value, int) and abs(value) >= _LONGEST:
        return f"{Decimal(value):.6e}"  # a limit may have any number of digits, a sentence may not
    return _in_locale(value, catalogue.tag) if math.isfinite(value) else str(value)


@lru_cache(4096)
def _in_locale(value: float | Decimal, locale: str) -> str:
    # The same limits and lengths repeat all over a catalogue, and Babel takes its time for each.
    from babel.numbers import format_decimal  # noqa: PLC0415 - few messages count anything

    return format_decimal(value, locale=locale, decimal_quantization=False)


def _what_failed(catalogue: Catalogue, value: object) -> str:
    """Word what an error says failed; as data it has what to do about it as a second sentence."""
    if hasattr(value, "message_in"):
        return str(value.message_in(catalogue))
    if isinstance(value, Listed) and value.joint == "sentences":
        value = value.facts[0]
    return catalogue.value(value)


def _percent(catalogue: Catalogue, value: float) -> str:
    from babel.numbers import format_percent  # noqa: PLC0415

    return format_percent(round(value, 3), locale=catalogue.locale, decimal_quantization=False)


def _moment(catalogue: Catalogue, value: datetime) -> str:
    from babel.dates import format_skeleton  # noqa: PLC0415

    clock = format_skeleton("Hm", value, tzinfo=value.tzinfo, locale=catalogue.locale)
    return f"{_day(catalogue, value)}, {clock}"


def _day(catalogue: Catalogue, value: date) -> str:
    from babel.dates import format_date  # noqa: PLC0415

    return format_date(value, "medium", locale=catalogue.locale)


_FORMS: Mapping[str, Callable[[Catalogue, Any], str]] = {
    "plain": lambda _, value: str(value),
    "name": lambda _, value: repr(value),
    "message": _what_failed,
    "quoted": lambda catalogue, value: catalogue.quoted(value),
    "percent": _percent,
    "day": _day,
    "or": lambda catalogue, value: catalogue.any_of(value),
    "list": lambda catalogue, value: ", ".join(map(catalogue.value, value)),
}
#: How facts of a type are written; the first that fits.
_WRITTEN: tuple[tuple[type | tuple[type, ...], Callable[[Catalogue, Any], str]], ...] = (
    (bool, lambda _, value: str(value)),
    ((int, float, Decimal), _number),
    (Message, lambda catalogue, value: catalogue.word(value)),
    (datetime, _moment),
    (date, _day),
    ((list, tuple, set, frozenset), lambda catalogue, value: catalogue.all_of(value)),
)
