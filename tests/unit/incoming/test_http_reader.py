"""Servers that send too much, too slowly, or from where nothing should come; over real sockets."""

import dataclasses
import gzip
import socket
import threading
import time
import zlib

import pytest
import requests

from amazon_listings.incoming.http_reader import Limits, NoReply, Unpacker, new_session, read, unpacked

LIMITS = Limits(sent=1 << 20, unpacked=1 << 20, seconds=0.5, connect=1.0, silence=5.0)


@pytest.fixture
def server():
    """Runs a function with each connection; its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    closing = threading.Event()
    threads = []

    def serve(answer):
        def accept():
            while not closing.is_set():
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    if not connection.recv(65536):
                        continue
                    try:
                        answer(connection, closing)
                    except OSError:
                        continue

        threads.append(threading.Thread(target=accept, daemon=True))
        threads[-1].start()
        return f"http://127.0.0.1:{listening.getsockname()[1]}/"

    yield serve
    closing.set()
    listening.close()


def get(url, limits=LIMITS, **options):
    with new_session() as session:
        return read(session, session.prepare_request(requests.Request("GET", url)), limits, **options)


def drip(before, piece):
    def answer(connection, closing):
        connection.sendall(before)
        while not closing.wait(0.05):
            connection.sendall(piece)

    return answer


@pytest.mark.parametrize(
    ("before", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
        (b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
        (b"", b"H"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b""),
    ],
)
def test_the_deadline_is_kept_however_slowly_an_answer_comes(server, before, piece):
    began = time.monotonic()
    with pytest.raises(NoReply) as caught:
        get(server(drip(before, piece)), dataclasses.replace(LIMITS, seconds=0.2))
    assert caught.value.why in {"timeout", "broken_off"}
    assert caught.value.sent
    assert time.monotonic() - began < 3


def answer_with(head, body):
    def answer(connection, _closing):
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n")
        for start in range(0, len(body), 65536):
            connection.sendall(body[start : start + 65536])

    return answer


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_what_expands_without_end_ends_at_the_limit(server, encoding):
    whole = bytes(64 << 20)
    body = gzip.compress(whole, 1) if encoding == "gzip" else zlib.compress(whole, 1)
    with pytest.raises(NoReply) as caught:
        get(server(answer_with(f"Content-Encoding: {encoding}\r\nConnection: close\r\n".encode(), body)))
    assert caught.value.why == "too_large"


def test_more_bytes_than_allowed_are_not_read(server):
    with pytest.raises(NoReply) as caught:
        get(server(answer_with(b"Connection: close\r\n", bytes(3 << 20))))
    assert caught.value.why == "too_large"


@pytest.mark.parametrize(
    ("encoding", "body", "content"),
    [
        ("gzip", gzip.compress(b"{}", mtime=0), b"{}"),
        ("gzip", gzip.compress(b"{", mtime=0) + gzip.compress(b"}", mtime=0), b"{}"),
        ("gzip", b"{}", b"{}"),
        ("deflate", zlib.compress(b"{}"), b"{}"),
        ("deflate", zlib.compress(b"{}")[2:-4], b"{}"),
        ("deflate", gzip.compress(b"{}", mtime=0), b"{}"),
        ("identity", b"{}", b"{}"),
        ("aws-chunked", b"{}", b"{}"),
        ("X-GZIP, aws-chunked", gzip.compress(b"{}", mtime=0), b"{}"),
        ("gzip, gzip", gzip.compress(gzip.compress(b"{}", mtime=0), mtime=0), b"{}"),
        ("deflate, gzip", gzip.compress(zlib.compress(b"{}"), mtime=0), b"{}"),
        ("gzip, gzip", gzip.compress(b"{}", mtime=0), b"{}"),
        ("gzip", b"", b""),
    ],
)
def test_encodings_are_undone(server, encoding, body, content):
    head = f"Content-Encoding: {encoding}\r\nContent-Length: {len(body)}\r\n".encode()
    assert get(server(answer_with(head, body))).content == content


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b"{}" * 99, mtime=0)[:-9]),
        ("br", b"??"),
        ("gzip, br", b"??"),
        ("gzip, gzip, gzip", b"{}"),
        ("gzip, gzip", gzip.compress(gzip.compress(b"{}" * 99, mtime=0)[:-9], mtime=0)),
        ("gzip", b"\x1f\x8b??"),
    ],
)
def test_what_cannot_be_unpacked_is_no_answer(server, encoding, body):
    head = f"Content-Encoding: {encoding}\r\nContent-Length: {len(body)}\r\n".encode()
    with pytest.raises(NoReply) as caught:
        get(server(answer_with(head, body)))
    assert caught.value.why == "encoding"


def test_a_bomb_in_a_bomb_ends_at_the_limit(server):
    body = gzip.compress(gzip.compress(bytes(1 << 25), 9) * 40, 1)
    with pytest.raises(NoReply) as caught:
        get(server(answer_with(b"Content-Encoding: gzip, gzip\r\n", body)))
    assert caught.value.why == "too_large"


def test_an_answer_that_breaks_off_is_none(server):
    with pytest.raises(NoReply) as caught:
        get(server(answer_with(b"Content-Length: 100\r\n", b"{}")))
    assert caught.value.why == "broken_off"


@pytest.mark.parametrize("name", ["localhost", "files.amazon.example", "localtest.me."])
def test_no_private_address_is_asked_where_only_public_ones_may_be(server, monkeypatch, name):
    """Whatever a name resolves to, by the resolver that the connection itself asks."""
    reached = []
    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, *how, **more: resolve("127.0.0.1", *how, **more))

    def answer(connection, _closing):
        reached.append(connection)

    with pytest.raises(NoReply) as caught:
        get(server(answer).replace("127.0.0.1", name), public_only=True)
    assert (caught.value.why, caught.value.sent) == ("private", False)
    assert not reached


def test_nothing_was_sent_where_nobody_listens():
    with pytest.raises(NoReply) as caught:
        get("http://127.0.0.1:9/")
    assert (caught.value.why, caught.value.sent) == ("unreachable", False)


def test_a_redirect_is_an_answer(server):
    def answer(connection, _closing):
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n")

    url = server(answer)
    reply = get(url)
    assert (reply.status, reply.ok, reply.redirect) == (302, False, f"{url}b")


def test_connections_are_used_again_and_made_again_once_closed():
    listening = socket.create_server(("127.0.0.1", 0))
    accepted = []

    def serve():
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            accepted.append(connection)
            while connection.recv(65536):
                connection.sendall(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: 2\r\n\r\n{}")

    threading.Thread(target=serve, daemon=True).start()
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
    session = new_session()
    request = session.prepare_request(requests.Request("GET", url))
    for _ in range(3):
        assert read(session, request, LIMITS).content == b"{}"
    assert len(accepted) == 1
    session.close()
    assert read(session, request, LIMITS).content == b"{}"
    assert len(accepted) == 2
    assert not session.cookies
    session.close()
    listening.close()


def test_no_request_gets_the_connections_of_another_origin_that_a_thread_asks_meanwhile():
    class Replaced(tuple):
        """The last origin and its connections, which are others once the origin is known."""

        __slots__ = ()

        def __getitem__(self, place):
            adapter._last = ("http://other.example", "connections to another origin")
            return super().__getitem__(place)

    with new_session() as session:
        request = session.prepare_request(requests.Request("GET", "http://near.example/a"))
        adapter = session.get_adapter(request.url)
        adapter._last = Replaced(("http://near.example", "its connections"))
        assert adapter.get_connection_with_tls_context(request, None) == "its connections"


def test_packed_content_is_found_by_its_first_bytes():
    assert unpacked(b"{}", 10) == b"{}"
    assert unpacked(gzip.compress(b"{}") + b"\0\0", 10) == b"{}"
    with pytest.raises(zlib.error):
        unpacked(gzip.compress(bytes(11)), 10)


def test_environment_is_asked_for_once_for_each_origin(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "near.example")
    with new_session() as session:
        far = session.environment("https://far.example/a?b=https://near.example/")
        assert far["proxies"]["https"] == "http://proxy.example:3128"
        assert not session.environment("https://near.example/a")["proxies"]
        monkeypatch.setenv("HTTPS_PROXY", "http://other.example:3128")
        assert session.environment("https://far.example/c") is far
    with new_session() as later:
        assert later.environment("https://far.example/")["proxies"]["https"] == "http://other.example:3128"


def test_a_byte_more_than_allowed_is_unpacked_and_no_more():
    for packed in (gzip.compress(bytes(99)), gzip.compress(bytes(6)) * 9, bytes(99)):
        content = bytearray()
        Unpacker().feed(packed, content, 10)
        assert len(content) == 11
