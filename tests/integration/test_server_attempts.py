"""What the server does with clients that are slow, and with those that try wrong tokens."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import httpx
import pytest

from tests.serving import Serving, until


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("server")
    server = Serving(
        folder,
        {
            "SEALANE_ENGINE__KIND": "dummy",
            "SEALANE_HTTP__HEADER_TIMEOUT": "1.5",
            "SEALANE_HTTP__BODY_TIMEOUT": "2",
            "SEALANE_ACCESS__FAILURES_PER_ADDRESS": "5",
            "SEALANE_HTTP__TRUSTED_PROXIES": '["127.0.0.1"]',
        },
    ).start()
    try:
        yield server
    finally:
        server.stop()


def connected(serving: Serving) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", serving.port), timeout=60)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def drip(connection: socket.socket, text: bytes) -> bytes:
    """Sends a letter at a time, slowly enough that the server gives up first; what it answers."""
    connection.settimeout(0.2)
    for number in range(10_000):
        try:
            connection.send(text[number % len(text) : number % len(text) + 1])
            answer = connection.recv(1000)
        except TimeoutError:
            continue
        except OSError:
            return b""
        else:
            return answer
    return b"the server never gave up"


@pytest.mark.parametrize("begins", [b"", b"GET /sign-in HTTP/1.1\r\nHost: x\r\n", b"POST /sign-in"])
def test_a_head_that_comes_a_letter_at_a_time_is_not_waited_for(serving: Serving, begins: bytes) -> None:
    """Whatever came of it; meanwhile and afterwards others are served."""
    with connected(serving) as slow:
        slow.sendall(begins)
        answer = drip(slow, b"X-a: b\r\n")
        assert not answer or answer.startswith(b"HTTP/1.1 408 "), answer
    assert httpx.get(f"{serving.url}/sign-in", timeout=60, verify=False).status_code == 200


def test_the_next_head_of_a_connection_is_not_waited_for_either(serving: Serving) -> None:
    with connected(serving) as slow:
        slow.sendall(b"GET /static/mark.svg HTTP/1.1\r\nHost: x\r\n\r\n")
        assert slow.recv(10).startswith(b"HTTP/1.1 2")
        slow.settimeout(60)
        while b"</svg>" not in slow.recv(100_000):
            pass
        answer = drip(slow, b"X-a: b\r\n")
        assert not answer or b"408" in answer, answer


def test_a_body_that_never_ends_is_not_waited_for(serving: Serving) -> None:
    with connected(serving) as slow:
        slow.sendall(b"POST /hooks/github/shop HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n{")
        assert b"408" in drip(slow, b" ")


def test_a_live_page_is_not_cut_off(serving: Serving) -> None:
    """Its head came at once; that it goes on for long is what it is for."""
    with serving.client("") as browser:
        shown = browser.get("/sign-in").text
        form_token = shown.partition('name="form_token" value="')[2].partition('"')[0]
        assert browser.post("/sign-in", data={"form_token": form_token, "token": serving.token}).status_code == 303
        with browser.stream("GET", "/changes?of=overview") as answer:
            parts = answer.iter_text()
            until("the page to be told", lambda: "changed" in next(parts))
            serving.app("another")  # what happens later comes, too
            until("the page to be told again", lambda: "changed" in next(parts), within=30)


def test_wrong_tokens_are_counted_by_the_address_that_a_trusted_proxy_tells(serving: Serving) -> None:
    """429 with the time to wait; other addresses, and who is signed in already, go on. What a client writes itself is not believed."""
    wrong = {"Authorization": "Bearer sln_nobody1234_x"}
    with serving.client("") as client:
        said = [
            client.get("/api/me", headers={**wrong, "X-Forwarded-For": f"203.0.113.{number}, 198.51.100.7"})
            for number in range(6)
        ]
        assert [response.status_code for response in said] == [401] * 5 + [429]
        assert 1 <= int(said[-1].headers["Retry-After"]) <= 61
        assert "too many wrong attempts" in said[-1].json()["message"]
        other = client.get("/api/me", headers={**wrong, "X-Forwarded-For": "198.51.100.8"})
        assert other.status_code == 401
    with serving.client() as admin:
        assert admin.get("/api/me").status_code == 200
        assert admin.get("/api/me", headers={"X-Forwarded-For": "198.51.100.7"}).status_code == 200
    told = [line for line in serving.log.splitlines() if "event=sign_in.failed" in line]
    assert any("address=198.51.100.7" in line and "token=nobody1234" in line for line in told)


def test_without_a_trusted_proxy_nobody_chooses_an_address(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("bare")
    given = {
        "SEALANE_ENGINE__KIND": "dummy",
        "SEALANE_HTTP__TRUSTED_PROXIES": "[]",
        "SEALANE_ACCESS__FAILURES_PER_ADDRESS": "2",
    }
    server = Serving(folder, given).start()
    try:
        with server.client("") as client:
            said = [
                client.get("/api/me", headers={"Authorization": "Bearer x", "X-Forwarded-For": f"203.0.113.{number}"})
                for number in range(3)
            ]
        assert [response.status_code for response in said] == [401, 401, 429]
    finally:
        server.stop()
