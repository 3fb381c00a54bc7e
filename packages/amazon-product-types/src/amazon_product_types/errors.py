"""The library's own exceptions."""

from __future__ import annotations


class ProductTypeError(Exception):
    """Base of every error of this library.

    Args:
        message: One sentence: what is wrong.
        hint: What to do about it.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message
