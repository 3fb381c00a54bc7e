"""Memory and time of the worst input known for each surface, against the limits that the issue sets.

    python benchmarks/hostile.py

Each runs in a process of its own, so that the peak is its own; what is printed beside it is how it ended.
"""

from __future__ import annotations

import gzip
import json
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

#: Seconds of processor and megabytes above an idle process that the worst of a surface may take.
SECONDS, MEGABYTES = 1.5, 400


def connector_file(folder):
    from amazon_listings.connectors import load_connectors

    (folder / "zz.yaml").write_text("\n".join(f"k{n}: [1, {{a: b}}]" for n in range(25_000)))
    return len(load_connectors(folder, {}).broken)


def connector_line(folder):
    from amazon_listings.connectors import load_connectors

    (folder / "zz.yaml").write_text("id: zz\nextra: " + "w" * 500_000)
    return len(load_connectors(folder, {}).broken)


def variable(folder):
    from amazon_listings.connectors import load_connectors

    text = json.dumps({f"k{n}": {"a": [n]} for n in range(20_000)})
    return len(load_connectors(folder, {"amazon_connector_zz": text}).broken)


def product_row(folder):
    from amazon_listings.sources.extraction import read_items
    from amazon_listings.sources.files.settings import FileSettings
    from amazon_listings.sources.files.source import ProductFiles
    from amazon_listings.sources.selection import Selection

    rows = [b'{"id": "deep", "x": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"]
    rows += [b'{"id": "wide", "x": [' + b"1," * 500_000 + b"1]}", b'{"id": "good"}']
    (folder / "a.jsonl").write_bytes(b"\n".join(rows))
    reading = read_items(ProductFiles(FileSettings(path=str(folder / "a.jsonl"))), Selection())
    return [item["pim_id"] for item in reading if "unfit" not in item]


def html(_folder):
    from amazon_listings.mapping.values.html_text import html_to_text

    return [
        len(html_to_text(piece * (1_000_000 // len(piece))))
        for piece in ("<a ", "<p>a&amp;b ", "<!-- ", "<b>")
    ]


def expression(_folder):
    from amazon_listings.mapping.expressions.compiled import compile_expression
    from amazon_listings.mapping.expressions.failures import ExpressionError

    record = {"id": "1", "ref": "1", "status": "", "modified": None, "texts": {}, "images": {}}
    item = {"pim_id": "p", "group": "p", "sku": "s", "status": "", "modified": None, "variant": None,
            "product": record | {"fields": {"list": [1] * 9000, "text": "word " * 19_000}}}  # fmt: skip
    text = "{% for a in item.list %}{% for b in item.list %}{{ item.text | replace('w', 'vv') }}{% endfor %}{% endfor %}"
    try:
        compile_expression(text)(item, "")
    except ExpressionError as error:
        return str(error)
    return "ended"


def report_of_a_feed(_folder):
    from amazon_listings.selling_partner.feed_reports import outcomes, read_report

    issues = [
        {"messageId": n, "code": "1", "severity": "ERROR", "message": "m" * 200} for n in range(1, 25_001)
    ]
    content = json.dumps({"summary": {}, "issues": issues}).encode()
    return len(list(outcomes(read_report(content), [str(n) for n in range(25_000)])))


def _served(head, body):
    listening = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                try:
                    connection.sendall(b"HTTP/1.1 200 OK\r\n" + head + b"Connection: close\r\n\r\n" + body)
                    while not head:
                        time.sleep(0.5)
                        connection.sendall(b"x")
                    connection.shutdown(socket.SHUT_WR)
                    connection.recv(65536)  # the rest of the request, which would reset what was sent
                except OSError:
                    continue

    threading.Thread(target=serve, daemon=True).start()
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


def _asked(url):
    import requests

    from amazon_listings.incoming.http_reader import Limits, NoReply, new_session, read

    limits = Limits(sent=64 << 20, unpacked=64 << 20, seconds=5)
    with new_session() as session:
        try:
            return len(read(session, session.prepare_request(requests.Request("GET", url)), limits).content)
        except NoReply as error:
            return error.why


def bomb(_folder):
    return _asked(_served(b"Content-Encoding: gzip\r\n", gzip.compress(bytes(1 << 27), 1) * 24))


def slow_bytes(_folder):
    return _asked(_served(b"", b"{"))


def deep_answer(_folder):
    from amazon_listings.incoming.decoding import decode

    return str(decode(b'{"a": ' + b"[" * 400_000 + b"]" * 400_000 + b"}"))[:20]


def definition(_folder):
    from amazon_listings.definitions.stored import DefinitionDamaged, checked

    ended = []
    leaf = {"type": "array", "items": {"type": "object", "properties": {"value": {"type": "string"}}}}
    wide = {f"a{n}": leaf | {"enum": list(range(20))} for n in range(5_000)}
    texts = [
        json.dumps({"properties": wide}),
        '{"properties": {"a": ' + '{"not": ' * 50_000 + "{}" + "}" * 50_001 + "}",
    ]
    for text in texts:
        try:
            checked(text.encode(), "It")
            ended.append("read")
        except DefinitionDamaged as error:
            ended.append(str(error)[:30])
    return ended


def ledger_content(_folder):
    import zlib

    from amazon_listings.ledger.content import unpacked
    from amazon_listings.ledger.exceptions import LedgerDamaged

    stream = zlib.compressobj(1)
    content = b"".join([*(stream.compress(bytes(1 << 24)) for _ in range(8)), stream.flush()])
    try:
        return unpacked(content)
    except LedgerDamaged as error:
        return str(error)


def token_answer(_folder):
    from amazon_listings.errors import AmazonListingsError
    from amazon_listings.selling_partner.account import Account
    from amazon_listings.selling_partner.calls.tokens import Tokens

    body = (
        b'{"access_token": ' + b"[" * 400_000 + b"]" * 400_000 + b', "expires_in": ' + b"9" * 400_000 + b"}"
    )
    url = _served(b"Content-Type: application/json\r\n", body)
    secrets = dict.fromkeys(("client_id", "client_secret", "refresh_token"), "x")
    account = Account(**secrets, seller_id="A1", region="EU", endpoint=url, token_url=url)
    try:
        return len(Tokens(sleep=lambda _seconds: None).get(account))
    except AmazonListingsError as error:
        return str(error)


def pim_answer(_folder):
    from amazon_listings.sources.extraction import read_items
    from amazon_listings.sources.sales_layer.account import SalesLayerAccount
    from amazon_listings.sources.sales_layer.connection import PimConnection
    from amazon_listings.sources.selection import Selection

    row = ["M", 1, 0, "A", "Lamp", [[["x"] * 50] * 5], "w" * 500]
    names = ["STATUS", "ID", "ID_catalogue", "REF", "name_en", "table", "text"]
    rows = [[*row[:1], number, *row[2:]] for number in range(500)]
    deep = '["M", 9999, 0, "D", ' + "[" * 5_000 + "]" * 5_000 + ', null, "\\ud83d"]'
    answer = {
        "time": 1_700_000_000, "action": "update", "error": 0, "schema": {"languages": ["en"]},
        "data_schema": {"products": names}, "data": {"products": rows}, "page_count": 1,
    }  # fmt: skip
    body = json.dumps(answer).replace('"products": [["M"', f'"products": [{deep}, ["M"', 1).encode()
    pim = PimConnection(api="connector", base_url=_served(b"X: y\r\n", body), code="c", secret="s")  # noqa: S106
    return len(list(read_items(SalesLayerAccount(pim), Selection(languages=("en",)))))


def run_file(folder):
    from amazon_listings.errors import AmazonListingsError
    from amazon_listings.runs.folder import RunFolder
    from amazon_listings.runs.records import EXTRACT

    record = {"id": "1", "ref": "1", "status": "", "modified": None, "fields": {}, "texts": {}, "images": {}}
    item = {
        "pim_id": "p",
        "group": "p",
        "sku": "s",
        "status": "",
        "modified": None,
        "product": record,
        "variant": None,
    }
    run = RunFolder.of(folder, "c", "run-1")
    run.write(EXTRACT, "part-0001.jsonl", [item])
    for path in [one for one in run.root.rglob("part-*") if one.is_file()]:
        path.write_bytes(b'{"pim_id": ' + b"[" * 2_000_000 + b"\n" + b"x" * 20_000_000)
    try:
        return len(list(run.read(EXTRACT, "part-0001.jsonl")))
    except AmazonListingsError as error:
        return str(error)


def listing_answer(_folder):
    from amazon_listings.selling_partner.feed_reports import read_item

    issue = {
        "code": "1",
        "severity": [["ERROR"]] * 9,
        "attributeNames": ["a"] * 500,
        "enforcements": {"actions": [1] * 500},
    }
    listing = read_item(
        {
            "sku": "S",
            "issues": [issue] * 2_000,
            "attributes": {f"a{n}": [{"value": "v" * 999}] * 9 for n in range(999)},
        }
    )
    return len(listing.issues)


SURFACES = {
    each.__name__: each
    for each in (
        connector_file, connector_line, variable, product_row, html, expression, report_of_a_feed, bomb, slow_bytes,
        deep_answer, token_answer, definition, listing_answer, pim_answer, run_file, ledger_content,
    )
}  # fmt: skip


def one(name):
    """Run a surface in this process; print what it took."""
    import amazon_listings.connectors
    import amazon_listings.sources.extraction

    with tempfile.TemporaryDirectory() as folder:
        if name in {"connector_file", "connector_line", "variable"}:
            amazon_listings.connectors.load_connectors(Path(folder), {"amazon_connector_x": "{}"})
        idle, begun, cpu = _peak(), time.monotonic(), time.thread_time()
        ended = SURFACES[name](Path(folder))
        print(
            json.dumps([time.thread_time() - cpu, time.monotonic() - begun, _peak() - idle, str(ended)[:60]])
        )


def _peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main():
    print(f"{'surface':18} {'processor':>10} {'clock':>8} {'memory':>9}  ended with")
    over = []
    for name in SURFACES:
        done = subprocess.run([sys.executable, __file__, name], capture_output=True, text=True, check=True)
        cpu, clock, memory, ended = json.loads(done.stdout.splitlines()[-1])
        print(f"{name:18} {cpu:8.2f} s {clock:6.2f} s {memory:6.0f} MB  {ended}", flush=True)
        if cpu > SECONDS * (4 if name == "html" else 1) or memory > MEGABYTES:
            over.append(name)
    if over:
        sys.exit(f"More than {SECONDS} s or {MEGABYTES} MB: {', '.join(over)}")


if __name__ == "__main__":
    one(sys.argv[1]) if len(sys.argv) > 1 else main()
