"""A build sees what the engine's own client lets it see, and images keep all that their Dockerfile says."""

from __future__ import annotations

import asyncio
import json
import secrets
from pathlib import Path
from typing import Any

import pytest

from sealane.clients import image_build
from sealane.clients.build_context import Source
from sealane.clients.image_build import Build
from tests.contracts import own_clients
from tests.contracts.own_clients import Client

FILES = [
    *("plain", "bom", "slash/x", "slashed/x", "deep/a/b/x.tmp", "deep/x.tmp", "x.tmp", "kept/a", "kept/b"),
    *("inner/a/z", "inner/z", "inner/a/y", "all/a", "all/b/c", "  spaced", "#number", "b1", "b2", "b9"),
    *("twice/a", "twice/b", "nested/node_modules/a", "nested/node_modules/keep", "one?", "onex"),
    *("dot.a", "up/x", "Dockerfile.other", "web.Dockerfile"),
]
IGNORE = (
    "\ufeffbom\n# plain\n/slash\nslashed/\n**/*.tmp\nkept\n!kept/a\ninner/**/z\nall/**\n  #number  \nb[1-3]\n!b2\n"
    "twice\n!twice\ntwice/b\n**/node_modules\n!nested/node_modules/keep\none\\?\nup/../dot.a\n\r\n"
)


@pytest.fixture(params=["podman", "docker"])
def client(request: pytest.FixtureRequest, bed: Any) -> Client:
    del bed
    return own_clients.of(request.param)


@pytest.fixture
def context(tmp_path: Path, busybox_image: str) -> Path:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    for name in ("Dockerfile", "web.Dockerfile"):
        (tmp_path / name).write_text(f"FROM {busybox_image}\nCOPY . /context\n")
    (tmp_path / ".dockerignore").write_bytes(IGNORE.encode())
    return tmp_path


async def ours(client: Client, context: Path, dockerfile: str = "Dockerfile") -> str:
    name = f"localhost/ours-{secrets.token_hex(4)}:1"
    what = Build(
        source=Source(root=context, dockerfile=dockerfile),
        target=None,
        args={},
        labels={},
        secrets={},
        name=name,
    )
    await image_build.build(f"unix://{client.socket}", what, lambda _: None)
    return name


async def theirs(client: Client, context: Path, dockerfile: str = "Dockerfile") -> str:
    name = f"localhost/theirs-{secrets.token_hex(4)}:1"
    form = ["--format", "docker"] if client.name == "podman" else []
    await asyncio.to_thread(client, "build", *form, "-t", name, "-f", str(context / dockerfile), str(context))
    return name


def seen(client: Client, image: str) -> list[str]:
    completed = client("run", "--rm", "--network", "none", image, "sh", "-c", "cd /context && find . ! -type d | sort")
    client("rmi", "--force", image)
    return completed.stdout.decode().splitlines()


async def test_an_ignore_file_leaves_out_what_it_does_for_the_own_client(client: Client, context: Path) -> None:
    one, other = await ours(client, context), await theirs(client, context)
    assert await asyncio.to_thread(seen, client, one) == await asyncio.to_thread(seen, client, other)


async def test_a_dockerfiles_own_ignore_file_is_the_only_one(client: Client, context: Path) -> None:
    """Docker's rule since BuildKit; older builders and Podman 4 read the other one as well."""
    (context / "web.Dockerfile.dockerignore").write_text("*\n!plain\n!x.tmp\n")
    image = await ours(client, context, "web.Dockerfile")
    assert await asyncio.to_thread(seen, client, image) == ["./plain", "./x.tmp"]


async def test_what_a_dockerfile_says_is_in_the_image(client: Client, context: Path) -> None:
    lines = [
        'HEALTHCHECK --interval=7s --retries=4 CMD test -e "/a  b"',
        'SHELL ["/bin/sh", "-xc"]',
        "ONBUILD RUN true",
        "STOPSIGNAL SIGINT",
        "USER 1000:1000",
        "WORKDIR /tmp",
        'ENTRYPOINT ["sh", "-c"]',
        'CMD ["echo  a"]',
        "VOLUME /data",
        "EXPOSE 80/tcp",
        'LABEL the="label  it is"',
        "ENV THE='environment  it is'",
    ]
    dockerfile = context / "Dockerfile"
    dockerfile.write_text(dockerfile.read_text() + "\n".join(lines) + "\n")
    configs = []
    for build in (ours, theirs):
        image = await build(client, context)
        config = json.loads((await asyncio.to_thread(client, "image", "inspect", image)).stdout)[0]
        configs.append(
            {**config["Config"], "Healthcheck": config["Config"].get("Healthcheck", config.get("Healthcheck"))}
        )
        configs[-1].get("Labels", {}).pop("io.buildah.version", None)
        await asyncio.to_thread(client, "rmi", "--force", image)
    [one, other] = [
        {key: value for key, value in inspected.items() if key not in {"Image", "Hostname"}} for inspected in configs
    ]
    assert one == other
    assert one["Healthcheck"]["Test"] == ["CMD-SHELL", 'test -e "/a  b"']
