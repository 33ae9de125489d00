"""A release group of a real configuration of OpenTofu and a service: what the release made is taken back by a plan that people saw."""

from __future__ import annotations

import json
from pathlib import Path

from sealane.access.model import Actor
from sealane.records.deployments import DeploymentState
from sealane.records.release_groups import GroupStage
from sealane.records.scopes import EVERYTHING
from sealane.releases.deliveries import DeliveryOutcome
from tests.integration.inside import Inside

NETWORK = """environment: dev
destinations: {{network: {{opentofu: {{folder: {folder}, program: {program}}}}}}}
apps: {{shop: {{namespaces: [base]}}}}
policies: {{packs: []}}
"""
LIVE = """environment: live
destinations: {here: {dummy: {}}}
apps: {shop: {namespaces: [shop], registries: ["registry.example.com/**"]}}
policies: {packs: []}
"""
WEB = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "registry.example.com/shop:1", env: [BEHAVES]}]}
"""
BAD = '{name: DUMMY_EXIT_CODE, value: "1"}'
TOGETHER = {
    ".sealane.yml": "app: shop\ndeliver: [{formations: [dev, live]}]\n",
    "deploy/formations/dev.yaml": (
        "formation: dev\nenvironment: dev\ndestination: network\nnamespace: base\nstencils: {include: [network*]}\n"
        "values: {size: SIZE}\nstrategy: {healthy_for: 0s}\n"
    ),
    "deploy/formations/live.yaml": (
        "formation: live\nenvironment: live\ndestination: here\nnamespace: shop\nstencils: {include: [web*]}\n"
        "strategy: {healthy_for: 0s}\n"
    ),
    "deploy/stencils/network.yaml": (
        "apiVersion: opentofu.org/v1\nkind: Configuration\nmetadata: {name: network}\n"
        'spec: {folder: infra, variables: {size: "${size}"}}\n'
    ),
    "infra/main.tf": 'variable "size" {}\nresource "terraform_data" "net" {\n  count = var.size\n  input = count.index\n}\n',
}


async def test_a_release_group_asks_before_it_takes_infrastructure_back(tmp_path: Path, opentofu: str) -> None:
    """The service failed: the resource that the release made is deleted once somebody has seen that plan, and not before."""
    world = Inside(tmp_path)
    config = world.shop.data / "config/environments"
    (config / "dev.yaml").write_text(NETWORK.format(folder=tmp_path / "kept", program=opentofu))
    (config / "live.yaml").write_text(LIVE)

    async def sent(words: str, size: str, behaves: str = "") -> str:
        files = {path: text.replace("SIZE", size) for path, text in TOGETHER.items()}
        return await world.push_files(words, {**files, "deploy/stencils/web.yaml": WEB.replace("BEHAVES", behaves)})

    async with world.knowing_the_shop():
        views = world.server.views
        first = await sent("one", "1")
        await world.until(lambda: views.run(first), lambda view: view.groups and view.groups[0].outcome)
        second = await sent("two", "2", BAD)
        view = await world.until(lambda: views.run(second), lambda view: view.groups and view.groups[0].members[0].back)
        network, live = view.groups[0].members
        assert network.back
        assert live.forward
        assert (live.forward.state, live.back) == (DeliveryOutcome.ROLLED_BACK, None)
        back = await world.until(
            lambda: world.server.store.deployments.get(network.back.deployment),  # type: ignore[union-attr]
            lambda now: now.rules and now.state is DeploymentState.WAITING,
        )
        revision = await world.server.store.releases.revision(back.revision_id)
        planned = [item.object["spec"] for item in revision.objects if item.kind == "ResourceChange"]
        assert [(spec["address"], spec["actions"]) for spec in planned] == [("terraform_data.net[1]", ["delete"])]
        why = await views.why("shop/live")
        (told,) = why.groups
        assert told.members[0].back
        assert told.members[0].back.says == "waits for the approval of 1 more of approvers"
        approver = Actor(name="pat", groups=frozenset({"approvers"}), via="token", deploys=EVERYTHING)
        await world.server.approvals.approve(back.id, by=approver)
        over = await world.until(lambda: views.run(second), lambda view: view.groups[0].outcome)
        assert over.groups[0].stage is GroupStage.ROLLED_BACK
        state = json.loads((tmp_path / "kept/states/base/network/terraform.tfstate").read_text())
        assert [len(resource["instances"]) for resource in state["resources"]] == [1]
