"""What Sealane fills in before policies see an object is what the real API server fills in."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from sealane.policies import defaults, kinds
from testbed.record import Bed
from tests.bed import Kubectl
from tests.integration.policy_server import PolicyServer

SUFFIX = secrets.token_hex(4)
NAMESPACE = f"t-defaulting-{SUFFIX}"

CONTAINERS = """
containers:
  - name: web
    image: registry.example.com/shop/web:1.4.2
    securityContext: null
    args: null
    ports: [{containerPort: 8080}, {containerPort: 53, protocol: UDP}]
    env:
      - {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
      - {name: KEY, valueFrom: {secretKeyRef: {name: keys, key: key}}}
      - {name: PLAIN, value: x}
    readinessProbe: {httpGet: {port: 8080}}
    livenessProbe: {tcpSocket: {port: 8080}, periodSeconds: 3}
    startupProbe: {grpc: {port: 9000}}
    lifecycle: {preStop: {httpGet: {port: 8080, path: /bye}}, postStart: {exec: {command: ["true"]}}}
    resources: {limits: {cpu: 1, memory: 1024Mi, ephemeral-storage: 0.5Gi}, requests: {cpu: 0.25, memory: 1e6}}
  - {name: latest, image: "busybox:latest"}
  - {name: untagged, image: "localhost:5000/busybox"}
  - {name: pinned, image: "busybox@sha256:8c21f0e18c21f0e18c21f0e18c21f0e18c21f0e18c21f0e18c21f0e18c21f0e1"}
  - {name: limited, image: "busybox:1", resources: {limits: {memory: 1500M, cpu: 1500m}}}
initContainers:
  - {name: wait, image: "busybox:1.36", imagePullPolicy: Always, resources: {}}
volumes:
  - {name: nothing}
  - {name: scratch, emptyDir: {}}
  - {name: keys, secret: {secretName: keys}}
  - {name: config, configMap: {name: config, defaultMode: 0400}}
  - {name: host, hostPath: {path: /var/log}}
  - {name: both, projected: {sources: [{secret: {name: keys}}]}}
"""
TEMPLATE = {"metadata": {"labels": {"app": "shop"}}, "spec": yaml.safe_load(CONTAINERS)}
ENDING = {**TEMPLATE, "spec": {**TEMPLATE["spec"], "restartPolicy": "Never"}}
SELECTED = {"selector": {"matchLabels": {"app": "shop"}}, "template": TEMPLATE}

OBJECTS = {
    "pod": ("v1", "Pod", TEMPLATE["spec"]),
    "deployment": ("apps/v1", "Deployment", SELECTED),
    "recreated": ("apps/v1", "Deployment", {**SELECTED, "replicas": 3, "strategy": {"type": "Recreate"}}),
    "surging": ("apps/v1", "Deployment", {**SELECTED, "strategy": {"rollingUpdate": {"maxSurge": 1}}}),
    "replica-set": ("apps/v1", "ReplicaSet", SELECTED),
    "stateful-set": ("apps/v1", "StatefulSet", {**SELECTED, "serviceName": "shop"}),
    "on-delete": (
        "apps/v1",
        "StatefulSet",
        {**SELECTED, "serviceName": "shop", "updateStrategy": {"type": "OnDelete"}},
    ),
    "daemon-set": ("apps/v1", "DaemonSet", SELECTED),
    "job": ("batch/v1", "Job", {"template": ENDING}),
    "parallel-job": ("batch/v1", "Job", {"template": ENDING, "parallelism": 3}),
    "cron-job": ("batch/v1", "CronJob", {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": ENDING}}}),
    "service": ("v1", "Service", {"selector": {"app": "shop"}, "ports": [{"port": 80}]}),
    "named-port": ("v1", "Service", {"ports": [{"port": 80, "targetPort": "http"}]}),
    "node-port": ("v1", "Service", {"type": "NodePort", "ports": [{"port": 80}]}),
    "balancer": ("v1", "Service", {"type": "LoadBalancer", "ports": [{"port": 80}]}),
    "external": ("v1", "Service", {"type": "ExternalName", "externalName": "db.example.com"}),
}
BY_THE_CLUSTER = {
    "Pod": {"nodeName", "preemptionPolicy", "priority", "serviceAccount", "serviceAccountName", "tolerations"},
    "Job": {"selector"},
    "Service": {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"},
}
"""What a running cluster adds by itself, not by defaulting."""


@pytest.fixture(scope="module")
def server(bed: Bed, kubectl: Kubectl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PolicyServer]:
    kubectl("create", "namespace", NAMESPACE)
    kubectl("wait", "--for=create", "serviceaccount/default", f"--namespace={NAMESPACE}", "--timeout=120s")
    server = PolicyServer(bed, suffix=SUFFIX, namespace=NAMESPACE, folder=tmp_path_factory.mktemp("access"))
    yield server
    server.close()
    kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def without_the_clusters(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    """The spec without what a cluster adds: accounts, addresses, generated labels and ports of nodes."""
    kept = json.loads(
        json.dumps({key: value for key, value in spec.items() if key not in BY_THE_CLUSTER.get(kind, ())})
    )
    if kind == "Job":
        kept["template"].pop("metadata")
    for port in kept.get("ports", ()):
        port.pop("nodePort", None)
    if kind == "Pod":
        kept["volumes"] = [volume for volume in kept["volumes"] if not volume["name"].startswith("kube-api-access")]
        for container in [*kept["containers"], *kept["initContainers"]]:
            container.pop("volumeMounts", None)
    return kept


@pytest.mark.parametrize("name", OBJECTS)
def test_policies_see_what_the_api_server_would_store(name: str, server: PolicyServer) -> None:
    """A dry run answers with the object after all defaults."""
    version, kind, spec = OBJECTS[name]
    manifest = {"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": spec}
    group = version.rpartition("/")[0]
    root = f"/apis/{version}" if group else f"/api/{version}"

    stored = server.post(f"{root}/namespaces/{NAMESPACE}/{kinds.plural(kind)}", manifest, dry=True)
    seen = defaults.defaulted(manifest, NAMESPACE)

    assert stored.is_success, stored.text
    assert without_the_clusters(kind, seen["spec"]) == without_the_clusters(kind, stored.json()["spec"])
    assert seen["metadata"]["namespace"] == stored.json()["metadata"]["namespace"]


def test_the_manifest_itself_stays_as_it_was(server: PolicyServer) -> None:
    """Defaults are for the policies' eyes; what is applied is what was rendered."""
    version, kind, spec = OBJECTS["deployment"]
    manifest = {"apiVersion": version, "kind": kind, "metadata": {"name": "web"}, "spec": spec}
    before = json.dumps(manifest)

    defaults.defaulted(manifest, NAMESPACE)

    assert json.dumps(manifest) == before
