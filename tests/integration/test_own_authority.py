"""The command line and a server whose certificate a company's own authority signed."""

from __future__ import annotations

import http.server
import os
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving import SEALANE


class _Me(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"[]")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(tmp_path / "key.pem")]
    words += ["-out", str(tmp_path / "ca.pem"), "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(words, check=True, capture_output=True)
    return tmp_path / "ca.pem"


@pytest.fixture
def url(certificate: Path) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Me)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"https://localhost:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("trusted", [False, True])
def test_an_authority_of_one_s_own_is_trusted_when_it_is_named(certificate: Path, url: str, trusted: bool) -> None:
    environment = {**os.environ, "SEALANE_URL": url, "SEALANE_TOKEN": "sln_a_b"}
    environment |= {"SSL_CERT_FILE": str(certificate)} if trusted else {}
    done = subprocess.run(
        [str(SEALANE), "app", "list"], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    if trusted:
        assert done.returncode == 0, done.stderr
    else:
        assert done.returncode == 3
        assert "certificate verify failed" in done.stderr
        assert "SSL_CERT_FILE=" in done.stderr
