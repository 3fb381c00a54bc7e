"""Letters that were decoded wrongly: UTF-8 that was read as Windows-1252 or Latin-1 (`Ã©` for `é`)."""

from __future__ import annotations

import re

#: The continuation bytes of UTF-8, as either encoding shows them.
_BYTES = {
    letter: code
    for code in range(0x80, 0xC0)
    for letter in {chr(code), bytes((code,)).decode("cp1252", "ignore") or chr(code)}
}
_LEADS = {letter: ord(letter) for letter in "ÂÃÄÅÎÏÐÑâïð"}
_REST = "[" + "".join(map(re.escape, sorted(_BYTES))) + "]"
_SEQUENCE = re.compile(f"[ÂÃÄÅÎÏÐÑ]{_REST}|[âï]{_REST}{{2}}|ð{_REST}{{3}}")
#: Signs that may well stand behind a capital at the end of a word: `MAÇÃ”`.
_CLOSING = frozenset("”“\u2019™®»°…·")
#: `à`, whose second byte is a no-break space that became a blank.
_LONELY = re.compile(r"(?<!\w)Ã {1,2}(?=\w)")


def is_mojibake(text: str) -> bool:
    """Return whether a text holds letters that were decoded wrongly."""
    return decoded(text) != text


def decoded(text: str) -> str:
    """Return a text with wrongly decoded letters as they were meant; each sequence has one reading."""
    if text.isascii() or _LEADS.keys().isdisjoint(text):
        return text
    if all(map(_is_doubtful, _SEQUENCE.finditer(text))):
        return text
    mended = _SEQUENCE.sub(_letter, text)
    return mended if mended == text else _LONELY.sub("à ", mended)


def _is_doubtful(found: re.Match[str]) -> bool:
    """Return whether a sequence may as well be a capital with a sign behind it, at the end of a word."""
    text = found.string
    before, after = text[found.start() - 1 : found.start()], text[found.end() : found.end() + 1]
    return found.group()[-1] in _CLOSING and (not before or before.isupper()) and not after.isalpha()


def _letter(found: re.Match[str]) -> str:
    sequence = found.group()
    raw = bytes([_LEADS[sequence[0]], *(_BYTES[letter] for letter in sequence[1:])])
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return sequence
