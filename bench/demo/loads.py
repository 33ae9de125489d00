"""The load on a formation: a pod beside it that asks its Service, so that any cluster will do."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from bench.demo import places
from bench.demo.clusters import Cluster

NAMESPACE = "hello-load"
_SCRIPT = places.ROOT / "bench" / "load.py"
_ASK_TO_END = "import os, signal; os.kill(1, signal.SIGTERM)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """A load under way."""

    cluster: Cluster
    pod: str

    def finish(self) -> dict[str, Any]:
        """Ends it and gives its tally. Raises `Broke` when the pod has lost it."""
        self.cluster.kubectl("-n", NAMESPACE, "exec", self.pod, "--", "python", "-c", _ASK_TO_END)
        done = "--for=jsonpath={.status.phase}=Succeeded"
        self.cluster.kubectl("-n", NAMESPACE, "wait", done, f"pod/{self.pod}", "--timeout=60s")
        printed = self.cluster.kubectl("-n", NAMESPACE, "logs", self.pod)
        tally: dict[str, Any] = json.loads(printed.splitlines()[-1])
        return tally


def prepare(cluster: Cluster) -> None:
    """Puts the script where the pods find it."""
    cluster.kubectl("-n", NAMESPACE, "create", "configmap", "load", f"--from-file=load.py={_SCRIPT}")


def begin(cluster: Cluster, formation: str, *, rate: int) -> Load:
    """Begins a load on a formation's page; it comes by the Service's address, so that no name has to be found first."""
    web = ("get", "service", "web", "-o", "jsonpath={.spec.clusterIP}")
    address = cluster.kubectl("-n", f"hello-{formation}", *web).strip()
    host = f"[{address}]" if ":" in address else address
    pod = f"load-{formation}"
    container = {
        "name": "load",
        "image": cluster.base_image,
        "command": ["python", "/load/load.py", f"http://{host}:8080/", "--rate", str(rate)],
        "volumeMounts": [{"name": "script", "mountPath": "/load"}],
    }
    manifest = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": pod},
        "spec": {
            "restartPolicy": "Never",
            "containers": [container],
            "volumes": [{"name": "script", "configMap": {"name": "load"}}],
        },
    }
    cluster.kubectl("-n", NAMESPACE, "create", "-f", "-", given=json.dumps(manifest))
    cluster.kubectl("-n", NAMESPACE, "wait", "--for=condition=Ready", f"pod/{pod}", "--timeout=120s")
    return Load(cluster=cluster, pod=pod)
