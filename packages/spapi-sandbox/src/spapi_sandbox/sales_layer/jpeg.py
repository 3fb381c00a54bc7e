"""A baseline JPEG of plain 8 by 8 blocks (ITU T.81, sequential DCT, Huffman tables of annex K).

A block of one colour has a DC coefficient only, so no transform is needed.
"""

from __future__ import annotations

import struct

DC_CODES = (2, 3, 3, 3, 3, 3, 4, 5, 6, 7, 8, 9)
"""Code lengths of the DC luminance categories 0 to 11 (table K.3)."""

DC_BITS = bytes((0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0))
END_OF_BLOCK_ONLY = bytes((1, *[0] * 15))
QUANTUM = 8


def encode_blocks(rows: list[list[tuple[int, int, int]]], width: int, height: int) -> bytes:
    """Return the JPEG file of `width` by `height` pixels whose blocks have the RGB colours in `rows`."""
    return b"".join(
        (
            b"\xff\xd8",
            _segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
            _segment(0xDB, b"\0" + bytes([QUANTUM] * 64)),
            _segment(
                0xC0,
                struct.pack(">BHHB", 8, height, width, 3) + b"".join(bytes((c, 0x11, 0)) for c in (1, 2, 3)),
            ),
            _segment(0xC4, b"\0" + DC_BITS + bytes(range(12))),
            _segment(0xC4, b"\x10" + END_OF_BLOCK_ONLY + b"\0"),
            _segment(0xDA, b"\x03\x01\0\x02\0\x03\0\0\x3f\0"),
            _scan(rows),
            b"\xff\xd9",
        )
    )


def _segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def _scan(rows: list[list[tuple[int, int, int]]]) -> bytes:
    codes = _canonical_codes()
    previous = [0, 0, 0]
    bits: list[str] = []
    for row in rows:
        for colour in row:
            for component, level in enumerate(_ycc(colour)):
                dc = round(level * 8 / QUANTUM)
                bits.append(_difference(dc - previous[component], codes))
                bits.append("0")  # the only AC code: end of block
                previous[component] = dc
    stream = "".join(bits)
    stream += "1" * (-len(stream) % 8)
    data = int(stream, 2).to_bytes(len(stream) // 8, "big")
    return data.replace(b"\xff", b"\xff\0")


def _canonical_codes() -> list[str]:
    codes, code, length = [], 0, DC_CODES[0]
    for wanted in DC_CODES:
        code <<= wanted - length
        length = wanted
        codes.append(f"{code:0{length}b}")
        code += 1
    return codes


def _difference(value: int, codes: list[str]) -> str:
    size = abs(value).bit_length()
    if size == 0:
        return codes[0]
    magnitude = value if value > 0 else value + (1 << size) - 1
    return codes[size] + f"{magnitude:0{size}b}"


def _ycc(colour: tuple[int, int, int]) -> tuple[float, float, float]:
    """Y, Cb and Cr of JFIF, shifted to be centred on 0."""
    red, green, blue = colour
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    return luma - 128, 0.564 * (blue - luma), 0.713 * (red - luma)
