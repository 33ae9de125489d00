"""Hooks and gates on a real cluster, from a formation's files as the command line deploys them."""

from __future__ import annotations

import asyncio
from typing import Any

from sealane.cli.local import deploy_request, deployment
from sealane.cli.screens import rollout_lines
from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import kinds
from sealane.configfiles.trees import StoredTree
from sealane.destinations.kubernetes.destination import KubernetesDestination
from sealane.secrets.values import SecretValue
from sealane.stencils import render_inputs, rendering
from sealane.stencils.model import Revision
from tests.integration.deployments import parts

VALUE = SecretValue(b"hunter2-value", version="v1")
HEAD = """formation: dev
environment: dev
destination: here
namespace: NAMESPACE
secrets: {TOKEN: env:TOKEN}
strategy:
  healthy_for: 0s
"""
STENCIL = (
    parts.web()
    + """          image: ${image.web}
          command: [sleep, "3600"]
          env: [{name: VERSION, value: "VERSION"}]
"""
)
HOOKS = """hooks:
  before:
    - {name: migrate, image: "${image.web}", command: [sh, -c, "COMMAND"], timeout: 20s, reversible: {command: [echo, back]}}
  after:
    - {name: warm, image: "${image.web}", command: [sh, -c, "echo warm as $VERSION"]}
"""


class Formation:
    """A formation's files, rendered and deployed."""

    def __init__(self, cluster: clusters.Cluster, namespace: str, image: str) -> None:
        self.destination = KubernetesDestination(cluster)
        self.namespace = namespace
        self.image = image
        self.told: list[str] = []

    def revision(self, said: str, *, version: str = "one", release: str = "r1") -> Revision:
        """What the files come to."""
        files = {
            "deploy/formations/dev.yaml": HEAD.replace("NAMESPACE", self.namespace) + said,
            "deploy/stencils/web.yaml": STENCIL.replace('VERSION"', f'{version}"'),
        }
        if "secrets" not in said:
            files["deploy/stencils/web.yaml"] += '          envFrom: [{secretRef: {name: "${secrets}"}}]\n'
        sources, findings = render_inputs.gather(
            StoredTree({path: text.encode() for path, text in files.items()}), "dev"
        )
        assert sources, findings
        inputs = rendering.Inputs(
            app="shop", images={"web": self.image}, release=release, secret_versions={"TOKEN": "v1"}, key=b"key"
        )
        revision, findings = rendering.render(sources, inputs)
        assert revision, findings
        return revision

    async def deploy(self, said: str, **how: str) -> deploy_request.DeployOutcome:
        """Deploys it as `sealane deploy` does."""
        screen = rollout_lines.Json()
        screen.tell = lambda progress: self.told.append(progress.message)  # type: ignore[method-assign]
        wish = deploy_request.DeployRequest(revision=self.revision(said, **how), values={"TOKEN": VALUE})
        async with asyncio.timeout(90):
            return await deployment.deploy(wish, self.destination, screen)

    async def jobs(self, admin: clusters.Cluster) -> list[dict[str, Any]]:
        """The Jobs that were made, oldest first."""
        listed = (await admin.list(kinds.whole("batch/v1", "Job"), namespace=self.namespace)).items
        return sorted(listed, key=lambda job: (job["metadata"]["creationTimestamp"], job["metadata"]["name"]))


def migration(command: str) -> str:
    return HOOKS.replace("COMMAND", command)


async def test_hooks_run_around_the_rollout_as_the_app_runs(
    admin: clusters.Cluster, cluster: clusters.Cluster, namespace: str, busybox_image: str
) -> None:
    """With its environment and secrets, which no log shows; once for the release."""
    formation = Formation(cluster, namespace, busybox_image)
    hooks = migration("echo migrating to $VERSION with $TOKEN")
    ended = await formation.deploy(hooks)
    assert ended.outcome.verdict.kind == "deployed", ended.outcome.verdict.reason
    told = "\n".join(formation.told)
    assert "hook migrate ended well\nmigrating to one with ***" in told
    assert "hook warm ended well\nwarm as one" in told
    assert "hunter2" not in told
    assert told.index("hook migrate ended well") < told.index("applied ") < told.index("hook warm ended well")
    names = [job["metadata"]["name"].rpartition("-")[0] for job in await formation.jobs(admin)]
    assert names == ["migrate", "warm"]
    again = await formation.deploy(hooks)
    assert again.outcome.verdict.kind == "deployed"
    names = [job["metadata"]["name"].rpartition("-")[0] for job in await formation.jobs(admin)]
    assert sorted(names) == ["migrate", "warm", "warm"]


async def test_a_gate_that_fails_takes_it_back_with_its_migration(
    admin: clusters.Cluster, cluster: clusters.Cluster, namespace: str, busybox_image: str
) -> None:
    """The Job's log is in the failure report, without secrets; the migration is undone once the old version serves again."""
    formation = Formation(cluster, namespace, busybox_image)
    assert (await formation.deploy("")).outcome.verdict.kind == "deployed"
    gate = '  gates: [{name: tests, job: {image: "${image.web}", command: [sh, -c, "echo 2 tests failed for $TOKEN; exit 1"]}}]\n'
    ended = await formation.deploy(gate + migration("echo up"), version="two", release="r2")
    verdict = ended.outcome.verdict
    assert verdict.kind == "rolled_back", verdict.reason
    assert verdict.reason.startswith("Gate tests failed: ")
    assert verdict.reason.endswith("2 tests failed for ***.")
    assert ended.report is not None
    assert ["2 tests failed for ***"] in [log["lines"] for log in ended.report.to_json()["logs"]]
    names = [job["metadata"]["name"].rpartition("-")[0] for job in await formation.jobs(admin)]
    assert sorted(names) == ["migrate", "tests", "undo-migrate"]
    (web,) = (await admin.list(kinds.whole("apps/v1", "Deployment"), namespace=namespace)).items
    assert web["spec"]["template"]["spec"]["containers"][0]["env"] == [{"name": "VERSION", "value": "one"}]
