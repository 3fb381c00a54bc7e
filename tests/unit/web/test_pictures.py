"""Pictures of products: through our own route, from public hosts or those that the settings name."""

import html
import os
import re
import threading
import time
import zlib
from functools import cache, partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO

import pytest
from PIL import Image

from amazon_listings.ledger.connectors.keys import resolve_key
from amazon_listings.ledger.connectors.new import keep_new_connector
from amazon_listings.ledger.items.states import StateFilter, find_states, record_states
from amazon_listings.settings import settings
from amazon_listings.web.items import pictures, shrinking


def drawn(kind, size=(900, 600), mode="RGB", **particulars):
    content = BytesIO()
    Image.new(mode, size, "red").save(content, kind, **particulars)
    return content.getvalue()


def with_notes():
    notes = Image.Exif()
    notes[0x010E], notes[0x0112] = "secret place", 6  # a description; turned by a quarter
    return drawn("JPEG", exif=notes, comment=b"secret words")


@cache
def png_of(width, height):
    """A small PNG that unpacks to so many pixels."""
    row, rows = bytes(1 + width * 3), zlib.compressobj(1)
    data = b"".join(rows.compress(row) for _ in range(height)) + rows.flush()

    def chunk(name, content):
        return (
            len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")
        )

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes((8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


JPEG = drawn("JPEG")
ANSWERS = {
    "/lamp.jpg": (200, {"Content-Type": "text/html"}, JPEG),
    "/page.jpg": (200, {"Content-Type": "image/jpeg"}, b"<script>alert(1)</script>"),
    "/drawing.svg": (200, {"Content-Type": "image/svg+xml"}, b"<svg onload='alert(1)'/>"),
    "/large.jpg": (200, {}, b"\xff\xd8\xff" + bytes(pictures.LIMITS.sent)),
    "/broken.jpg": (200, {}, b"\xff\xd8\xff\xe0" + bytes(2000)),
    "/cut.png": (200, {}, drawn("PNG")[:200]),
    "/bomb.png": (200, {}, partial(png_of, 9000, 9000)),  # made when it is asked for
    "/disguised.gif": (200, {}, b"GIF8" + b"%!PS-Adobe-3.0 EPSF-3.0"),
    "/notes.jpg": (200, {}, with_notes()),
    "/large.png": (200, {}, drawn("PNG", mode="RGBA")),
    "/paint.gif": (200, {}, drawn("GIF", mode="P")),
    "/print.jpg": (200, {}, drawn("JPEG", mode="CMYK")),
    "/lamp.webp": (200, {}, drawn("WEBP")),
    "/gone.jpg": (404, {}, JPEG),
    "/moved.jpg": (302, {"Location": "/lamp.jpg"}, b""),
    "/round.jpg": (302, {"Location": "/round.jpg"}, b""),
    "/private.jpg": (302, {"Location": "http://127.0.0.2/lamp.jpg"}, b""),
}


@pytest.fixture
def host():
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, self.headers.get("cookie"), self.headers.get("authorization")))
            status, headers, content = ANSWERS[self.path]
            content = content() if callable(content) else content
            self.send_response(status)
            for name, value in (headers | {"Content-Length": str(len(content))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    server.asked = asked
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def shown(client, filled, host, tmp_path, monkeypatch):
    """Ask for the picture of an item whose row names an address; the answer."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AMAZON_LISTINGS_HTTP_HOSTS", "127.0.0.1")
    settings.cache_clear()
    key = resolve_key(filled, "lamps")
    (state,) = find_states(filled, key, StateFilter(pim_ids=["products/1"]))

    def shown(path, user="viewer"):
        from msgspec.structs import replace

        url = path if "://" in path else f"http://127.0.0.1:{host.server_port}{path}"
        record_states(filled, key, [replace(state, picture=url)])
        return client(user).get("/dags/amazon_lamps/picture", params={"id": "products/1"})

    yield shown
    settings.cache_clear()


def test_an_item_that_sends_no_picture_shows_the_pim_s(shown, host, filled, client):
    from msgspec.structs import replace

    shown("/gone.jpg")
    (state,) = find_states(filled, "lamps", StateFilter(pim_ids=["products/1"]))
    images = {"front": [{"url": f"http://127.0.0.1:{host.server_port}/lamp.jpg", "sizes": {}}]}
    row = state.row | {"product": state.row["product"] | {"images": images}}
    record_states(filled, "lamps", [replace(state, picture=None, row=row)])
    answer = client("viewer").get("/dags/amazon_lamps/picture", params={"id": "products/1"})
    assert answer.headers["content-type"] == "image/webp"


def test_a_connector_that_is_being_made_shows_pictures(shown, host, filled, client):
    images = {"front": [{"url": f"http://127.0.0.1:{host.server_port}/lamp.jpg", "sizes": {}}]}
    row = {"pim_id": "9", "variant": None, "product": {"images": images}}
    new = {"document": {"id": "fresh"}, "definition": {}, "items": [row], "by_id": "editor", "by": "editor"}
    assert keep_new_connector(filled, "fresh", **new)
    answer = client("editor").get("/dags/amazon_fresh/picture", params={"id": "9"})
    assert answer.headers["content-type"] == "image/webp"


def test_what_a_shopper_sees_has_the_pictures_that_are_sent(shown, host, filled, client):
    from msgspec.structs import replace

    shown("/gone.jpg")
    (state,) = find_states(filled, "lamps", StateFilter(pim_ids=["products/1"]))
    urls = [f"http://127.0.0.1:{host.server_port}{path}" for path in ("/lamp.webp", "/lamp.jpg")]
    sent = {
        "other_product_image_locator_1": [{"media_location": urls[1], "marketplace_id": "M"}],
        "main_product_image_locator": [{"media_location": urls[0], "marketplace_id": "M"}],
    }
    record_states(filled, "lamps", [replace(state, attributes=state.attributes | sent)])
    viewer = client("viewer")
    page = viewer.get("/dags/amazon_lamps/item", params={"id": "products/1"}).text
    places = re.findall(r'<img class="pic" src="([^"]+of=[^"]+)"', page)
    assert [html.unescape(one).partition("of=")[2] for one in places] == [
        pictures.Picture(url).name for url in urls
    ]
    for place in places:
        answer = viewer.get(html.unescape(place))
        assert answer.headers["content-type"] == "image/webp"
        assert len(Image.open(BytesIO(answer.content)).getbands()) == 3
    assert host.asked[-2:] == [("/lamp.webp", None, None), ("/lamp.jpg", None, None)]


def test_only_pictures_of_the_item_are_fetched(shown, host, client):
    shown("/gone.jpg")
    asked = len(host.asked)
    for name in (pictures.Picture(f"http://127.0.0.1:{host.server_port}/lamp.jpg").name, "x", "/lamp.jpg"):
        answer = client("viewer").get("/dags/amazon_lamps/picture", params={"id": "products/1", "of": name})
        assert answer.content == pictures.BLANK
    assert len(host.asked) == asked


@pytest.mark.parametrize("path", ["/lamp.jpg", "/moved.jpg"])
def test_a_picture_is_fetched_once_and_kept(shown, host, path):
    first = shown(path)
    assert first.status_code == 200
    assert first.headers["content-type"] == "image/webp"
    assert "img-src 'self'" in first.headers["content-security-policy"]
    asked = len(host.asked)
    assert shown(path).content == first.content
    assert len(host.asked) == asked
    assert all(one[1:] == (None, None) for one in host.asked)


@pytest.mark.parametrize(
    ("path", "size"),
    [
        ("/lamp.jpg", (240, 160)),
        ("/large.png", (240, 160)),
        ("/paint.gif", (240, 160)),
        ("/print.jpg", (240, 160)),
        ("/lamp.webp", (240, 160)),
        ("/notes.jpg", (160, 240)),  # upright
    ],
)
def test_a_picture_is_made_small_and_says_nothing_else(shown, path, size):
    content = shown(path).content
    with Image.open(BytesIO(content)) as picture:
        assert (picture.format, picture.size) == ("WEBP", size)
        assert not picture.getexif()
    assert len(content) < 4000
    assert b"secret" not in content


def test_a_picture_is_fetched_again_after_a_week(shown, host, tmp_path):
    shown("/lamp.jpg")
    asked = len(host.asked)
    (kept,) = (tmp_path / "home" / "amazon_listings" / "pictures").iterdir()
    before = time.time() - pictures.KEPT_FOR - 60
    os.utime(kept, (before, before))
    shown("/lamp.jpg")
    assert len(host.asked) == asked + 1


def test_what_takes_long_ends(monkeypatch, tmp_path):
    endless = tmp_path / "endless.py"
    endless.write_text("while True: pass")
    monkeypatch.setattr(shrinking, "__file__", str(endless))
    monkeypatch.setattr(pictures, "PATIENCE", 0.3)
    assert pictures.made_small(JPEG) == b""


@pytest.mark.parametrize(
    "path",
    [
        "/page.jpg",
        "/drawing.svg",
        "/large.jpg",
        "/broken.jpg",
        "/cut.png",
        "/bomb.png",
        "/disguised.gif",
        "/gone.jpg",
        "/round.jpg",
        "/private.jpg",
        "file:///etc/passwd",
    ],
)
def test_what_is_no_picture_is_blank(shown, path):
    answer = shown(path)
    assert (answer.status_code, answer.content) == (200, pictures.BLANK)
    assert answer.headers["content-type"] == "image/gif"


def test_private_hosts_are_not_asked_unless_the_settings_name_them(shown, host, monkeypatch):
    monkeypatch.delenv("AMAZON_LISTINGS_HTTP_HOSTS")
    settings.cache_clear()
    for name in ("127.0.0.1", "localhost", "[::1]"):
        assert shown(f"http://{name}:{host.server_port}/lamp.jpg").content == pictures.BLANK
        assert shown(f"https://{name}:{host.server_port}/lamp.jpg").content == pictures.BLANK
    assert host.asked == []


def test_the_settings_may_name_one_port_of_a_host(shown, host, monkeypatch):
    monkeypatch.setenv("AMAZON_LISTINGS_HTTP_HOSTS", f"127.0.0.1:{host.server_port + 1}")
    settings.cache_clear()
    assert shown("/lamp.jpg").content == pictures.BLANK
    monkeypatch.setenv("AMAZON_LISTINGS_HTTP_HOSTS", f"127.0.0.1:{host.server_port}")
    settings.cache_clear()
    assert shown("/lamp.webp").content != pictures.BLANK


def test_failures_are_believed_for_a_while(shown, host):
    for _ in range(3):
        assert shown("/gone.jpg").content == pictures.BLANK
    assert len(host.asked) == 1


def test_an_item_without_picture_and_one_that_is_not_there(client):
    for one in ("products/3", "products/none"):
        answer = client("viewer").get("/dags/amazon_lamps/picture", params={"id": one})
        assert (answer.status_code, answer.content) == (200, pictures.BLANK)


def test_the_cache_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "MOST_KEPT", 5 * len(JPEG))
    monkeypatch.setattr(pictures, "COUNTED", 1)
    for number in range(9):
        pictures._keep(tmp_path, str(number), JPEG)
    assert len(list(tmp_path.iterdir())) == 5


def test_lists_and_pages_show_them(client):
    for path in ("/items", "/dags/amazon_lamps/items", "/dags/amazon_lamps/item?id=products/1"):
        assert 'src="/dags/amazon_lamps/picture?id=products/1"' in client("viewer").get(path).text
