"""Container engines of a test's own, to be killed or filled up: the bed's Podman, served once more."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from testbed import engine
from testbed.layout import Layout
from testbed.probes import answers_on_socket
from tests.integration.runs import until


@dataclass
class Served:
    """An engine's API on a socket; it can be killed and started again."""

    argv: list[str]
    environment: dict[str, str]
    socket: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it and waits until it answers."""
        self.socket.unlink(missing_ok=True)
        command = [*self.argv, "system", "service", "--time=0", f"unix://{self.socket}"]
        self.process = subprocess.Popen(command, env=self.environment, stderr=subprocess.DEVNULL)
        until(lambda: answers_on_socket(self.socket, "/_ping"))

    def kill(self) -> None:
        """Kills it, as a crash would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@contextmanager
def beside_the_bed(folder: Path) -> Iterator[Served]:
    """One with the bed's own storage: containers started through it outlive it, and the bed's engine sees them."""
    layout = Layout.from_environment()
    served = Served(
        argv=[str(word) for word in engine.podman(layout)],
        environment={**os.environ, **engine.variables(layout)},
        socket=folder / "second.sock",
    )
    served.start()
    try:
        yield served
    finally:
        served.kill()


@contextmanager
def on_a_small_disk(image: str, *, megabytes: int) -> Iterator[tuple[Served, Path]]:
    """One whose storage is a disk of that size with one image on it, and the disk's folder."""
    layout = Layout.from_environment()
    folder = Path(tempfile.mkdtemp(prefix="small-"))  # Podman takes no long paths
    disk = folder / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(disk)], check=True)
    try:
        served = Served(
            argv=[str(word) for word in engine.podman(layout)],
            environment=_settings(layout, disk),
            socket=folder / "small.sock",
        )
        served.argv = [
            "podman",
            f"--root={disk / 'storage'}",
            f"--runroot={disk / 'run'}",
            f"--tmpdir={disk / 'tmp'}",
            f"--network-config-dir={disk / 'networks'}",
            "--storage-driver=overlay",
        ]
        bed = [str(word) for word in engine.podman(layout)]
        archive = folder / "image.tar"
        variables = {**os.environ, **engine.variables(layout)}
        subprocess.run([*bed, "save", "-q", "-o", str(archive), image], env=variables, check=True)
        subprocess.run(
            [*served.argv, "load", "-q", "-i", str(archive)], env=served.environment, check=True, capture_output=True
        )
        served.start()
        try:
            yield served, disk
        finally:
            served.kill()
            subprocess.run([*served.argv, "rm", "-af", "-t0"], env=served.environment, check=False, capture_output=True)
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)
        shutil.rmtree(folder)


def _settings(layout: Layout, disk: Path) -> dict[str, str]:
    """The bed's settings with every path moved to the disk."""
    folder = disk / "settings"
    folder.mkdir()
    (disk / "networks").mkdir()
    (disk / "tmp").mkdir()
    variables = {}
    for name, path in engine.variables(layout).items():
        text = Path(path).read_text()
        for part in ("storage", "tmp", "networks", "run"):
            text = text.replace(f'"{layout.engine / part}', f'"{disk / part}')
        text = text.replace(f'"{layout.run / "tmp"}"', f'"{disk / "tmp"}"').replace('"bed"', '"podman"')
        copy = folder / Path(path).name
        copy.write_text(text)
        variables[name] = str(copy)
    return {**os.environ, **variables}
