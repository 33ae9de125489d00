"""Every road by which a pushed commit can make the server ask an address, and every way of leading it astray."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from sealane import egress
from sealane.adapters import SHIPPED
from sealane.clients import git, git_submodules, registry, registry_copy
from sealane.clients.git_access import Access
from sealane.clients.metric_stores import markers, requests
from sealane.clients.registry_access import RegistryAccess
from sealane.deployments.metric_stores.port import MetricStore, StoreAccess
from sealane.egress import Allowlist
from sealane.errors import SealaneError
from sealane.formations.gates import Condition, Query
from sealane.formations.graph_annotations import Annotation
from sealane.images import references
from sealane.runners import image_retags

COMMIT = "a" * 40
HERE = ("127.0.0.0/8",)


@dataclass
class Web:
    """A host that answers as it is told, and keeps who asked for what, and as whom."""

    port: int
    status: int = 404
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"


@pytest.fixture
def webs() -> Iterator[Callable[[], Web]]:
    """Makes hosts, each on a port of its own."""
    servers: list[ThreadingHTTPServer] = []

    def make() -> Web:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.asked.append((self.path, self.headers.get("authorization")))
                length = int(self.headers.get("content-length") or 0)
                self.rfile.read(length)
                self.send_response(web.status)
                for name, value in {**web.headers, "Content-Length": str(len(web.body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(web.body)

            do_HEAD = do_POST = do_PUT = do_GET  # noqa: N815

            def log_message(self, *_: object) -> None: ...

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        web = Web(server.server_port)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return web

    yield make
    for each in servers:
        each.shutdown()
        each.server_close()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Addresses by name, for names that end so; each answer is used once, the last one stays."""
    table: dict[str, list[str]] = {}
    real = socket.getaddrinfo

    def answer(host: Any, port: Any, *arguments: Any, **how: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in table:
            assert name is None or name == "localhost" or name[0].isdigit() or ":" in name, f"{name} is looked up"
            return real(host, port, *arguments, **how)
        address = table[name].pop(0) if len(table[name]) > 1 else table[name][0]
        return real(address, port, *arguments, **how)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return table


def allowlist(*hosts: str, networks: tuple[str, ...] = (), own: tuple[str, ...] = ()) -> Allowlist:
    listed_in = "SEALANE_SOME__HOSTS"
    return Allowlist(hosts=hosts, networks=tuple(map(egress.network, networks)), own=own, listed_in=listed_in)


Road = Callable[[str, Allowlist, Path], Awaitable[str]]
"""Asks a host, given with its port, and gives what went wrong."""


async def http_gate(place: str, allowed: Allowlist, _: Path) -> str:
    answer = await requests.ask(f"http://{place}/healthz", patience=timedelta(seconds=5), allowed=allowed)
    return answer.problem or f"answered {answer.status}"


AT = datetime(2027, 3, 1, tzinfo=UTC)


async def metric_store(place: str, allowed: Allowlist, _: Path) -> str:
    access = StoreAccess(keys={"token": "t0ken"}, now=AT, allowed=allowed)
    below = Condition(operator="<", bound=1)
    asked = Query(store="prometheus", url=f"http://{place}", query="up", condition=below)
    return await said(SHIPPED.metric_stores.get("prometheus", MetricStore).ask(asked, access))


async def annotation(place: str, allowed: Allowlist, _: Path) -> str:
    told = markers.Marker(title="t", text="t", labels={}, good=True, at=AT)
    access = StoreAccess(keys={"token": "t0ken"}, now=AT, allowed=allowed)
    written = Annotation(name="a", board="grafana", url=f"http://{place}")
    return await said(SHIPPED.metric_stores.get("grafana", MetricStore).tell(written, told, access))


async def retag(place: str, allowed: Allowlist, _: Path) -> str:
    """The host that is asked first is the target's."""
    access = RegistryAccess(allowed=allowed)
    return await said(
        image_retags.retag(name="x", source=f"{place}/base:1", repository=f"{place}/x", tag="t", access=access)
    )


async def own_image(place: str, allowed: Allowlist, _: Path) -> str:
    return await said(registry.digest(references.parse(f"{place}/base:1"), RegistryAccess(allowed=allowed)))


async def repository(place: str, allowed: Allowlist, folder: Path) -> str:
    return await said(
        git.checkout(f"http://{place}/shop.git", COMMIT, folder / "clone", access=Access(allowed=allowed))
    )


async def ssh_repository(place: str, allowed: Allowlist, folder: Path) -> str:
    return await said(
        git.checkout(f"ssh://git@{place}/shop.git", COMMIT, folder / "clone", access=Access(allowed=allowed))
    )


ROADS: dict[str, Road] = {
    each.__name__: each for each in (http_gate, metric_store, annotation, retag, own_image, repository, ssh_repository)
}
REDIRECTED = {name: each for name, each in ROADS.items() if each is not ssh_repository}


async def said(asked: Awaitable[object]) -> str:
    try:
        await asked
    except SealaneError as error:
        return error.message
    return "fine"


@pytest.mark.parametrize("road", ROADS)
async def test_a_listed_host_is_asked(road: str, webs, tmp_path: Path) -> None:
    """An entry that is an address lists that address, though it is this machine."""
    web = webs()
    said = await ROADS[road](web.place, allowlist(web.place), tmp_path)
    assert "operators" not in said
    assert web.asked or road == "ssh_repository"


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize("hosts", [(), ("git.example.com", "127.0.0.2:*", "*.0.0.1:*")])
async def test_another_host_is_not(road: str, hosts: tuple[str, ...], webs, tmp_path: Path) -> None:
    web = webs()
    said = await ROADS[road](web.place, allowlist(*hosts, networks=HERE), tmp_path)
    assert f"the operators don't let {web.place} be asked" in said
    assert "SEALANE_SOME__HOSTS" in said
    assert web.asked == []


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", "this machine itself"),
        ("10.1.2.3", "private"),
        ("192.168.0.9", "private"),
        ("169.254.169.254", "link-local"),
        ("100.64.0.1", "not public"),
        ("0.0.0.0", "private"),
        ("::1", "this machine itself"),
        ("fd00::1", "private"),
        ("fe80::1", "link-local"),
        ("::ffff:169.254.169.254", "link-local"),
        ("64:ff9b::a9fe:a9fe", "link-local"),
        ("2002:7f00:1::", "this machine itself"),
        ("224.0.0.1", "not public"),
    ],
)
async def test_a_listed_name_at_an_address_that_is_not_public_is_not(
    road: str, address: str, kind: str, names, webs, tmp_path: Path
) -> None:
    web = webs()
    names["shop.example.com"] = [address]
    said = await ROADS[road](f"shop.example.com:{web.port}", allowlist("*.example.com:*"), tmp_path)
    assert "shop.example.com is at" in said
    assert kind in said
    assert "SEALANE_EGRESS__NETWORKS" in said
    assert web.asked == []


@pytest.mark.parametrize("road", [name for name in ROADS if name not in {"retag", "own_image"}])
async def test_a_listed_name_in_a_listed_network_is_asked_at_the_address_that_was_looked_at(
    road: str, names, webs, tmp_path: Path
) -> None:
    """A name that means something else a moment later is not looked up again. (Registries have TLS: nobody answers.)"""
    web = webs()
    names["shop.example.com"] = ["127.0.0.1"] * (2 if road == "repository" else 1) + ["169.254.169.254"]
    said = await ROADS[road](f"shop.example.com:{web.port}", allowlist("shop.example.com:*", networks=HERE), tmp_path)
    assert web.asked or (road == "ssh_repository" and "169.254" not in said)


@pytest.mark.parametrize("road", REDIRECTED)
@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_leads_to_no_other_host(road: str, status: int, webs, tmp_path: Path) -> None:
    web, other = webs(), webs()
    web.status, web.headers = status, {"Location": f"http://{other.place}/shop.git/info/refs?service=git-upload-pack"}
    said = await REDIRECTED[road](web.place, allowlist(web.place), tmp_path)
    assert web.asked
    assert other.asked == []
    assert said != "fine"


@pytest.mark.parametrize("road", [own_image, repository])
async def test_a_redirect_to_a_listed_host_is_followed_without_the_password(
    road: Road, webs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    web, other = webs(), webs()
    docker_config(monkeypatch, tmp_path, web.place)
    web.status, web.headers = 302, {"Location": f"http://{other.place}/shop.git/info/refs?service=git-upload-pack"}
    await road(web.place, allowlist(web.place, other.place), tmp_path)
    assert other.asked
    assert {who for _, who in other.asked} == {None}


@pytest.mark.parametrize("password", [False, True], ids=["anonymous", "with a password"])
@pytest.mark.parametrize("road", [retag, own_image])
async def test_a_registry_signs_in_at_no_other_host(
    road: Road, password: bool, webs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    web, other = webs(), webs()
    other.status, other.body = 200, b'{"token": "of-the-machine"}'
    if password:
        docker_config(monkeypatch, tmp_path, web.place)
    challenge(web, other)
    said = await road(web.place, allowlist(web.place), tmp_path)
    assert other.asked == []
    assert [who for _, who in web.asked] == [None]
    assert "not its own" in said if password else other.place in said


async def test_a_password_goes_to_no_listed_host_that_is_not_the_registrys(
    webs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless operators say that the registry signs in there; a redirect from there gets none either."""
    web, other, third = webs(), webs(), webs()
    docker_config(monkeypatch, tmp_path, web.place)
    challenge(web, other)
    allowed = allowlist(web.place, other.place, third.place)
    assert "not its own" in await own_image(web.place, allowed, tmp_path)
    assert other.asked == []

    other.status, other.headers = 302, {"Location": f"http://{third.place}/token"}
    access = RegistryAccess(allowed=allowed, token_hosts={web.place: other.place})
    await said(registry.digest(references.parse(f"{web.place}/base:1"), access))
    assert [bool(who) for _, who in other.asked] == [True]
    assert [who for _, who in third.asked] == [None]


async def test_an_upload_that_leads_elsewhere_takes_no_token_along(webs, tmp_path: Path) -> None:
    """The registry's words say where the layer goes."""
    source, target, other = webs(), webs(), webs()
    digest = "sha256:" + "0" * 64
    source.status = 200
    source.body = f'{{"config": {{"digest": "{digest}", "size": 2}}, "layers": []}}'.encode()
    target.status, target.headers = 202, {"Location": f"http://{other.place}/upload"}
    old, new = (references.parse(f"{image_place.place}/x:1") for image_place in (source, target))
    problem = await said(registry_copy.copy(old, new, RegistryAccess(allowed=allowlist(source.place, target.place))))
    assert problem != "fine"
    assert other.asked == []


@pytest.mark.parametrize("hosts", ["", "127.0.0.1:{port}"])
async def test_the_operators_own_registry_may_be_anywhere(hosts: str, webs, tmp_path: Path) -> None:
    web = webs()
    allowed = allowlist(*filter(None, [hosts.format(port=web.port)]), own=(f"localhost:{web.port}",))
    assert "is not in its registry" in await own_image(f"localhost:{web.port}", allowed, tmp_path)
    assert web.asked


async def test_a_submodule_is_fetched_where_its_glob_says_and_at_no_private_address(
    names, webs, tmp_path: Path
) -> None:
    """A glob is an operators' list, too: of names."""
    web = webs()
    names["libs.example.com"] = ["127.0.0.1"]
    url = f"http://libs.example.com:{web.port}/colors.git"
    for networks, asked in (((), False), (HERE, True)):
        access = git_submodules.naming(Access(allowed=allowlist(networks=networks)), url)
        problem = await said(git.checkout(url, COMMIT, tmp_path / "clone", access=access))
        assert ("libs.example.com is at 127.0.0.1" in problem) is not asked
        assert bool(web.asked) is asked


@pytest.mark.parametrize(
    ("key", "sent"),
    [("http://HERE", True), ("https://HERE", False), ("http://127.0.0.1", False), ("http://other.example.com", False)],
)
async def test_a_token_goes_to_its_own_host_in_its_own_way(key: str, sent: bool, webs, tmp_path: Path) -> None:
    """Over plain http only where the host is written so; and only to a host that asks."""
    web = webs()
    web.status, web.headers = 401, {"WWW-Authenticate": 'Basic realm="git"'}
    access = Access(passwords={key.replace("HERE", web.place): "kim:to:ken"}, allowed=allowlist(web.place))
    await said(git.checkout(f"http://{web.place}/shop.git", COMMIT, tmp_path / "clone", access=access))
    assert any(who for _, who in web.asked) is sent


async def test_a_token_does_not_follow_a_redirect(webs, tmp_path: Path) -> None:
    """Though that host is listed and asks for one."""
    web, other = webs(), webs()
    web.status, web.headers = 302, {"Location": f"http://{other.place}/shop.git/info/refs?service=git-upload-pack"}
    other.status, other.headers = 401, {"WWW-Authenticate": 'Basic realm="git"'}
    access = Access(passwords={f"http://{web.place}": "kim:token"}, allowed=allowlist(web.place, other.place))
    await said(git.checkout(f"http://{web.place}/shop.git", COMMIT, tmp_path / "clone", access=access))
    assert {who for _, who in other.asked} == {None}


async def test_nobody_else_gets_through_the_relay(webs, tmp_path: Path) -> None:
    """Another process of this machine finds its port, and has no password."""
    from sealane.clients import git_access

    web = webs()
    async with git_access.opened(Access(allowed=allowlist(web.place)), f"http://{web.place}/x") as way:
        port = urlsplit(way.settings["http.proxy"]).port
        for greeting in (b"\x05\x01\x00", b"\x05\x01\x02\x01\x03git\x05wrong"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(greeting)
            assert (await reader.read())[-1] in {0xFF, 1}
            writer.close()


def challenge(web: Web, other: Web) -> None:
    web.status = 401
    web.headers = {"WWW-Authenticate": f'Bearer realm="http://{other.place}/token",service="x",scope="y"'}


def docker_config(monkeypatch: pytest.MonkeyPatch, folder: Path, host: str) -> None:
    (folder / ".docker").mkdir()
    (folder / ".docker" / "config.json").write_text(f'{{"auths": {{"{host}": {{"auth": "a2ltOnRva2Vu"}}}}}}')
    monkeypatch.setenv("HOME", str(folder))
