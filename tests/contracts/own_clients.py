"""What a container does when the engine's own client starts it: the measure for a step."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sealane.runners import capabilities
from testbed import docker, engine
from testbed.layout import Layout
from testbed.processes import environment


@dataclass(frozen=True, kw_only=True)
class Did:
    """How it ended, and what it printed to both channels together."""

    code: int
    said: bytes


@dataclass(frozen=True, kw_only=True)
class Client:
    """One engine's own client."""

    name: str
    socket: str
    argv: Sequence[str]
    variables: Mapping[str, str]

    def run(self, image: str, folder: Path, *command: str, options: Sequence[str] = ()) -> Did:
        """`podman run`, or `docker run`, of a command in a folder."""
        where = ["--volume", f"{folder}:/workspace", "--workdir", "/workspace", "--network", "none"]
        done = self("run", "--rm", *where, *options, image, *command, check=False)
        return Did(code=done.returncode, said=done.stdout)

    def __call__(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        """Runs the client with some words."""
        return subprocess.run(
            [*self.argv, *words],
            env={**os.environ, **self.variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=120,
            check=check,
        )


def of(name: str) -> Client:
    """The client of the bed's engine of that name."""
    layout = Layout.from_environment()
    if name == "podman":
        argv = [str(word) for word in engine.podman(layout)]
        return Client(name=name, socket=str(layout.engine_socket), argv=argv, variables=engine.variables(layout))
    argv = [str(word) for word in docker.client(layout)]
    variables = {"HOME": environment(layout)["HOME"], "DOCKER_BUILDKIT": "0"}
    return Client(name=name, socket=str(layout.docker_socket), argv=argv, variables=variables)


def confined() -> list[str]:
    """Options that make a container of the own client as a step is."""
    added = [f"--cap-add={name}" for name in capabilities.DEFAULT]
    return ["--cap-drop=ALL", *added, "--security-opt=no-new-privileges"]
