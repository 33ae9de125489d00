"""The image registry."""

from __future__ import annotations

import json

from testbed.layout import LOOPBACK, REGISTRY_PORT, Layout
from testbed.probes import answers
from testbed.processes import Daemon


def write_files(layout: Layout) -> None:
    """Write the registry's settings: on the loopback, in the bed's folder, and able to delete."""
    (layout.registry / "storage").mkdir(parents=True, exist_ok=True)
    settings = {
        "version": 0.1,
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {
            "filesystem": {"rootdirectory": str(layout.registry / "storage")},
            "delete": {"enabled": True},
            "maintenance": {"uploadpurging": {"enabled": False}},
        },
        "http": {"addr": f"{LOOPBACK}:{REGISTRY_PORT}"},
    }
    (layout.registry / "config.yml").write_text(json.dumps(settings, indent=1))


def server(layout: Layout) -> Daemon:
    """Docker's own registry, version 2."""
    return Daemon(
        name="registry",
        argv=("docker-registry", "serve", layout.registry / "config.yml"),
        ready=lambda: answers(f"http://{LOOPBACK}:{REGISTRY_PORT}/v2/"),
    )
