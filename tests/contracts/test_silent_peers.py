"""A peer that accepts and says nothing, stops half way, or drips: every call that a commit causes ends, and says why."""

from __future__ import annotations

import asyncio
import secrets
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from sealane.clients import build_context, git, git_lfs, image_build, registry
from sealane.clients.engine.errors import EngineFailed
from sealane.clients.git_access import Access
from sealane.clients.registry_access import RegistryAccess
from sealane.egress import Allowlist, Patience
from sealane.errors import SealaneError, Unavailable
from sealane.images import references
from sealane.runners import image_retags
from tests.contracts.sides import Side

BRIEF = Patience(silence=0.6, whole=3.0)
COMMIT = "b" * 40
MOODS = {
    "silent": (b"", False),
    "half": (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{", False),
    "dripping": (b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 90000\r\n\r\n", True),
}
"""What it says at once, and whether a byte follows every now and then."""


@pytest.fixture
def peer() -> Iterator[Callable[[str], str]]:
    """Makes peers of a mood; each is given as host and port."""
    listening: list[socket.socket] = []

    def make(mood: str) -> str:
        first, drips = MOODS[mood]
        server = socket.create_server(("127.0.0.1", 0))
        listening.append(server)

        def answer(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                if first:
                    connection.recv(1 << 16)
                    connection.sendall(first)
                while drips:
                    connection.sendall(b"x")
                    over.wait(0.2)
                    if over.is_set():
                        return
                over.wait()

        def serve() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=answer, args=(server.accept()[0],), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        return f"127.0.0.1:{server.getsockname()[1]}"

    over = threading.Event()
    yield make
    over.set()
    for socket_open in listening:
        socket_open.close()


Road = Callable[[str, Path], Awaitable[object]]


def allowed(place: str) -> Allowlist:
    return Allowlist(hosts=(place,), listed_in="SEALANE_SOME__HOSTS")


def registries(place: str) -> RegistryAccess:
    return RegistryAccess(allowed=allowed(place), patience=BRIEF)


async def digest(place: str, _: Path) -> object:
    return await registry.digest(references.parse(f"{place}/base:1"), registries(place))


async def retag(place: str, _: Path) -> object:
    source = f"{place}/base:1"
    return await image_retags.retag(name="x", source=source, repository=f"{place}/x", tag="t", access=registries(place))


async def clone(place: str, folder: Path) -> object:
    access = Access(allowed=allowed(place), patience=BRIEF)
    return await git.checkout(f"http://{place}/shop.git", COMMIT, folder / "clone", access=access)


async def clone_by_ssh(place: str, folder: Path) -> object:
    access = Access(allowed=allowed(place), patience=BRIEF)
    return await git.checkout(f"ssh://git@{place}/shop.git", COMMIT, folder / "clone", access=access)


async def large_files(place: str, folder: Path) -> object:
    return await _large_files(f"http://{place}/shop.git", place, folder)


async def large_files_by_ssh(place: str, folder: Path) -> object:
    return await _large_files(f"ssh://git@{place}/shop.git", place, folder)


async def _large_files(url: str, place: str, folder: Path) -> object:
    clone = folder / "work"
    await git.run("init", "--quiet", str(clone))
    (clone / ".gitattributes").write_text("*.bin filter=lfs\n")
    (clone / "a.bin").write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{'c' * 64}\nsize 12\n")
    await git.run("-C", str(clone), "add", "--all", environment={**git.quiet(), "GIT_LITERAL_PATHSPECS": "1"})
    return await git_lfs.fetch(clone, url, access=Access(allowed=allowed(place), patience=BRIEF))


ROADS = (digest, retag, clone, clone_by_ssh, large_files, large_files_by_ssh)


@pytest.mark.parametrize("mood", MOODS)
@pytest.mark.parametrize("road", ROADS, ids=lambda road: road.__name__)
async def test_every_call_ends_and_names_who_was_silent(
    road: Road, mood: str, peer: Callable[[str], str], tmp_path: Path
) -> None:
    place = peer(mood)
    async with asyncio.timeout(90):
        with pytest.raises(SealaneError) as caught:
            await road(place, tmp_path)
    assert "127.0.0.1" in str(caught.value)
    if mood == "silent":
        assert isinstance(caught.value, Unavailable), "what is silent may answer later"


async def test_an_engine_gives_up_a_pull_from_a_silent_registry(side: Side, peer: Callable[[str], str]) -> None:
    image = f"{peer('silent')}/base:{secrets.token_hex(4)}"
    async with asyncio.timeout(120):
        with pytest.raises(EngineFailed, match="could not be fetched within 2 s"):
            await side.engine.pull(image, 2.0)


async def test_an_engine_gives_up_a_build_on_a_silent_registry(
    side: Side, peer: Callable[[str], str], tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {peer('silent')}/base:{secrets.token_hex(4)}\n")
    source = build_context.Source(root=tmp_path, inside="", context=".", dockerfile="Dockerfile")
    what = image_build.Build(
        source=source, target=None, args={}, labels={}, secrets={}, name=f"t/{secrets.token_hex(4)}:1"
    )
    async with asyncio.timeout(120):
        with pytest.raises(image_build.EngineCouldNot, match="took longer than 3 s"):
            await image_build.build(f"unix://{side.client.socket}", what, lambda _: None, within=3.0)
