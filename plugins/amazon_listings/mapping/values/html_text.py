"""HTML from a PIM's rich text field, as plain text; in time in proportion to its length."""

from __future__ import annotations

import html
import re

_MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>|<!--|&(?:#\d+|#x[\da-fA-F]+|[a-zA-Z]\w+);")
#: A tag never reaches over the next `<`, so that no text is read twice. Quotes may hold a `>`. A place of a
#: template (`<?= name ?>`, `<%= name %>`) is no tag: it stays, to be found.
_TAG = re.compile(
    r"""<(?:(/?)([a-zA-Z][^\s/<>"']*+)(?:(?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+>|[^<>]*+>)|(?:!|\?(?!=|php\b))[^<>]*+>)"""
)
_BLOCKS = frozenset((
    "address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "figure", "footer", "h1", "h2", "h3",
    "h4", "h5", "h6", "header", "hr", "li", "ol", "p", "pre", "section", "table", "tr", "ul",
))  # fmt: skip
_CELLS = frozenset(("td", "th"))
_SILENT = frozenset(("script", "style", "head", "title", "template"))
_INLINE = frozenset(("a", "b", "big", "em", "font", "i", "small", "span", "strong", "sub", "sup", "u"))
#: What tags without attributes leave between words, as they stand between `<` and `>`.
_LEFT = {
    tag: left
    for names, opened, closed in ((_BLOCKS, "\n", "\n"), (_CELLS, " ", ""), (_INLINE, "", ""))
    for name in names
    for spelled in (name, name.upper())
    for tag, left in (
        (spelled, opened),
        (f"{spelled}/", opened),
        (f"{spelled} /", opened),
        (f"/{spelled}", closed),
    )
}
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
    if not lines:
        return one_spaced(joined)
    return "\n".join(filter(None, map(one_spaced, joined.split("\n"))))


def one_spaced(text: str) -> str:
    """Return `text` with one space between its words, and nothing around them."""
    if text.isprintable() and "  " not in text:  # of all blanks, only the space is printable
        return text.strip(" ")
    return " ".join(text.split())


def _pieces(text: str) -> list[str]:
    """Return the text between the tags, and what tags of blocks and cells leave between words."""
    first, *parts = text.replace("\n", " ").split("<")
    pieces = [_decoded(first)]
    silent = ""
    for part in parts:
        tag, closed, rest = part.partition(">")
        left = _LEFT.get(tag) if closed and not silent else None
        if left is None:
            left, rest, silent = _of_tag(f"<{part}", silent)
        if left:
            pieces.append(left)
        if rest and not silent:
            pieces.append(_decoded(rest) if "&" in rest else rest)
    return pieces


def _of_tag(text: str, silent: str) -> tuple[str, str, str]:
    """Return what a tag leaves, the text after it, and the element whose text is dropped from there on.

    Args:
        text: A text that begins with `<`, and has no other.
        silent: The element that is open, and whose text is dropped.
    """
    found = _TAG.match(text)
    if found is None:
        return "", text, silent
    closes, name = found.group(1), (found.group(2) or "").lower()
    rest = text[found.end() :]
    if silent:
        return "", rest, "" if closes and name == silent else silent
    if name in _BLOCKS:
        return "\n", rest, ""
    if name in _CELLS and not closes:
        return " ", rest, ""
    return "", rest, name if name in _SILENT and not closes else ""


def _decoded(text: str) -> str:
    if "&" not in text:
        return text
    if "&#" in text:
        text = _NO_CHARACTER.sub("\ufffd", text)
    return html.unescape(text).replace("\n", " ")


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
