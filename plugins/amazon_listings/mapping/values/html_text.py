"""HTML from a PIM's rich text field, as plain text."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>|<!--|&(?:#\d+|#x[\da-fA-F]+|[a-zA-Z]\w+);")
_BLOCKS = frozenset((
    "address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "figure", "footer", "h1", "h2", "h3",
    "h4", "h5", "h6", "header", "hr", "li", "ol", "p", "pre", "section", "table", "tr", "ul",
))  # fmt: skip
_SILENT = frozenset(("script", "style", "head", "title", "template"))
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\s*\n\s*")


def is_html(text: str) -> bool:
    """Whether `text` has a tag, a comment or a character reference (`&eacute;`)."""
    return ("<" in text or "&" in text) and _MARKUP.search(text) is not None


def html_to_text(text: str, *, lines: bool = True) -> str:
    """`text` without markup: references decoded, scripts and styles dropped.

    Args:
        text: HTML, whole or in pieces; unclosed tags do no harm.
        lines: Whether paragraphs and list items become lines; else all is one line.
    """
    reader = _Reader()
    reader.feed(text)
    reader.close()
    plain = _LINES.sub("\n", _SPACES.sub(" ", "".join(reader.pieces))).strip()
    return plain if lines else plain.replace("\n", " ")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - HTMLParser's signature
        if tag in _SILENT:
            self._silent += 1
        elif tag in _BLOCKS:
            self.pieces.append("\n")
        elif tag in {"td", "th"}:
            self.pieces.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(data.replace("\n", " "))
