"""Pipelines of one-line steps, and running them."""

from __future__ import annotations

import json
from pathlib import Path

from bench.demo import places
from testbed import engine
from testbed.layout import Layout
from testbed.record import Bed


def write(folder: Path, *, image: str, commands: list[str]) -> None:
    """A pipeline with one step for each command, in a folder of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    steps = [{"name": f"step-{number}", "image": image, "commands": [line]} for number, line in enumerate(commands)]
    document = {"app": "bench", "owner": "bench", "steps": steps}
    (folder / ".sealane.yml").write_text(json.dumps(document, indent=1))


def sealane(here: Bed, folder: Path) -> str:
    """`sealane run` in that folder, one step after the other, as the peers do it."""
    words = (str(places.SEALANE), "run", "--json", "--at-once", "1", str(folder))
    return places.run(*words, env={"DOCKER_HOST": here.docker_host})


def podman(*words: str) -> str:
    """A command of Podman, on the storage that the bed's engine has."""
    layout = Layout.from_environment()
    return places.run(*map(str, engine.podman(layout)), *words, env=engine.variables(layout))
