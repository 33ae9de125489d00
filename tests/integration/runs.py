"""A folder with a pipeline, `sealane run` in it as a process of its own, and what that leaves in the engine."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sealane.clients.engine import discovery
from tests import server_nursery

SEALANE = (sys.executable, "-c", "import sys; from sealane.cli import main; sys.exit(main())")


@dataclass
class Folder:
    """A folder to run in; its app has a name of its own, by which its containers are known."""

    path: Path
    socket: str
    image: str
    app: str

    def write(self, **pipeline: Any) -> None:
        """Writes the pipeline file; steps without an image get the small one."""
        for part in (*pipeline.get("steps", ()), *pipeline.get("services", {}).values()):
            part.setdefault("image", self.image)
        (self.path / ".sealane.yml").write_text(yaml.safe_dump({"app": self.app, **pipeline}, sort_keys=False))

    def environment(self, **more: str) -> dict[str, str]:
        """What the process is told: the engine, and folders of its own for caches and logs."""
        home = self.path.parent / "home"
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
        return kept | {"HOME": str(home), "DOCKER_HOST": f"unix://{self.socket}", "TERM": "xterm"} | more

    def run(self, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs to the end; and gives up after some minutes."""
        return server_nursery.run(["run", *options], self.environment(**environment), folder=self.path, within=200)

    def start(self, *options: str, **more: Any) -> subprocess.Popen[str]:
        """Begins a run, in a process group of its own."""
        return subprocess.Popen(
            [*SEALANE, "run", *options],
            cwd=self.path,
            env=self.environment(),
            text=True,
            start_new_session=True,
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | more,
        )

    def events(self, *options: str) -> list[dict[str, Any]]:
        """Runs with --json and gives its documents."""
        return [json.loads(line) for line in self.run("--json", *options).stdout.splitlines()]

    def traces(self) -> list[str]:
        """Containers and networks of this folder's runs that the engine has."""

        async def look() -> list[str]:
            engine = await discovery.find({"DOCKER_HOST": f"unix://{self.socket}"})
            try:
                leftovers = [
                    *await engine.containers("sealane.run"),
                    *await engine.networks("sealane.run"),
                ]
            finally:
                await engine.close()
            return [one.name for one in leftovers if one.labels["sealane.run"].startswith(self.app)]

        return asyncio.run(look())


def folder(path: Path, socket: str, image: str) -> Folder:
    """A new folder below `path`."""
    (path / "work").mkdir()
    (path / "home").mkdir()
    return Folder(path=path / "work", socket=socket, image=image, app=f"app-{secrets.token_hex(4)}")


def until(condition: Callable[[], object], seconds: float = 120) -> None:
    """Waits for the condition, and fails where it never holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)
