"""On a server: people approve a plan, that plan is applied, and one that can't be applied any more is planned and asked anew."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from sealane.access.model import Actor
from sealane.errors import NotThere
from sealane.events.model import EventKind
from sealane.pipelines import run_status
from sealane.pipelines.model import StepStatus
from sealane.records.deployments import Deployment, DeploymentState
from sealane.records.runs import RunStep
from sealane.records.scopes import EVERYTHING, Scope
from sealane.verdicts.model import VerdictKind
from sealane.workflows.steps import outputs, pull_request_plans
from tests.integration.inside import Inside
from tests.recovery.shop import pushed

SAM = Actor(name="sam", groups=frozenset({"sre"}), via="token", deploys=EVERYTHING)
ENVIRONMENT = """environment: dev
destinations: {{network: {{opentofu: {{folder: {folder}, program: {program}, pull_requests: {{}}}}}}}}
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
NOTICES = """targets: {hook: {webhook: {url: "https://hooks.example.com/x"}}}
notices: [{to: hook, of: [plan.passed, plan.failed], environments: [dev]}]
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
    written = ENVIRONMENT.format(folder=tmp_path / "kept", program=opentofu)
    (config / "environments/dev.yaml").write_text(written)
    (config / "notices.yaml").write_text(NOTICES)
    (config / "policies/ours/1").mkdir(parents=True)
    (config / "policies/ours/1/no-loss.yaml").write_text(POLICY)

    async def offered(words: str, wanted: dict[str, str]) -> Deployment:
        run_id = await world.push_files(words, wanted)
        view = await world.until(lambda: world.server.views.run(run_id), lambda view: view.deployments)
        return await world.reached(view.deployments[0].id, state=DeploymentState.WAITING)

    async def proposed(words: str, wanted: dict[str, str]) -> tuple[RunStep, str]:
        """What becomes of a pull request's plan, and its log."""
        commit = world.shop.commit_files(words, wanted)
        world.shop.push()
        event = replace(pushed(commit), kind=EventKind.PULL_REQUEST, ref="refs/pull/7/head")
        run_id = (await world.server.intake.receive(event)).run_id
        view = await world.until(lambda: world.server.views.run(run_id), lambda view: view.run.ended)
        assert view.deployments == ()
        (step,) = (step for step in view.steps if step.key == "plan/dev")
        assert view.run.status is run_status.fold(step.status for step in view.steps)
        elsewhere = world.server.views.within(Scope(places=frozenset({("shop", "qa")})))
        assert "plan/dev" not in [step.key for step in (await elsewhere.run(run_id)).steps]
        if step.status is not StepStatus.SKIPPED:
            with pytest.raises(NotThere):
                await elsewhere.log(run_id, "plan/dev")
        return step, (await world.server.views.log(run_id, "plan/dev")).data.decode()

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

        record, before = tmp_path / "kept/records/base/network.json", len(list((tmp_path / "kept/plans").rglob("*")))
        there = record.read_bytes(), state.read_bytes()
        planned, log = await proposed("two more", files("3"))
        assert (planned.status, planned.reason) == (StepStatus.PASSED, "1 to change")
        assert (
            log
            == "network: 1 to change\n  ~ terraform_data.net  change\n      input: 2 → 3\n      output: 2 → <known after apply>\n"
        )
        gone, log = await proposed("nothing any more", {**files("2"), "infra/main.tf": 'variable "size" {}\n'})
        assert gone.status is StepStatus.FAILED
        assert gone.reason
        assert gone.reason.endswith("nothing is deleted here"), "policies see what a plan does"
        assert "  - terraform_data.net  delete (delete because no resource config)\n" in log
        assert "error: deploy/stencils/network.yaml:4:7: " in log
        assert (record.read_bytes(), state.read_bytes()) == there
        assert len(list((tmp_path / "kept/plans").rglob("*"))) == before
        told = await world.until(world.server.store.notices.listed, lambda told: len(told) == 2)
        assert {item.notice.title for item in told} == {
            "shop/dev on pull/7: planned",
            "shop/dev on pull/7: would not be deployed",
        }
        assert {item.notice.text for item in told} == {"1 to change.", f"{gone.reason}."}
        (config / "environments/dev.yaml").write_text(written.replace(", pull_requests: {}", ""))
        left_out, log = await proposed("two more", files("4"))
        assert (left_out.status, left_out.reason, log) == (StepStatus.SKIPPED, pull_request_plans.NOT_ALLOWED, "")

        back = await world.server.requests.rollback("shop", "dev", by=SAM)
        asked = await world.until(
            lambda: world.server.store.deployments.get(back.id),
            lambda now: now.revision_id != first.revision_id and now.state is DeploymentState.WAITING,
        )
        assert (await changes(asked))[0]["input"] == 1  # type: ignore[index]


OPEN = """environment: dev
destinations: {{network: {{opentofu: {{folder: {folder}, program: {program}}}}}, here: {{dummy: {{}}}}}}
apps: {{shop: {{namespaces: [base]}}}}
policies: {{packs: []}}
"""
WEB = {
    ".sealane.yml": "app: shop\ndeliver: [dev, web]\n",
    "deploy/formations/web.yaml": (
        "formation: web\nenvironment: dev\ndestination: here\nnamespace: base\n"
        'stencils: {include: [web.yaml]}\nvalues: {data: "tofu:dev#data"}\nstrategy: {healthy_for: 0s}\n'
    ),
    "deploy/stencils/web.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: ${data}\n",
}
OUTPUT = 'output "data" { value = { size = tostring(terraform_data.net.output) } }\n'


async def test_what_a_formation_gives_reaches_the_next_one_of_the_same_release(tmp_path: Path, opentofu: str) -> None:
    world = Inside(tmp_path)
    environment = OPEN.format(folder=tmp_path / "kept", program=opentofu)
    (world.shop.data / "config/environments/dev.yaml").write_text(environment)

    async def delivered(words: str, size: str) -> tuple[Deployment, list[object]]:
        wanted = {**files(size), **WEB}
        wanted["infra/main.tf"] += OUTPUT
        wanted["deploy/formations/dev.yaml"] += "stencils: {include: [network.yaml]}\n"
        run_id = await world.push_files(words, wanted)
        view = await world.until(lambda: world.server.views.run(run_id), lambda view: len(view.deployments) == 2)
        (web,) = (deployment for deployment in view.deployments if deployment.formation == "web")
        over = await world.reached(web.id)
        revision = await world.server.store.releases.revision(over.revision_id)
        return over, [output.value for output in revision.outputs]

    async with world.knowing_the_shop():
        first, values = await delivered("one", "1")
        assert first.verdict
        assert (first.verdict.kind, first.verdict.reason) == (VerdictKind.DEPLOYED, "Everything is ready.")
        assert values == [{"size": "1"}], "nobody knew it when the release was made"
        second, values = await delivered("two", "2")
        assert second.verdict_kind is VerdictKind.DEPLOYED
        assert values == [{"size": "2"}]
        assert second.note == outputs.CHANGED
        assert not (await world.server.looking.drift("shop", "web")).objects


async def test_a_plan_of_a_pull_request_that_hangs_ends_with_its_run(tmp_path: Path) -> None:
    program = tmp_path / "tofu"
    program.write_text("#!/bin/sh\nsleep 600\n")
    program.chmod(0o755)
    world = Inside(tmp_path)
    written = ENVIRONMENT.format(folder=tmp_path / "kept", program=program).replace("[ours@1]", "[]")
    (world.shop.data / "config/environments/dev.yaml").write_text(written)
    async with world.knowing_the_shop():
        commit = world.shop.commit_files("one", files("1"))
        world.shop.push()
        event = replace(pushed(commit), kind=EventKind.PULL_REQUEST, ref="refs/pull/7/head")
        run_id = (await world.server.intake.receive(event)).run_id
        previews = tmp_path / "kept/previews"
        await world.until(lambda: asyncio.to_thread(lambda: [*previews.glob("*/work")]), len)
        await world.server.requests.cancel_run(run_id, by=SAM)
        view = await world.until(lambda: world.server.views.run(run_id), lambda view: view.run.ended)
        assert [step.status for step in view.steps if step.key == "plan/dev"] == [StepStatus.CANCELLED]
        assert [path.name for path in previews.iterdir()] == [".lock"]
