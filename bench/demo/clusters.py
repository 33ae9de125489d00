"""The cluster that the demo plays on: the test bed's own, or one that is there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bench.demo import places

KUBECONFIG: Final = "SEALANE_DEMO_KUBECONFIG"
REGISTRY: Final = "SEALANE_DEMO_REGISTRY"
BASE_IMAGE: Final = "SEALANE_DEMO_BASE_IMAGE"
_DEFAULT_BASE: Final = "docker.io/library/python:3.13-alpine"
LABEL: Final = "app.kubernetes.io/managed-by=sealane-demo"
"""On every namespace that the demo makes; it removes no other."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cluster:
    """A cluster, and how images get there."""

    program: str
    """kubectl."""
    admin_kubeconfig: str
    """With which the demo makes namespaces."""
    sealane_kubeconfig: str
    """With which Sealane deploys."""
    registry: str
    """A registry that the container engine pushes to and the cluster pulls from, under this name."""
    base_image: str
    """Python, from where both the engine and the cluster can pull."""
    engine_socket: str | None
    """None: the engine that Sealane finds by itself."""
    own: bool
    """Whether it is the test bed's."""
    name: str
    """What people call it."""

    def kubectl(self, *words: str, given: str | None = None) -> str:
        """What `kubectl WORDS` prints as administrator. Raises `Broke` with its words when it fails."""
        return places.run(self.program, "--kubeconfig", self.admin_kubeconfig, *words, given=given)


def chosen() -> Cluster:
    """The cluster that was asked for, else the test bed's. Raises `Broke` when something about it is missing."""
    path = os.environ.get(KUBECONFIG)
    return _given(Path(path).expanduser().absolute()) if path else _bed()


def _given(kubeconfig: Path) -> Cluster:
    if not kubeconfig.is_file():
        raise places.Broke(f"{KUBECONFIG}: there is no file {kubeconfig}")
    program = shutil.which("kubectl")
    if program is None:
        raise places.Broke(
            f"the demo asks the cluster of {KUBECONFIG} with kubectl, which is not on PATH; "
            "kind's and minikube's instructions say how to install it"
        )
    registry = os.environ.get(REGISTRY, "").rstrip("/")
    if not registry:
        raise places.Broke(
            f"{REGISTRY} is not set: the demo builds images here, and the cluster has to get them. Name a registry "
            "that takes pushes from your container engine and that the cluster's nodes pull from under the same name, "
            "without signing in. kind: `localhost:5001`, by its page on local registries. minikube: its addon "
            "`registry`, forwarded to `localhost:5000`. Docker Desktop: any registry in your network"
        )
    cluster = Cluster(
        program=program,
        admin_kubeconfig=str(kubeconfig),
        sealane_kubeconfig=str(kubeconfig),
        registry=registry,
        base_image=os.environ.get(BASE_IMAGE) or _DEFAULT_BASE,
        engine_socket=None,
        own=False,
        name="",
    )
    context = cluster.kubectl("config", "current-context").strip()
    cluster.kubectl("get", "--raw=/readyz")
    return replace(cluster, name=f"{context} of {kubeconfig}")


def _bed() -> Cluster:
    told = subprocess.run(
        [sys.executable, "-m", "testbed", "env"], cwd=places.ROOT, capture_output=True, text=True, check=False
    )
    if told.returncode:
        raise places.Broke(f"the test bed is not up: {told.stderr.strip()}")
    home = Path(os.environ.get("SEALANE_TESTBED_HOME") or places.HOME.parent / "testbed")
    known = json.loads((home / "bed.json").read_text())
    return Cluster(
        program=known["kubectl"],
        admin_kubeconfig=known["admin_kubeconfig"],
        sealane_kubeconfig=known["sealane_kubeconfig"],
        registry=known["registry"],
        base_image=known["python_image"],
        engine_socket=known["engine_socket"],
        own=True,
        name="the test bed's cluster",
    )
