"""A cluster that does not answer for a while: no false verdict, whichever way."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import yaml

from sealane import clock
from sealane.clients.kubernetes import cluster as clusters
from sealane.deployments import apply_phase, health_watch, model, watch_phase
from sealane.destinations.kubernetes.destination import KubernetesDestination
from sealane.destinations.model import unfenced
from sealane.verdicts.health import FormationHealth
from tests.integration.deployments import parts


class Wire:
    """A way to the API server that can be cut; what is cut breaks off at once, and nothing new comes through."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._open: set[asyncio.StreamWriter] = set()
        self.whole = True

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        if not self.whole:
            writer.close()
            return
        there_reader, there_writer = await asyncio.open_connection(*self._target)
        self._open |= {writer, there_writer}
        await asyncio.gather(_copy(reader, there_writer), _copy(there_reader, writer))
        self._open -= {writer, there_writer}

    def cut(self) -> None:
        """The server is away."""
        self.whole = False
        for writer in self._open:
            writer.transport.abort()

    def restore(self) -> None:
        """The server is back."""
        self.whole = True


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def wired(kubeconfig: Path, folder: Path) -> AsyncIterator[tuple[clusters.Cluster, Wire]]:
    """A cluster behind a wire."""
    content = yaml.safe_load(kubeconfig.read_text())
    place = content["clusters"][0]["cluster"]
    host, _, port = place["server"].removeprefix("https://").partition(":")
    wire = Wire(host, int(port))
    server = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
    place["server"] = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    place["tls-server-name"] = host
    changed = folder / "kubeconfig"
    changed.write_text(yaml.safe_dump(content))
    async with clusters.Cluster.connect(changed, patience=1.0) as cluster:
        yield cluster, wire
    server.close()


async def test_nothing_is_judged_while_the_server_is_away(
    admin: clusters.Cluster, kubeconfig: Path, tmp_path: Path, busybox_image: str
) -> None:
    """Patience of eight seconds survives an absence of nine: that time does not count. Then it is judged as ever.

    Whatever of the nine the pod does not need to start in, a busy machine may take.
    """
    commands = {"healthy": "sleep 4; touch /ready; exec sleep 3600", "failed": "exec sleep 3600"}
    async with wired(kubeconfig, tmp_path) as (cluster, wire), asyncio.timeout(120):
        told: dict[str, list[model.Progress]] = {fate: [] for fate in commands}
        doing = [
            asyncio.create_task(_watched(admin, cluster, busybox_image, command, told[fate]))
            for fate, command in commands.items()
        ]
        while not all(map(_waits, told.values())):  # noqa: ASYNC110 - it is to be seen there
            await asyncio.sleep(0.05)
        wire.cut()
        await asyncio.sleep(9)
        assert not any(task.done() for task in doing)
        assert all(any("has not answered since" in progress.message for progress in one) for one in told.values())
        wire.restore()
        states = await asyncio.gather(*doing)
    assert states == list(commands)


async def _watched(
    admin: clusters.Cluster, cluster: clusters.Cluster, image: str, command: str, told: list[model.Progress]
) -> str:
    """What a pod that runs the command is judged."""
    probe = {"exec": {"command": ["cat", "/ready"]}, "periodSeconds": 1}
    container = {"name": "web", "image": image, "command": ["sh", "-c", command], "readinessProbe": probe}
    async with parts.a_namespace(admin, cluster) as namespace:
        wanted = parts.target(namespace, [parts.deployment("web", [container])], patience=timedelta(seconds=8))
        destination = KubernetesDestination(cluster)
        _, begun = await apply_phase.apply(destination, wanted, fence=unfenced)
        watched = await watch_phase.watch(
            destination, wanted, begun=begun, by=watch_phase.WatchContext(listener=told.append)
        )
        return watched.judgement.state.value


def _waits(told: list[model.Progress]) -> bool:
    """Whether its pod is seen, and not ready."""
    return any(progress.message.startswith(("Container web", "Deployment web: 0 of 1")) for progress in told)


async def test_what_was_deployed_is_unknown_while_the_server_is_away(
    admin: clusters.Cluster, kubeconfig: Path, tmp_path: Path, busybox_image: str
) -> None:
    """Since when it is, and what it was then; never a stale green. It is seen again by itself."""
    told: list[FormationHealth] = []

    async def tell(said: FormationHealth) -> bool:
        told.append(said)
        return True

    async def becomes(state: str) -> FormationHealth:
        while not told or told[-1].state != state:  # noqa: ASYNC110 - it is to be seen there
            await asyncio.sleep(0.05)
        return told[-1]

    container = {"name": "web", "image": busybox_image, "command": ["sleep", "3600"]}
    async with (
        wired(kubeconfig, tmp_path) as (cluster, wire),
        asyncio.timeout(120),
        parts.a_namespace(admin, cluster) as namespace,
    ):
        wanted = parts.target(namespace, [parts.deployment("web", [container])])
        destination = KubernetesDestination(cluster)
        _, begun = await apply_phase.apply(destination, wanted, fence=unfenced)
        by = health_watch.HealthContext(tell=tell)
        watching = asyncio.create_task(health_watch.follow(destination, wanted, begun.inventory, by))
        await becomes("healthy")
        wire.cut()
        away = await becomes("unknown")
        assert away.since <= clock.now()
        assert away.cause.startswith("The destination has not answered since")
        assert away.cause.endswith("It was healthy then.")
        wire.restore()
        assert (await becomes("healthy")).cause == ""
        watching.cancel()
