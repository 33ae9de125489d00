"""A chart as a release that the real Helm keeps: installed, upgraded, judged by Sealane, and rolled back by Helm."""

from __future__ import annotations

import asyncio
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sealane.cli.local import deploy_request, deployment
from sealane.cli.screens import rollout_lines
from sealane.clients.helm import Helm
from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import kinds
from sealane.destinations.kubernetes.destination import KubernetesDestination
from tests.integration.deployments import test_charts

FORMATION = """formation: dev
environment: dev
destination: here
namespace: NAMESPACE
strategy: {healthy_for: 0s, patience: 5s}
charts:
  shop:
    path: chart
    mode: release
    history_max: 4
    images: {web: image}
    values: VALUES
"""
CHART = {
    **{path: test_charts.CHART[path] for path in ("chart/values.yaml", "chart/templates/web.yaml")},
    "chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 0.1.0\nappVersion: '7'\n",
    "chart/templates/more.yaml": """apiVersion: v1
kind: ConfigMap
metadata: {name: said}
data: {it: "{{ "{{" }} .Values.nothing }} {{ .Values.sleep }}"}
{{- if .Values.second }}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: gone}
{{- end }}
""",
}


@dataclass
class Shop:
    """The shop in one namespace, and people's own helm beside it."""

    cluster: clusters.Cluster
    namespace: str
    image: str
    helm: Helm
    kubeconfig: Path

    async def deploy(self, values: str, image: str | None = None) -> deploy_request.DeployOutcome:
        formation = FORMATION.replace("NAMESPACE", self.namespace).replace("VALUES", values)
        files = {**CHART, "deploy/formations/dev.yaml": formation}
        revision = await test_charts.rendered(files, image or self.image, self.helm, release="r1")
        async with asyncio.timeout(180):
            wish = deploy_request.DeployRequest(revision=revision, values={})
            destination = KubernetesDestination(self.cluster, helm=self.helm)
            return await deployment.deploy(wish, destination, rollout_lines.Json())

    async def ask(self, *words: str) -> Any:
        """What people's helm says."""
        command = [self.helm.program, *words, "--namespace", self.namespace, "--kubeconfig", str(self.kubeconfig)]
        said = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=True)
        return json.loads(said.stdout) if "json" in words else said.stdout

    async def history(self) -> list[tuple[int, str]]:
        return [(each["revision"], each["status"]) for each in await self.ask("history", "shop", "-o", "json")]

    async def there(self) -> tuple[list[str], str]:
        return await test_charts.live(self.cluster, self.namespace, {"gone", "said"})


async def test_a_release_is_installed_upgraded_and_rolled_back_by_helm(
    cluster: clusters.Cluster, namespace: str, busybox_image: str, helm: Helm, kubeconfig: Path
) -> None:
    """`helm list` and `helm history` stay true, and the verdict is Sealane's."""
    shop = Shop(cluster, namespace, busybox_image, helm, kubeconfig)
    first = await shop.deploy("{}")
    assert first.outcome.verdict.kind == "deployed", first.outcome.verdict.reason
    assert await shop.there() == (["gone", "said"], "3600")
    [listed] = await shop.ask("list", "-o", "json")
    assert (listed["name"], listed["chart"], listed["app_version"], listed["status"]) == (
        "shop",
        "shop-0.1.0",
        "7",
        "deployed",
    )
    said = await cluster.get(kinds.whole("v1", "ConfigMap"), "said", namespace=namespace)
    assert said["data"] == {"it": "{{ .Values.nothing }} 3600"}
    again = await shop.deploy("{}")
    assert again.outcome.verdict.kind == "deployed", again.outcome.verdict.reason
    assert await shop.history() == [(1, "deployed")]

    second = await shop.deploy("{second: false, sleep: 3601}")
    assert second.outcome.verdict.kind == "deployed", second.outcome.verdict.reason
    assert await shop.there() == (["said"], "3601")
    broken = await shop.deploy("{sleep: 3602}", f"{busybox_image}-of-nobody")
    assert broken.outcome.verdict.kind == "rolled_back", broken.outcome.verdict.reason
    assert await shop.there() == (["said"], "3601")
    assert await shop.history() == [(1, "superseded"), (2, "superseded"), (3, "superseded"), (4, "deployed")]
    assert "Rollback to 2" in await shop.ask("history", "shop")
