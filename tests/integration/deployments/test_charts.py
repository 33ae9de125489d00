"""A chart on a real cluster: deployed, upgraded, pruned, and rolled back when its new version fails."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from sealane.cli.local import deploy_request, deployment
from sealane.cli.screens import rollout_lines
from sealane.clients.helm import Helm
from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import kinds
from sealane.configfiles.trees import StoredTree
from sealane.destinations.kubernetes.destination import KubernetesDestination
from sealane.stencils import helm_template, render_inputs, rendering
from sealane.stencils.model import Revision
from tests.integration.deployments import parts

FORMATION = """formation: dev
environment: dev
destination: here
namespace: NAMESPACE
strategy: {healthy_for: 0s, patience: 5s}
charts:
  shop:
    path: chart
    images: {web: image}
    tests: TESTS
    values: VALUES
"""
CHART = {
    "chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 0.1.0\n",
    "chart/values.yaml": 'image: {repository: nginx, tag: "1"}\nsecond: true\nsleep: 3600\n',
    "chart/templates/web.yaml": parts.web('"{{ .Release.Name }}-web"')
    + """          image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
          command: [sleep, "{{ .Values.sleep }}"]
""",
    "chart/templates/more.yaml": """{{- if .Values.second }}
apiVersion: v1
kind: ConfigMap
metadata: {name: gone}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: kept, annotations: {helm.sh/resource-policy: keep}}
{{- end }}
""",
    "chart/templates/hooks.yaml": """apiVersion: v1
kind: ConfigMap
metadata: {name: early, annotations: {helm.sh/hook: "pre-install,pre-upgrade", helm.sh/hook-weight: "-5"}}
data: {SAID: "sleep {{ .Values.sleep }}"}
---
{{- range $name, $event := dict "migrate" "pre-install,pre-upgrade" "test" "test" }}
apiVersion: batch/v1
kind: Job
metadata: {name: {{ $name }}, annotations: {helm.sh/hook: "{{ $event }}"}}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: it
          image: "{{ $.Values.image.repository }}:{{ $.Values.image.tag }}"
          command: [sh, -c, "echo {{ $name }} $SAID"]
          envFrom: [{configMapRef: {name: early}}]
---
{{- end }}
""",
}


async def rendered(files: Mapping[str, str], image: str, helm: Helm, *, release: str) -> Revision:
    """The revision of a repository's files with a chart."""
    sources, findings = render_inputs.gather(StoredTree({path: text.encode() for path, text in files.items()}), "dev")
    assert sources, findings
    inputs = rendering.Inputs(app="shop", images={"web": image}, release=release, key=b"key")
    revision, findings = await helm_template.render(sources, inputs, helm)
    assert revision, findings
    return revision


async def live(cluster: clusters.Cluster, namespace: str, maps: AbstractSet[str]) -> tuple[list[str], str]:
    """Which of the ConfigMaps are there, and how long the one Deployment's container sleeps."""
    listed = (await cluster.list(kinds.whole("v1", "ConfigMap"), namespace=namespace)).items
    [web] = (await cluster.list(kinds.whole("apps/v1", "Deployment"), namespace=namespace)).items
    names = {each["metadata"]["name"] for each in listed} & maps
    return sorted(names), web["spec"]["template"]["spec"]["containers"][0]["command"][1]


async def test_a_chart_is_deployed_upgraded_and_rolled_back(
    cluster: clusters.Cluster, namespace: str, busybox_image: str, helm: Helm
) -> None:
    """By the path that stencils go: the same verdict, hooks, pruning and way back."""
    destination = KubernetesDestination(cluster)
    told: list[str] = []

    def ran() -> list[str]:
        words = [line.partition("\n")[2] for line in told if line.startswith("hook") and "ended well" in line]
        told.clear()
        return words

    async def deploy(release: str, values: str, image: str = busybox_image) -> deploy_request.DeployOutcome:
        formation = FORMATION.replace("NAMESPACE", namespace).replace("VALUES", values)
        formation = formation.replace("TESTS", "true" if release == "r1" else "false")
        revision = await rendered({**CHART, "deploy/formations/dev.yaml": formation}, image, helm, release=release)
        async with asyncio.timeout(120):
            wish = deploy_request.DeployRequest(revision=revision, values={})
            screen = rollout_lines.Json()
            screen.tell = lambda progress: told.append(progress.message)  # type: ignore[method-assign]
            return await deployment.deploy(wish, destination, screen)

    async def there() -> tuple[list[str], str]:
        return await live(cluster, namespace, {"gone", "kept"})

    first = await deploy("r1", "{}")
    assert first.outcome.verdict.kind == "deployed", first.outcome.verdict.reason
    assert await there() == (["gone", "kept"], "3600")
    assert "test sleep 3600." in "\n".join(told)
    assert ran() == ["migrate sleep 3600"]
    second = await deploy("r2", "{second: false, sleep: 3601}")
    assert second.outcome.verdict.kind == "deployed", second.outcome.verdict.reason
    assert await there() == (["kept"], "3601")
    assert ran() == ["migrate sleep 3601"]
    third = await deploy("r2", "{second: false, sleep: 3602}", f"{busybox_image}-of-nobody")
    assert third.outcome.verdict.kind == "rolled_back", third.outcome.verdict.reason
    assert await there() == (["kept"], "3601")
