"""The catalogue's pictures: small real JPEG and PNG files drawn from their own name."""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING

from starlette.responses import Response

from spapi_sandbox.sales_layer.faults import answer
from spapi_sandbox.sales_layer.jpeg import encode_blocks
from spapi_sandbox.sales_layer.media import SIZES

if TYPE_CHECKING:
    from fastapi import APIRouter
    from starlette.requests import Request

    from spapi_sandbox.sales_layer.account import Account

Colour = tuple[int, int, int]
WHITE: Colour = (255, 255, 255)
NAME = re.compile(r"[\w.'-]{1,120}\.(?P<kind>jpg|png|pdf)")
TYPES = {"jpg": "image/jpeg", "png": "image/png", "pdf": "application/pdf"}
BLOCK = 8
EMPTY_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n%%EOF\n"
)


def add_routes(router: APIRouter, account: Account) -> None:
    """Serve `/images/<size>/<name>`; any other address below `/images/` is not found."""

    def picture(request: Request) -> Response:
        size, name = request.path_params["size"], request.path_params["name"]
        return answer(account, "images", lambda _fault: _picture(size, name))

    def nothing(_request: Request) -> Response:
        return answer(account, "images", lambda _fault: Response("Not found", status_code=404))

    router.add_route("/images/{size}/{name}", picture, methods=["GET", "HEAD"])
    router.add_route("/images/{path:path}", nothing, methods=["GET", "HEAD"])


def _picture(size: str, name: str) -> Response:
    match = NAME.fullmatch(name)
    if match is None or size not in SIZES:
        return Response("Not found", status_code=404)
    return Response(drawn(name, match["kind"], SIZES[size]), media_type=TYPES[match["kind"]])


@lru_cache(maxsize=256)
def drawn(name: str, kind: str, edge: int) -> bytes:
    """Return a file of `kind` (jpg, png or pdf): a coloured shape on white, `edge` pixels wide and high."""
    if kind == "pdf":
        return EMPTY_PDF
    digest = hashlib.sha256(name.encode()).digest()
    colour: Colour = (40 + digest[0] % 180, 40 + digest[1] % 180, 40 + digest[2] % 180)
    return _jpeg(edge, colour) if kind == "jpg" else _png(edge, colour)


def _inside(x: float, y: float) -> bool:
    """Return whether a point of the unit square belongs to the shape: a body with a round top."""
    return (0.3 <= x <= 0.7 and 0.4 <= y <= 0.85) or (x - 0.5) ** 2 + (y - 0.4) ** 2 < 0.04  # noqa: PLR2004


def _jpeg(edge: int, colour: Colour) -> bytes:
    blocks = -(-edge // BLOCK)
    rows = [
        [
            colour if _inside((column + 0.5) / blocks, (row + 0.5) / blocks) else WHITE
            for column in range(blocks)
        ]
        for row in range(blocks)
    ]
    return encode_blocks(rows, edge, edge)


def _png(edge: int, colour: Colour) -> bytes:
    lines = b"".join(
        b"\0" + b"".join(bytes(colour if _inside(x / edge, y / edge) else WHITE) for x in range(edge))
        for y in range(edge)
    )
    header = struct.pack(">IIBBBBB", edge, edge, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines, 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + tag + data + struct.pack(">I", zlib.crc32(tag + data))
        for tag, data in chunks
    )
