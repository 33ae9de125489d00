"""On a server: a pushed commit with a Kustomize directory is built, held against the limits, and deployed."""

from __future__ import annotations

from pathlib import Path

from sealane.pipelines.model import RunStatus
from sealane.records.deployments import DeploymentState
from tests.integration.inside import Inside

FILES = {
    ".sealane.yml": "app: shop\ndeliver: [dev]\n",
    "deploy/formations/dev.yaml": (
        "formation: dev\nenvironment: dev\ndestination: cluster\nnamespace: shop\nkustomize: [k/dev]\n"
        "strategy: {healthy_for: 0s}\n"
    ),
    "k/dev/kustomization.yaml": "resources: [../base]\nnamePrefix: dev-\n",
    "k/base/kustomization.yaml": "resources: [service.yaml]\nsecretGenerator: [{name: s, literals: [a=hunter2-hunter2]}]\n",
    "k/base/service.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n",
}


async def test_a_pushed_directory_is_built_and_deployed(tmp_path: Path) -> None:
    world = Inside(tmp_path)
    async with world.knowing_the_shop():
        run_id = await world.push_files("good", FILES)
        view = await world.until(lambda: world.server.views.run(run_id), lambda view: view.deployments)
        deployment = await world.reached(view.deployments[0].id, state=DeploymentState.ENDED)
        assert deployment.verdict
        assert deployment.verdict.kind.value == "deployed", deployment.verdict.reason
        revision = await world.server.store.releases.revision(deployment.revision_id)
        assert {item.name.partition("-s-")[0]: str(item.origin.place()) for item in revision.objects} == {
            "dev": "k/base/kustomization.yaml:2:19",
            "dev-web": "k/base/service.yaml:2:1",
        }

        refused = FILES | {"k/dev/kustomization.yaml": "resources: ['https://127.0.0.1/a?ref=b']\n"}
        bad = await world.push_files("bad", refused)
        run = await world.until(lambda: world.server.store.runs.get(bad), lambda run: run.ended)
        assert run.status is RunStatus.FAILED
        assert "k/dev/kustomization.yaml:1:13: https://127.0.0.1/a?ref=b is not of this repository" in (
            run.reason or ""
        )
