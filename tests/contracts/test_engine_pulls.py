"""An engine is asked to fetch images of listed registries only: for steps, services, and what a Dockerfile names."""

from __future__ import annotations

import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sealane.clients import build_context, image_build
from sealane.clients.addresses import NotListed
from sealane.clients.build_sources import Fetching
from sealane.clients.registry_access import RegistryAccess
from sealane.egress import Allowlist
from sealane.errors import SealaneError
from sealane.images import references
from sealane.pipelines.model import StepStatus
from sealane.runners.docker import ContainerDefaults, DockerRunner
from sealane.runners.model import Workspace
from testbed.record import Bed
from tests.contracts.sides import Side

DOCKERFILES = {
    "from": "FROM IMAGE\n",
    "argument": "ARG where=IMAGE\nFROM OWN\nFROM ${where}\n",
    "copy": "FROM OWN\nCOPY --from=IMAGE /a /b\n",
    "continued": "FROM \\\n  IMAGE\n",
}


@dataclass
class Registry:
    """Hangs up on everybody, and counts who came."""

    place: str
    came: list[str] = field(default_factory=list)


@pytest.fixture
def other() -> Iterator[Registry]:
    with socket.create_server(("127.0.0.1", 0), backlog=20) as listening:
        registry = Registry(f"127.0.0.1:{listening.getsockname()[1]}")

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, (host, _) = listening.accept()
                    registry.came.append(host)
                    connection.close()

        threading.Thread(target=serve, daemon=True).start()
        yield registry


def access(*hosts: str) -> RegistryAccess:
    return RegistryAccess(allowed=Allowlist(hosts=hosts, listed_in="SEALANE_REGISTRY__PULLS"))


async def limited(side: Side, *hosts: str) -> Side:
    habits = ContainerDefaults(grace=timedelta(seconds=5), pull_patience=timedelta(seconds=60))
    runner = DockerRunner(side.engine, owner="a test", habits=habits, pulls=access(*hosts))
    await runner.prepare(side.run, Workspace(folder=side.folder))
    return replace(side, runner=runner)


async def test_a_step_and_a_service_of_another_registry_are_refused_before_it_is_asked(
    side: Side, other: Registry
) -> None:
    image = f"{other.place}/base:{secrets.token_hex(4)}"
    strict = await limited(side, "docker.io", "127.0.0.1")
    result, _ = await strict.step("true", image=image)
    _, health = await strict.service(image=image)
    assert result.status is StepStatus.FAILED
    for reason in (result.reason, health.reason):
        assert f"the operators don't let {other.place} be asked" in str(reason)
        assert "SEALANE_REGISTRY__PULLS" in str(reason)
    assert other.came == []

    listed, _ = await (await limited(side, other.place)).step("true", image=image)
    assert listed.status in {StepStatus.FAILED, StepStatus.BROKEN}
    assert other.came != []


async def test_what_the_engine_has_is_not_fetched(side: Side) -> None:
    strict = await limited(side)
    result, _ = await strict.step("true")
    assert result.status is StepStatus.PASSED


@pytest.mark.parametrize("kind", DOCKERFILES)
async def test_a_build_fetches_from_listed_registries_only(side: Side, other: Registry, kind: str) -> None:
    image = f"{other.place}/base:{secrets.token_hex(4)}"
    (side.folder / "Dockerfile").write_text(DOCKERFILES[kind].replace("IMAGE", image).replace("OWN", side.image))
    source = build_context.Source(root=side.folder, inside="", context=".", dockerfile="Dockerfile")
    named = f"t/{secrets.token_hex(4)}:1"
    what = image_build.Build(
        source=source, target=None, args={}, labels={}, secrets={}, name=named, fetching=Fetching(pulls=access())
    )
    with pytest.raises(NotListed, match=f"the operators don't let {other.place} be asked"):
        await image_build.build(f"unix://{side.client.socket}", what, lambda _: None, within=60)
    assert other.came == []
    listed = replace(what, fetching=Fetching(pulls=access(other.place)))
    with pytest.raises(SealaneError):
        await image_build.build(f"unix://{side.client.socket}", listed, lambda _: None, within=60)
    assert other.came != []


ADDS = {
    "this machine": "FROM OWN\nADD http://URL/x /x\n",
    "by a variable": "FROM OWN\nARG where=http://URL\nADD ${where}/x /x\n",
    "in quotes": 'FROM OWN\nADD ht"tp"://URL/x /x\n',
    "as JSON": 'FROM OWN\nADD ["http://URL/x", "/x"]\n',
    "what a base left": "FROM BASE\n",
    "a base's variable": "FROM BASE\nADD $U /x\n",
    "a base of another platform": "FROM --platform=linux/amd64 BASE\n",
}


async def test_a_listed_host_that_leads_elsewhere_is_not_fetched_from(side: Side, other: Registry) -> None:
    """An open redirect of a listed host would have the engine ask any address of its machine's network."""

    class Leads(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", "/again" if self.path == "/x" else f"http://{other.place}/latest/meta-data")
            self.end_headers()

    with ThreadingHTTPServer(("127.0.0.1", 0), Leads) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        place = f"127.0.0.1:{server.server_address[1]}"
        (side.folder / "Dockerfile").write_text(f"FROM {side.image}\nADD http://{place}/x /x\n")
        fetching = Fetching(pulls=access(), adds=Allowlist(hosts=(place,), listed_in="SEALANE_ENGINE__ADD_HOSTS"))
        with pytest.raises(NotListed, match=f"it leads elsewhere, and the operators don't let {other.place} be asked"):
            await image_build.build(f"unix://{side.client.socket}", build(side, fetching), lambda _: None, within=60)
        server.shutdown()
    assert other.came == []


async def test_what_a_base_of_no_registry_left_is_known(side: Side, other: Registry) -> None:
    """One that somebody loaded into the engine."""
    (side.folder / "Dockerfile").write_text(f"FROM {side.image}\nONBUILD ADD http://{other.place}/x /x\n")
    socket_url, base = f"unix://{side.client.socket}", build(side, Fetching())
    await image_build.build(socket_url, base, lambda _: None, within=120)
    (side.folder / "Dockerfile").write_text(f"FROM {base.name}\n")
    with pytest.raises(NotListed, match=f"the operators don't let {other.place} be asked"):
        await image_build.build(socket_url, build(side, Fetching(pulls=access())), lambda _: None, within=120)
    await image_build.forget(socket_url, base.name.rpartition(":")[0], ["1"])
    assert other.came == []


def build(side: Side, fetching: Fetching) -> image_build.Build:
    source = build_context.Source(root=side.folder, inside="", context=".", dockerfile="Dockerfile")
    name = f"localhost/t/{secrets.token_hex(4)}:1"
    return image_build.Build(source=source, target=None, args={}, labels={}, secrets={}, name=name, fetching=fetching)


@pytest.mark.parametrize("kind", ADDS)
async def test_a_url_of_add_is_asked_of_listed_hosts_only(side: Side, other: Registry, bed: Bed, kind: str) -> None:
    """The engine asks from its machine's own network; it does so, too, for what a base from a registry left by ONBUILD."""
    socket_url, name = f"unix://{side.client.socket}", f"{bed.registry}/adds/{secrets.token_hex(4)}:1"
    source = build_context.Source(root=side.folder, inside="", context=".", dockerfile="Dockerfile")
    what = image_build.Build(source=source, target=None, args={}, labels={}, secrets={}, name=name)
    if "BASE" in ADDS[kind]:
        trigger = "" if "$U" in ADDS[kind] else f"ONBUILD ADD http://{other.place}/x /x\n"
        text = f"FROM {side.image}\nENV U=http://{other.place}/u\n{trigger}"
        (side.folder / "Dockerfile").write_text(text)
        await image_build.build(socket_url, what, lambda _: None, within=120)
        await image_build.push(socket_url, references.parse(name), lambda _: None)
        await image_build.forget(socket_url, name.rpartition(":")[0], ["1"])
    text = ADDS[kind].replace("OWN", side.image).replace("BASE", name).replace("URL", other.place)
    (side.folder / "Dockerfile").write_text(text)
    result = replace(what, name=f"t/{secrets.token_hex(4)}:1")
    strict = replace(result, fetching=Fetching(pulls=access(bed.registry)))
    with pytest.raises(NotListed, match=f"ADD .* can't be fetched: the operators don't let {other.place} be asked"):
        await image_build.build(socket_url, strict, lambda _: None, within=120)
    assert other.came == []
    listed = Allowlist(hosts=(other.place,), listed_in="x")
    with pytest.raises(SealaneError):
        await image_build.build(
            socket_url, replace(strict, fetching=replace(strict.fetching, adds=listed)), lambda _: None, within=120
        )
    assert other.came != []
