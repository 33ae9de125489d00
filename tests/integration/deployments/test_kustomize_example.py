"""The example of Kustomize does what its page says: on a real cluster, with the real program, without a server."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from pathlib import Path

import pytest

from tests import server_nursery

EXAMPLE = Path(__file__).parents[3] / "examples" / "05-kustomize"


@pytest.fixture
def example(tmp_path: Path, namespace: str, busybox_image: str) -> Path:
    """With the test's namespace, and an image that is there."""
    folder = tmp_path / "example"
    shutil.copytree(EXAMPLE, folder)
    registry = busybox_image.rpartition("/")[0]
    for file, before, after in (
        ("deploy/formations/dev.yaml", "namespace: shop-dev", f"namespace: {namespace}"),
        ("environments/dev.yaml", "[shop-dev]", f"[{namespace}]"),
        ("environments/dev.yaml", "registry.example.com/shop", registry),
    ):
        text = (folder / file).read_text()
        assert before in text
        (folder / file).write_text(text.replace(before, after))
    return folder


async def test_the_commands_of_its_page_work_and_a_changed_page_is_rolled_out(
    example: Path, kubeconfig: Path, busybox_image: str
) -> None:
    environment = {**os.environ, "KUBECONFIG": str(kubeconfig), "SEALANE_SECRET_SHOP__TOKEN": "sesame-open-wide"}

    async def told(*words: str, code: int = 0) -> str:
        done = await asyncio.to_thread(server_nursery.run, words, environment, folder=example, within=240)
        assert done.returncode == code, (words, done.stdout, done.stderr)
        return done.stdout

    page = (EXAMPLE / "README.md").read_text().replace("registry.example.com/shop/web:1.4", busybox_image)
    block = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)[0]
    commands = [line.partition("#")[0].split()[1:] for line in block.splitlines()]
    assert [command[0] for command in commands] == ["validate", "render", "vet", "deploy"]
    outputs = [await told(*command) for command in commands]
    assert "secretKeyRef" in outputs[1]
    assert outputs[3].startswith("deployed  ")

    deploy = commands[3]
    diff = ["diff", *deploy[1:]]
    assert "index.html" not in await told(*diff)
    (example / "k8s/base/index.html").write_text("<h1>Another page</h1>\n")
    differs = await told(*diff, code=1)
    assert "k8s/base/kustomization.yaml:7:5" in differs
    assert (await told(*deploy)).startswith("deployed  ")
    await told(*diff)
