"""One container engine over the Docker Engine API, Docker's or Podman's. Blocking calls run in threads."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import docker

from sealane.clients.engine import answers, connection, container_config, errors, libpod, pulls, streams
from sealane.clients.engine.connection import Connection
from sealane.clients.engine.model import (
    ContainerSpec,
    ContainerState,
    EngineLimits,
    ImageCheck,
    Leftover,
    Phase,
)
from sealane.clients.engine.streams import Stream

PULL_PATIENCE = 600.0
_LISTINGS = 10
"""How often containers are listed again."""
_BRIDGE = "com.docker.network.bridge.name"


class Engine:
    """A container engine that answers.

    Raises EngineUnavailable when it stops answering and EngineFailed when it fails; each call names its other errors.
    `address` is where it answers, for people and for other clients of the same engine.
    """

    def __init__(
        self, address: str, version: str, *, podman: bool = False, tls: docker.tls.TLSConfig | bool = False
    ) -> None:
        self.address = address
        self.podman = podman
        self._connection = Connection(address, version, tls=tls)

    async def close(self) -> None:
        """Closes idle connections."""
        await self._connection.close()

    async def create_network(self, name: str, labels: Mapping[str, str], *, interface: str) -> tuple[str, ...]:
        """Creates a network with name resolution, unless it exists; returns its addresses in CIDR form.

        `interface` is its bridge's name on the engine's machine, by which packet filters know it.
        """
        networks = await self._connection.call(lambda api: api.networks(names=[name]))
        there = next((network for network in networks if network.get("Name") == name), None)
        if there is None:
            options = {_BRIDGE: interface}
            await self._connection.call(
                lambda api: api.create_network(name, driver="bridge", labels=dict(labels), options=options)
            )
            there = await self._connection.call(lambda api: api.inspect_network(name))
        return answers.subnets(there or {})

    async def create(self, spec: ContainerSpec) -> None:
        """Creates a container without starting it. Raises NameTaken, ImageMissing when the engine lacks the image."""
        if self.podman and spec.healthcheck and not spec.binds:
            answer = await self._connection.stream("POST", "/libpod/containers/create", {}, body=libpod.container(spec))
            await answer.close()
            return

        await self._connection.call(lambda api: container_config.create(api, spec))

    async def start(self, name: str) -> None:
        """Starts a created container. Raises CannotExecute when its program can't be run."""
        await self._connection.call(lambda api: api.start(name))

    async def state(self, name: str) -> ContainerState | None:
        """The state of the container; None if there is none of that name."""
        try:
            return answers.state(await self._connection.call(lambda api: api.inspect_container(name)))
        except errors.ContainerMissing:
            return None

    async def attach(self, name: str) -> Stream:
        """The container's output from now on; attach before it is started."""
        return await self._connection.stream(
            "POST", f"/containers/{name}/attach", {"stream": 1, "stdout": 1, "stderr": 1}
        )

    async def logs(self, name: str, *, follow: bool, tail: int | None = None) -> Stream:
        """The container's output so far, and with `follow` also its later output until it ends."""
        query: dict[str, int | str] = {
            "stdout": 1,
            "stderr": 1,
            "follow": int(follow),
            "tail": "all" if tail is None else str(tail),
        }
        return await self._connection.stream("GET", f"/containers/{name}/logs", query)

    async def is_healthy(self, name: str, test: Sequence[str], timeout: float) -> tuple[bool, str]:  # noqa: ASYNC109 - the test's
        """Runs a running container's healthcheck once; returns whether it passed, and its output.

        `test` must be the one it was created with. It is abandoned after `timeout` seconds.
        """
        try:
            async with asyncio.timeout(timeout):
                if self.podman:
                    return await self._healthcheck(name)
                return await self.execute(name, ("/bin/sh", "-c", *test[1:]) if test[0] == "CMD-SHELL" else test[1:])
        except TimeoutError:
            return False, f"no answer within {timeout:g}s"

    async def put(self, name: str, files: Mapping[str, bytes]) -> None:
        """Puts files into a container, readable for every user, at absolute paths whose folders exist."""
        await self._connection.call(lambda api: api.put_archive(name, "/", streams.archive(files)))

    async def _healthcheck(self, name: str) -> tuple[bool, str]:
        """For Podman: a program executed over its API leaves two processes behind for five minutes."""
        answer = await self._connection.stream("GET", f"/libpod/containers/{name}/healthcheck", {})
        body = await connection.whole(answer)
        if json.loads(body).get("Status") == "healthy":
            return True, ""
        inspected = await self._connection.call(lambda api: api.inspect_container(name))
        return False, answers.last_check(inspected)

    async def is_rootless(self) -> bool:
        """Whether root in its containers is the user that runs the engine."""
        return answers.is_rootless(await self._connection.call(lambda api: api.info()))

    async def limits(self) -> EngineLimits:
        """What the engine can limit, and the memory of its machine."""
        return answers.limits(await self._connection.call(lambda api: api.info()))

    async def image_user(self, image: str) -> str:
        """The default user of an image's containers; empty for root. Raises ImageMissing."""
        inspected = await self._connection.call(lambda api: api.inspect_image(image))
        return str((inspected.get("Config") or {}).get("User") or "")

    async def read(self, name: str, path: str) -> bytes | None:
        """A small file of a container, which need not run; None if it does not exist."""
        try:
            pieces, _ = await self._connection.call(lambda api: api.get_archive(name, path))
            return await asyncio.to_thread(lambda: streams.first_file(b"".join(pieces)))
        except errors.ContainerMissing:
            return None

    async def execute(self, name: str, command: Sequence[str]) -> tuple[bool, str]:
        """Runs a program in a running container; returns whether it exited with 0, and its last output.

        Podman keeps two small processes of its own for five minutes after each call, so use it rarely.
        """
        created = await self._connection.call(lambda api: api.exec_create(name, list(command)))
        answer = await self._connection.stream(
            "POST", f"/exec/{created['Id']}/start", {}, body={"Detach": False, "Tty": False}
        )
        output = streams.Frames().feed(await connection.whole(answer)).decode(errors="replace")
        ended = await self._ended(created["Id"])
        return ended["ExitCode"] == 0, answers.words(output, ended["ExitCode"])

    async def _ended(self, execution: str) -> dict[str, Any]:
        while True:
            inspected: dict[str, Any] = await self._connection.call(lambda api: api.exec_inspect(execution))
            if not inspected.get("Running"):
                return inspected
            await asyncio.sleep(0.02)

    async def signal(self, name: str, signal: str) -> None:
        """Sends a signal to the container's first process; fine if it does not run or does not exist."""
        try:
            await self._connection.call(lambda api: api.kill(name, signal))
        except (errors.ContainerMissing, errors.NameTaken):  # 409: it is not running
            return
        except errors.EngineFailed:
            state = await self.state(name)
            if state is not None and state.phase is Phase.RUNNING:
                raise

    async def remove(self, container: Leftover) -> None:
        """Ends and removes a container with its anonymous volumes; fine if it does not exist."""
        if container.running:  # Podman's API would first ask it to end, and wait for ten seconds
            await self.signal(container.name, "KILL")
        try:
            await self._connection.call(lambda api: api.remove_container(container.name, v=True, force=True))
        except (errors.ContainerMissing, errors.NameTaken):  # 409: somebody else is removing it
            return

    async def remove_network(self, name: str) -> None:
        """Removes an unused network; fine if it does not exist."""
        await self._remove(lambda api: api.remove_network(name))

    async def containers(self, label: str) -> tuple[Leftover, ...]:
        """Containers, running or ended, with the label (`name` or `name=value`)."""
        listed = await self._listed(label)
        return tuple(
            Leftover(
                name=container["Id"], labels=container.get("Labels") or {}, running=container.get("State") == "running"
            )
            for container in listed
        )

    async def _listed(self, label: str) -> Sequence[Mapping[str, Any]]:
        """Lists again on failure: Podman inspects the processes of all containers, and fails if one ends meanwhile."""
        for _ in range(_LISTINGS):
            with suppress(errors.ProcessGone):
                return await self._connection.call(lambda api: api.containers(all=True, filters={"label": [label]}))
        return await self._connection.call(lambda api: api.containers(all=True, filters={"label": [label]}))

    async def networks(self, label: str) -> tuple[Leftover, ...]:
        """Networks with the label."""
        listed = await self._connection.call(lambda api: api.networks(filters={"label": [label]}))
        return tuple(Leftover(name=network["Name"], labels=network.get("Labels") or {}) for network in listed)

    async def healthcheck(self, name: str) -> ImageCheck | None:
        """The container's health check, its own or its image's; None if it has none.

        Asks about the container, not its image: Podman leaves an image's check out of Docker's API.
        """
        return answers.image_check(await self._connection.call(lambda api: api.inspect_container(name)))

    async def pull(self, image: str, within: float = PULL_PATIENCE) -> None:
        """Fetches an image. Raises ImageMissing if waiting will not help, EngineFailed if it may.

        The engine waits forever for a silent registry: `within` is the limit in seconds.
        """
        asked = pulls.request(self._connection.api, image, podman=self.podman)
        until = asyncio.get_running_loop().time() + within
        try:
            stream = await self._connection.stream(
                "POST", asked.path, asked.query, headers=asked.headers, within=within
            )
        except (errors.EngineFailed, errors.ContainerMissing, errors.CannotExecute, errors.ImageMissing) as error:
            raise answers.pull_problem(image, error.message) from error
        except errors.EngineTooSlow as error:
            raise answers.pulled_too_long(image, within) from error
        try:
            async with asyncio.timeout_at(until):
                await _pulled(image, stream)
        except TimeoutError as error:
            raise answers.pulled_too_long(image, within) from error
        finally:
            await stream.close()

    async def _remove(self, ask: Callable[[Any], Any]) -> None:
        try:
            await self._connection.call(ask)
        except errors.ContainerMissing:
            return


async def _pulled(image: str, stream: Stream) -> None:
    """Reads the engine's pull report to its end. Raises the problem in it."""
    rest = b""
    while (piece := await stream.read_raw()) is not None:
        rest += piece
        *lines, rest = rest.split(b"\n")
        answers.raise_pull_problem(image, lines)
    answers.raise_pull_problem(image, [rest])
