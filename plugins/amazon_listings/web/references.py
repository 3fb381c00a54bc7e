"""SKUs and PIM identities as people write or paste them, and numbers of the ledger's rows in addresses."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field

#: The number of a row: no larger than a database counts.
Number = Annotated[int, Field(ge=0, le=2**31 - 1)]
#: References that are taken at once.
_MOST = 500


def references_of(text: str) -> list[str]:
    """Return the references in a text, between commas, spaces or lines.

    One may have spaces or commas of its own: the text as a whole, and what stands between commas or lines
    alone, are taken, too.
    """
    text = text.strip()
    parts = [text, *re.split(r"[,;\r\n]", text), *re.split(r"[,;\s]+", text)]
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))[:_MOST]
