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
from sealane.configfiles.trees import StoredTree
from sealane.destinations.kubernetes.destination import KubernetesDestination
from sealane.stencils import helm_template, render_inputs, rendering

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
    "chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 0.1.0\nappVersion: '7'\n",
    "chart/values.yaml": 'image: {repository: nginx, tag: "1"}\nsecond: true\nsleep: 3600\n',
    "chart/templates/web.yaml": """apiVersion: apps/v1
kind: Deployment
metadata: {name: "{{ .Release.Name }}-web"}
spec:
  selector: {matchLabels: {run: web}}
  template:
    metadata: {labels: {run: web}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: web
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
          command: [sleep, "{{ .Values.sleep }}"]
""",
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
        tree = StoredTree({p: text.encode() for p, text in {**CHART, "deploy/formations/dev.yaml": formation}.items()})
        sources, findings = render_inputs.gather(tree, "dev")
        assert sources, findings
        inputs = rendering.Inputs(app="shop", images={"web": image or self.image}, release="r1", key=b"key")
        revision, findings = await helm_template.render(sources, inputs, self.helm)
        assert revision, findings
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
        maps = (await self.cluster.list(kinds.whole("v1", "ConfigMap"), namespace=self.namespace)).items
        [web] = (await self.cluster.list(kinds.whole("apps/v1", "Deployment"), namespace=self.namespace)).items
        names = {each["metadata"]["name"] for each in maps} & {"gone", "said"}
        return sorted(names), web["spec"]["template"]["spec"]["containers"][0]["command"][1]


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
