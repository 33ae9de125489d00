"""On a server: people approve a plan, that plan is applied, and one that can't be applied any more is planned and asked anew."""

from __future__ import annotations

import json
from pathlib import Path

from sealane.access.model import Actor
from sealane.records.deployments import Deployment, DeploymentState
from sealane.records.scopes import EVERYTHING
from tests.integration.inside import Inside

SAM = Actor(name="sam", groups=frozenset({"sre"}), via="token", deploys=EVERYTHING)
ENVIRONMENT = """environment: dev
destinations: {{network: {{opentofu: {{folder: {folder}, program: {program}}}}}}}
apps:
  shop: {{namespaces: [base], approvals: {{by: [sre], count: 1}}}}
policies: {{packs: [ours@1]}}
"""
POLICY = """apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: no-loss}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [opentofu.org], apiVersions: ["*"], operations: [CREATE], resources: [resourcechanges]}]
  validations: [{expression: "!('delete' in object.spec.actions)", message: nothing is deleted here}]
"""
FILES = {
    ".sealane.yml": "app: shop\ndeliver: [{formation: dev, approval: {by: [sre], count: 1}}]\n",
    "deploy/formations/dev.yaml": (
        "formation: dev\nenvironment: dev\ndestination: network\nnamespace: base\n"
        "values: {size: SIZE}\nstrategy: {healthy_for: 0s}\n"
    ),
    "deploy/stencils/network.yaml": (
        "apiVersion: opentofu.org/v1\nkind: Configuration\nmetadata: {name: network}\n"
        'spec: {folder: infra, variables: {size: "${size}"}}\n'
    ),
    "infra/main.tf": 'variable "size" {}\nresource "terraform_data" "net" { input = var.size }\n',
}


def files(size: str) -> dict[str, str]:
    return {path: text.replace("SIZE", size) for path, text in FILES.items()}


async def test_a_plan_is_approved_and_applied_and_rollback_asks_for_another(tmp_path: Path, opentofu: str) -> None:
    world = Inside(tmp_path)
    config = world.shop.data / "config"
    (config / "environments/dev.yaml").write_text(ENVIRONMENT.format(folder=tmp_path / "kept", program=opentofu))
    (config / "policies/ours/1").mkdir(parents=True)
    (config / "policies/ours/1/no-loss.yaml").write_text(POLICY)

    async def offered(words: str, wanted: dict[str, str]) -> Deployment:
        run_id = await world.push_files(words, wanted)
        view = await world.until(lambda: world.server.views.run(run_id), lambda view: view.deployments)
        return await world.reached(view.deployments[0].id, state=DeploymentState.WAITING)

    async def changes(deployment: Deployment) -> list[object]:
        revision = await world.server.store.releases.revision(deployment.revision_id)
        return [item.object["spec"]["after"] for item in revision.objects if item.kind == "ResourceChange"]

    async def ended(deployment: Deployment) -> str:
        over = await world.reached(deployment.id)
        assert over.verdict
        return f"{over.verdict.kind.value}: {over.verdict.reason}"

    async with world.knowing_the_shop():
        first = await offered("one", files("1"))
        assert (await changes(first))[0]["input"] == 1  # type: ignore[index]
        await world.server.approvals.approve(first.id, by=SAM)
        assert await ended(first) == "deployed: Everything is ready."

        second = await offered("two", files("2"))
        state = tmp_path / "kept/states/base/network/terraform.tfstate"
        content = json.loads(state.read_text())
        state.write_text(json.dumps({**content, "serial": content["serial"] + 1}))
        await world.server.approvals.approve(second.id, by=SAM)
        again = await world.until(
            lambda: world.server.store.deployments.get(second.id),
            lambda now: now.revision_id != second.revision_id and now.state is DeploymentState.WAITING,
        )
        assert again.note
        assert "planned anew" in again.note
        await world.server.approvals.approve(second.id, by=SAM)
        assert await ended(second) == "deployed: Everything is ready."

        back = await world.server.requests.rollback("shop", "dev", by=SAM)
        asked = await world.until(
            lambda: world.server.store.deployments.get(back.id),
            lambda now: now.revision_id != first.revision_id and now.state is DeploymentState.WAITING,
        )
        assert (await changes(asked))[0]["input"] == 1  # type: ignore[index]
