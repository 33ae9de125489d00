"""What a commit says stays what it said, whatever its steps do to their workspace; engine and destination pretend."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from sealane.destinations.dummy.state import State
from sealane.pipelines.model import RunStatus
from sealane.records.deployments import DeploymentState
from tests.integration.test_workflows import FORMATION, PIPELINE, STENCIL, World

STEPS = """
  - {name: first, image: busybox, commands: [first], environment: {DUMMY_SLEEP: "1.5"}}
  - {name: second, image: busybox, commands: [second], needs: [first]}
"""
STENCIL_OF_ALL = STENCIL.replace("EXTRA", ', {name: C, value: "${config}"}')
CONFIG = "config: {motd: 'file:motd.txt', settings: '${words}'}\n"


def formation(name: str, words: str) -> str:
    return FORMATION.replace("NAME", name).replace("words: WORDS", f"words: {words}") + CONFIG


def rewritten(clone: Path) -> None:
    """Weaker in all that somebody else decided: secrets of steps, approvals, replicas, configuration, history."""
    text = PIPELINE.replace("STEPS", STEPS).replace(", approval: {by: sre}", "")
    text = text.replace("commands: [second]", 'commands: [second], secrets: [X], environment: {DUMMY_EXIT_CODE: "7"}')
    (clone / ".sealane.yml").write_text(text)
    for name in ("dev", "production"):
        (clone / f"deploy/formations/{name}.yaml").write_text(formation(name, "stolen"))
    stencil = clone / "deploy/stencils/web.yaml"
    stencil.write_text(stencil.read_text().replace("replicas: 1", "replicas: 9"))
    (clone / "motd.txt").write_text("stolen")
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.com")
    subprocess.run(["git", "-C", str(clone), *identity, "commit", "-qam", "mine"], check=True)


def emptied(clone: Path) -> None:
    for path in clone.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def led_elsewhere(clone: Path) -> None:
    for name in (".sealane.yml", "deploy", "motd.txt", ".git"):
        path = clone / name
        path.rename(clone.parent / f"was-{name}")
        path.symlink_to("/etc/hostname" if name == "motd.txt" else "/etc")


def objects_changed(clone: Path) -> None:
    """Git's own objects, where the commit's files are found by anyone who looks into the clone's repository."""
    for path in (clone / ".git/objects").rglob("*"):
        if path.is_file():
            path.chmod(0o600)
            path.write_bytes(b"garbage")


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setenv("SEALANE_SECRET_SHOP__PASSWORD", "first-password")
    monkeypatch.setenv("SEALANE_SECRET_SHOP__X", "not-given-to-any-step")
    made = World(tmp_path)
    async with made.knowing_the_shop():
        yield made


async def left(world: World, run: str) -> list[str]:
    return [path.name for path in (world.shop.data / "workspaces").iterdir() if path.name.startswith(run)]


@pytest.mark.parametrize("change", [rewritten, emptied, led_elsewhere, objects_changed])
async def test_a_step_changes_nothing_of_what_its_commit_says(world: World, change: Callable[[Path], None]) -> None:
    """Later steps, configuration, replicas and approvals are the commit's, and the run ends as it would have."""
    files = {
        ".sealane.yml": PIPELINE.replace("STEPS", STEPS),
        "deploy/stencils/web.yaml": STENCIL_OF_ALL,
        "motd.txt": "as committed",
    }
    for name in ("dev", "production"):
        files[f"deploy/formations/{name}.yaml"] = formation(name, "v1")
    run = await world.push_files("v1", files)
    await world.until(lambda: world.server.views.run(run), lambda view: view.run.ended or view.steps)
    assert (await world.server.views.run(run)).run.reason is None
    await world.running(run)
    change(world.shop.data / "workspaces" / run)

    assert await world.ended(run) is RunStatus.PASSED
    assert (await world.deployment("dev", run)).verdict_kind == "deployed"
    there = State(world.shop.data / "dummies" / "dev" / "here.json").read().objects.values()
    web = next(stored.manifest for stored in there if stored.manifest["kind"] == "Deployment")
    assert web["spec"]["replicas"] == 1
    assert "stolen" not in str([stored.manifest for stored in there])
    config = next(stored.manifest for stored in there if stored.manifest["kind"] == "ConfigMap")
    assert config["data"] == {"motd": "as committed", "settings": "v1"}
    waits = await world.deployment("production", run, state=DeploymentState.WAITING)
    assert [rule.by for rule in waits.rules] == [("sre",)]
    await world.until(lambda: left(world, run), lambda names: not names)
