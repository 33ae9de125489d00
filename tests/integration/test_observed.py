"""What others deployed to a real cluster stands on the overview, with its version and how it fares; nothing of it is written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import pretending
from tests.bed import Kubectl
from tests.relay_process import beside
from tests.serving import Serving, until

DIRECT = "kubernetes: {kubeconfig: KUBECONFIG}"
ENVIRONMENT = """environment: live
destinations: {here: {HOW}}
observed: [{app: billing, destination: here, namespace: NAMESPACE, owner: finance}]
"""


@pytest.fixture(params=["direct", "relay"])
def serving(request: pytest.FixtureRequest, kubeconfig: Path, namespace: str, tmp_path: Path) -> Iterator[Serving]:
    """A server that observes the namespace, from here or by a relay."""
    server = Serving(tmp_path / "server", pretending.SETTINGS).start()
    direct = request.param == "direct"
    how = DIRECT.replace("KUBECONFIG", str(kubeconfig)) if direct else "relay: europe"
    try:
        server.environment_file("live", ENVIRONMENT.replace("HOW", how).replace("NAMESPACE", namespace))
        if direct:
            yield server
        else:
            with beside(server, kubeconfig):
                yield server
    finally:
        server.stop()


def deployment(image: str, version: str, command: str) -> str:
    labels = {"run": "pay"}
    container = {"name": "pay", "image": image, "command": ["sh", "-c", command]}
    pod = {"terminationGracePeriodSeconds": 0, "containers": [container]}
    spec = {
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    metadata = {"name": "pay", "labels": {"sealane.dev/deploy-tag": version}}
    return json.dumps({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec})


def test_what_others_deploy_is_shown_as_it_is_and_never_written(
    serving: Serving, kubectl: Kubectl, namespace: str, busybox_image: str
) -> None:
    def seen() -> dict[str, Any] | None:
        with serving.client() as client:
            rows: list[dict[str, Any]] = client.get("/api/observed").json()
        return rows[0] if rows else None

    def fares(state: str) -> dict[str, Any] | None:
        row = seen()
        return row if row and row["health"] and row["health"]["state"] == state else None

    until("nothing to be found", lambda: fares("missing"))
    kubectl("apply", "-n", namespace, "-f", "-", given=deployment(busybox_image, "v1", "sleep 3600"))
    row = until("it to be well", lambda: fares("healthy"))
    assert (row["app"], row["formation"], row["owner"], row["version"]) == ("billing", "live", "finance", "v1")
    generation = kubectl("get", "deployment", "pay", "-n", namespace, "-o", "jsonpath={.metadata.generation}")
    assert generation == "1"
    managers = kubectl(
        "get", "deployment", "pay", "-n", namespace, "-o", "jsonpath={.metadata.managedFields[*].manager}"
    )
    assert "sealane" not in managers.split()

    if serving.folder.joinpath("relay.log").exists():
        return  # how it fails is told in the same way

    kubectl("apply", "-n", namespace, "-f", "-", given=deployment(busybox_image, "v2", "echo no; exit 3"))
    row = until("it to fail", lambda: fares("degraded"), within=240)
    assert "exit code 3" in row["health"]["cause"]
    labels = f'app="billing",environment="{row["environment"]}",formation="live"'
    counted = f"sealane_observed_degraded_total{{{labels}}}"
    with serving.client() as client:
        until("it to be counted", lambda: counted in client.get("/metrics").text)
        assert 'sealane_health_degraded_total{app="billing"' not in client.get("/metrics").text
    until("the new version", lambda: (seen() or {}).get("version") == "v2")
    told = pretending.App(serving, serving.folder / "shop", "shop").cli("status").stdout
    assert "billing" in told
    assert "degraded" in told
