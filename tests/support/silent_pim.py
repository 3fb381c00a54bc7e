"""A PIM that is up but never ready: it answers 503 and asks to come back in a second."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class SilentPim:
    """Its address, and how often it was asked."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked = 0


@contextmanager
def silent_pim() -> Iterator[SilentPim]:
    """The PIM, on a free port of 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            pim.asked += 1
            self.send_response(503)
            self.send_header("Retry-After", "1")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    pim = SilentPim(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield pim
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
