"""What pods use, as the real API server passes it on from a metrics API: directly and by a relay, silent without one."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import ssl
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import credentials, direct
from sealane.clients.relay import relayed
from sealane.destinations import model
from sealane.destinations.kubernetes.destination import KubernetesDestination
from sealane.destinations.usage import Resources, WorkloadUsage
from testbed.record import Bed
from tests import relay_line
from tests.bed import OF_PROCESS, Kubectl
from tests.integration.kubernetes.parts import deployment, fresh_namespace, identity
from tests.serving import until

GROUP = "/apis/metrics.k8s.io/v1beta1"
NAME = "v1beta1.metrics.k8s.io"
SERVICE = "sealane-tests-metrics"


class Metrics(BaseHTTPRequestHandler):
    """As much of metrics-server as is asked for: its discovery, and the pods of a namespace that it was told of."""

    protocol_version = "HTTP/1.1"
    pods: dict[str, list[dict[str, Any]]] = {}  # noqa: RUF012 - one for all requests, on purpose

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        resource = {"name": "pods", "singularName": "", "namespaced": True, "kind": "PodMetrics", "verbs": ["list"]}
        answer: dict[str, Any] = {"kind": "APIResourceList", "groupVersion": GROUP[6:], "resources": [resource]}
        if path.startswith(f"{GROUP}/namespaces/"):
            items = self.pods.get(path.split("/")[5], [])
            answer = {"kind": "PodMetricsList", "apiVersion": GROUP[6:], "metadata": {}, "items": items}
        body = json.dumps(answer).encode()
        self.send_response(200 if path.startswith(GROUP) else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def measured(name: str, labels: dict[str, str], *containers: tuple[str, str]) -> dict[str, Any]:
    usage = [{"name": f"c{at}", "usage": {"cpu": cpu, "memory": memory}} for at, (cpu, memory) in enumerate(containers)]
    metadata = {"name": name, "namespace": "x", "labels": labels, "creationTimestamp": "2026-03-01T12:00:00Z"}
    return {"metadata": metadata, "window": "15s", "containers": usage}


@pytest.fixture
def metrics(bed: Bed, kubectl: Kubectl, tmp_path: Path) -> Iterator[dict[str, list[dict[str, Any]]]]:
    """A metrics API behind the API server; gone from there before it ends, or no namespace could be deleted any more."""
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    words = f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=metrics -keyout {key} -out {certificate}"
    subprocess.run(shlex.split(words), check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = ThreadingHTTPServer(("0.0.0.0", 0), Metrics)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    spec = {"type": "ExternalName", "externalName": bed.node_address or "127.0.0.1"}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": SERVICE}, "spec": spec}
    api = {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": NAME, "labels": {OF_PROCESS: str(os.getpid())}},
        "spec": {
            "group": "metrics.k8s.io",
            "version": "v1beta1",
            "service": {"name": SERVICE, "namespace": "default", "port": server.server_port},
            "insecureSkipTLSVerify": True,
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
        },
    }
    try:
        kubectl(
            "apply",
            "-n",
            "default",
            "-f",
            "-",
            given=json.dumps({"apiVersion": "v1", "kind": "List", "items": [service, api]}),
        )
        condition = "jsonpath={.status.conditions[?(@.type=='Available')].status}"
        until("the API to be there", lambda: kubectl("get", "apiservice", NAME, "-o", condition) == "True")
        yield Metrics.pods
    finally:
        kubectl("delete", "apiservice", NAME, "--ignore-not-found")
        kubectl("delete", "-n", "default", "service", SERVICE, "--ignore-not-found")
        server.shutdown()
        thread.join()
        server.server_close()


@asynccontextmanager
async def destination(kubeconfig: Path, by: str) -> AsyncIterator[tuple[clusters.Cluster, KubernetesDestination]]:
    if by == "directly":
        async with clusters.Cluster.connect(kubeconfig) as cluster:
            yield cluster, KubernetesDestination(cluster)
        return
    exchange = direct.Direct(credentials.Source(kubeconfig=kubeconfig))
    await exchange.open()
    try:
        async with (
            relay_line.lined(exchange) as line,
            clusters.Cluster.over(relayed.Relayed(line.hub, line.relay)) as cluster,
        ):
            yield cluster, KubernetesDestination(cluster)
    finally:
        await exchange.close()


async def test_use_stands_beside_what_is_asked_for(
    bed: Bed, kubeconfig: Path, metrics: dict[str, list[dict[str, Any]]], kubectl: Kubectl
) -> None:
    """Of the pods that a workload's selector finds; of nothing but what is asked for once nobody measures any more."""
    web = deployment("busybox", replicas=0)
    resources = {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}}
    web["spec"]["template"]["spec"]["containers"][0]["resources"] = resources
    asked = WorkloadUsage(
        object="Deployment/web",
        requests=Resources(cpu=0.1, memory=64 * 2**20),
        limits=Resources(memory=128 * 2**20),
    )
    for by in ("by a relay", "directly"):
        async with (
            destination(kubeconfig, by) as (cluster, there),
            clusters.Cluster.connect(Path(bed.admin_kubeconfig)) as admin,
            fresh_namespace(admin, cluster) as namespace,
        ):
            await there.apply([web], identity=identity(namespace), fence=model.unfenced)
            metrics[namespace] = [
                measured("web-1", {"app": "web", "x": "y"}, ("12500000n", "10Mi"), ("500u", "1Ki")),
                measured("other-1", {"app": "other"}, ("1", "1Gi")),
            ]
            (used,) = await there.usage([web], namespace=namespace)
            assert used.instances == {"Pod/web-1": Resources(cpu=0.013, memory=10 * 2**20 + 1024)}, by
            assert (used.requests, used.limits) == (asked.requests, asked.limits)
            if by == "directly":
                kubectl("delete", "apiservice", NAME)
                async with asyncio.timeout(120):
                    while await there.usage([web], namespace=namespace) != (asked,):  # noqa: ASYNC110 - it is forgotten in a moment
                        await asyncio.sleep(0.1)
