"""Makes a picture small, in a process of its own: what a hostile one can cost ends with that process.

python -I shrinking.py < picture > small.webp
"""

from __future__ import annotations

import resource
import sys
from contextlib import suppress
from io import BytesIO

#: Pixels of the longer side: twice what a page shows, for sharp screens.
EDGE = 240
#: Pixels that are decoded; of a JPEG, after it was scaled down while it is read.
MOST_PIXELS = 36_000_000
#: Seconds of work, and bytes of memory.
SECONDS, MEMORY = 5, 1 << 30
#: What is read at all. SVG is none of them: it may hold scripts.
FORMATS = ("JPEG", "PNG", "GIF", "WEBP")


def small(content: bytes) -> bytes:
    """Return a picture as WebP, no larger than `EDGE`, upright and without what is written about it.

    Raises:
        OSError, ValueError, MemoryError: it is no picture, damaged or too large.
    """
    from PIL import Image, ImageOps  # noqa: PLC0415 - limited, too

    Image.MAX_IMAGE_PIXELS = None  # counted below
    with Image.open(BytesIO(content), formats=FORMATS) as picture:
        picture.draft("RGB", (2 * EDGE, 2 * EDGE))
        if picture.width * picture.height > MOST_PIXELS:
            raise ValueError("too many pixels")
        upright = ImageOps.exif_transpose(picture)
        shown = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    shown.thumbnail((EDGE, EDGE))
    shown.info.clear()
    made = BytesIO()
    shown.save(made, "WEBP", quality=80)
    return made.getvalue()


def main() -> int:
    """Read a picture, write it small; 1 if that cannot be done."""
    for limit, most in ((resource.RLIMIT_CPU, SECONDS), (resource.RLIMIT_AS, MEMORY)):
        with suppress(ValueError, OSError):  # not every system knows both
            resource.setrlimit(limit, (most, most))
    try:
        sys.stdout.buffer.write(small(sys.stdin.buffer.read()))
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it is not shown
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
