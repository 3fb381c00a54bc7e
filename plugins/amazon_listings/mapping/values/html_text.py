"""HTML from a PIM's rich text field, as plain text; in time in proportion to its length."""

from __future__ import annotations

import html
import re

_MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>|<!--|&(?:#\d+|#x[\da-fA-F]+|[a-zA-Z]\w+);")
#: A tag never reaches over the next `<`, so that no text is read twice. Quotes may hold a `>`.
_TAG = re.compile(
    r"""<(?:(/?)([a-zA-Z][^\s/<>"']*+)(?:(?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+>|[^<>]*+>)|[!?][^<>]*+>)"""
)
_BLOCKS = frozenset((
    "address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "figure", "footer", "h1", "h2", "h3",
    "h4", "h5", "h6", "header", "hr", "li", "ol", "p", "pre", "section", "table", "tr", "ul",
))  # fmt: skip
_CELLS = frozenset(("td", "th"))
_SILENT = frozenset(("script", "style", "head", "title", "template"))
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\s*\n\s*")
#: A character's number is at most 1,114,111; longer ones are no characters, and slow to read.
_NO_CHARACTER = re.compile(r"&#(?:\d{8,}|[xX][\da-fA-F]{8,});?")


def is_html(text: str) -> bool:
    """Return whether `text` has a tag, a comment or a character reference (`&eacute;`)."""
    return ("<" in text or "&" in text) and _MARKUP.search(text) is not None


def html_to_text(text: str, *, lines: bool = True) -> str:
    """Return `text` without markup: references decoded, scripts and styles dropped.

    Args:
        text: HTML, whole or in pieces; unclosed tags do no harm.
        lines: Whether paragraphs and list items become lines; else all is one line.
    """
    joined = "".join(_pieces(_without_comments(text)))
    plain = _LINES.sub("\n", _SPACES.sub(" ", joined)).strip()
    return plain if lines else plain.replace("\n", " ")


def _pieces(text: str) -> list[str]:
    """The text between the tags, and what tags of blocks and cells leave between words."""
    pieces: list[str] = []
    start, silent = 0, ""
    for found in _TAG.finditer(text):
        if not silent:
            pieces.append(_decoded(text[start : found.start()]))
        start = found.end()
        closes, name = found.group(1), (found.group(2) or "").lower()
        if silent:
            silent = "" if closes and name == silent else silent
        elif name in _BLOCKS:
            pieces.append("\n")
        elif name in _CELLS and not closes:
            pieces.append(" ")
        elif name in _SILENT and not closes:
            silent = name
    if not silent:
        pieces.append(_decoded(text[start:]))
    return pieces


def _decoded(text: str) -> str:
    if "&" in text:
        text = html.unescape(_NO_CHARACTER.sub("\ufffd", text))
    return text.replace("\n", " ")


def _without_comments(text: str) -> str:
    kept = []
    start = 0
    while (begin := text.find("<!--", start)) >= 0:
        end = text.find("-->", begin + 4)
        if end < 0:
            break
        kept.append(text[start:begin])
        start = end + 3
    return "".join([*kept, text[start:]]) if kept or start else text
