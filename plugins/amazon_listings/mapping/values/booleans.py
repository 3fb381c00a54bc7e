"""Words for yes and no."""

from __future__ import annotations

_YES = frozenset(("1", "yes", "y", "true", "t", "on", "x", "✓", "✔", "si", "sí", "s", "verdadero",
                  "sì", "vero", "oui", "o", "vrai", "ja", "j", "wahr"))  # fmt: skip
_NO = frozenset(("0", "no", "n", "false", "f", "off", "falso", "non", "faux", "nein", "falsch"))


def yes_or_no(word: str) -> bool | None:
    """Return whether a word of our languages says yes (True) or no (False); None for any other word."""
    plain = word.strip().casefold()
    if plain in _YES:
        return True
    return False if plain in _NO else None
