"""Amazon's addresses, answered by a sandbox on this machine: for clients that cannot be pointed elsewhere.

`amazon_hosts(state)` serves the sandbox over TLS with a certificate for Amazon's host names, and a proxy that
leads every connection there. A client is not changed for it: it runs in a process whose environment names the
proxy and the certificate, as it would run behind the proxy of a company.
"""

from __future__ import annotations

import contextlib
import os
import socket
import socketserver
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from spapi_sandbox.app import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from spapi_sandbox.state import SandboxState

HOSTS = (
    "api.amazon.com",
    *(f"sellingpartnerapi-{region}.amazon.com" for region in ("na", "eu", "fe")),
)


@contextlib.contextmanager
def amazon_hosts(state: SandboxState, folder: Path) -> Iterator[dict[str, str]]:
    """Serve a sandbox under Amazon's host names.

    Args:
        state: The sandbox; its other address may go on.
        folder: Where the certificate is written.

    Yields:
        The environment of a process that is to reach it.
    """
    certificate, key = _certificate(folder)
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(state), log_level="critical", access_log=False, lifespan="off",
            ssl_certfile=certificate, ssl_keyfile=key,
        )
    )  # fmt: skip
    served = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    proxy = _Proxy(listener.getsockname()[1])
    proxied = threading.Thread(target=proxy.serve_forever, args=(0.05,), daemon=True)
    served.start()
    proxied.start()
    try:
        address = f"http://127.0.0.1:{proxy.server_address[1]}"
        trusted = dict.fromkeys(
            ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"), str(certificate)
        )
        kept = {
            name: os.environ[name] for name in ("PATH", "HOME", "LANG", "NODE_PATH") if name in os.environ
        }
        yield kept | trusted | {"HTTPS_PROXY": address, "NO_PROXY": ""}
    finally:
        server.should_exit = server.force_exit = True
        proxy.shutdown()
        proxy.server_close()
        served.join(timeout=10)
        listener.close()


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sandbox")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in HOSTS]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "amazon.pem", folder / "amazon.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return certificate, secret


class _Proxy(socketserver.ThreadingTCPServer):
    """A proxy that leads `CONNECT host:443` to a port of this machine, and nothing anywhere else."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Tunnel)
        self.port = port


class _Tunnel(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        method, _, rest = self.rfile.readline().decode("ascii", "replace").partition(" ")
        host = rest.partition(":")[0]
        while self.rfile.readline().strip():
            pass
        if method != "CONNECT" or host not in HOSTS:
            self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            return
        server: Any = self.server
        with socket.create_connection(("127.0.0.1", server.port)) as onward:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_pump, args=(onward, self.connection), daemon=True)
            back.start()
            _pump(self.connection, onward)
            back.join(timeout=10)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while content := source.recv(65_536):
            sink.sendall(content)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
