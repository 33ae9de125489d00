"""On a server: a pushed commit with a Kustomize directory is built, held against the limits, and deployed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sealane.pipelines.model import RunStatus
from sealane.records.deployments import DeploymentState
from tests import git_host, serving
from tests.integration.inside import Inside

FILES = {
    ".sealane.yml": "app: shop\ndeliver: [dev]\n",
    "deploy/formations/dev.yaml": (
        "formation: dev\nenvironment: dev\ndestination: here\nnamespace: shop\nkustomize: [k/dev]\n"
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
        run = await world.until(lambda: world.server.store.runs.get(run_id), lambda run: run.ended)
        assert run.status is RunStatus.PASSED, run.reason
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


async def test_a_base_of_another_repository_is_taken_if_operators_list_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with git_host.serving(tmp_path / "remote") as host:
        here = host.url.removeprefix("http://")
        monkeypatch.setenv("SEALANE_GIT__BASES", json.dumps([f"{here}/libs/*"]))
        monkeypatch.setenv("SEALANE_EGRESS__NETWORKS", '["127.0.0.0/8"]')
        work = serving.repository(tmp_path / "shared", {"web/a.yaml": FILES["k/base/service.yaml"]})
        bare = tmp_path / "remote/libs/shared.git"
        serving.git(work, "init", "-q", "--bare", "-b", "main", str(bare))
        serving.git(work, "push", "-q", str(bare), "HEAD:main")
        commit = serving.git(work, "rev-parse", "HEAD").stdout.strip()
        base = f"bases: {{deploy/stencils/shared: {{repository: '{host.url}/libs/shared', commit: '{commit}'}}}}\n"
        formation = FILES["deploy/formations/dev.yaml"].replace("kustomize: [k/dev]\n", base)
        files = {".sealane.yml": FILES[".sealane.yml"], "deploy/formations/dev.yaml": formation}
        world = Inside(tmp_path)
        async with world.knowing_the_shop():
            run_id = await world.push_files("good", files)
            run = await world.until(lambda: world.server.store.runs.get(run_id), lambda run: run.ended)
            assert run.status is RunStatus.PASSED, run.reason
            view = await world.server.views.run(run_id)
            deployment = await world.reached(view.deployments[0].id)
            revision = await world.server.store.releases.revision(deployment.revision_id)
            assert [str(item.origin.place()) for item in revision.objects] == ["deploy/stencils/shared/web/a.yaml:1:1"]

            files["deploy/formations/dev.yaml"] = formation.replace("libs/shared", "others/shared")
            bad = await world.push_files("bad", files)
            refused = await world.until(lambda: world.server.store.runs.get(bad), lambda run: run.ended)
            assert f"bases may not come from {here}/others/shared" in (refused.reason or "")
