"""Approvals, requests of people, cancelled runs and changed secrets, on an engine and destination that pretend."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from sealane import clock, composition
from sealane.access.model import Actor
from sealane.destinations.dummy.state import State, Stored
from sealane.errors import Conflicting, Refused
from sealane.pipelines.model import RunStatus, StepStatus
from sealane.records.deployments import Deployment, DeploymentKind, DeploymentState
from sealane.records.scopes import EVERYTHING
from sealane.server.pages.presenters import deployments as presenting
from sealane.verdicts.model import VerdictKind
from sealane.workflows.release_requests import Given
from tests.integration.inside import Inside
from tests.recovery.shop import ADMIN

PIPELINE = """app: shop
steps: STEPS
deliver:
  - formation: dev
  - {formation: production, approval: {by: sre}}
"""
STENCIL = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: registry.example.com/shop:1
          envFrom: [{secretRef: {name: "${secrets}"}}]
          env: [{name: WORDS, value: "${words}"}EXTRA]
"""
FORMATION = """formation: NAME
environment: NAME
destination: here
namespace: shop-NAME
values: {words: WORDS}
secrets: {PASSWORD: "env:PASSWORD"}
strategy: {healthy_for: 0s}
"""
ENVIRONMENT = """environment: NAME
destinations: {here: {dummy: {}}}
apps:
  shop: {namespaces: [shop-NAME], registries: ["registry.example.com/**"], secrets: ["env:PASSWORD"]}
policies: {packs: []}
"""
QUICK = "[{name: test, image: busybox, commands: [test]}]"
SLOW = '[{name: test, image: busybox, commands: [test], environment: {DUMMY_SLEEP: "SECONDS"}}]'
BAD = ', {name: DUMMY_EXIT_CODE, value: "1"}'

BOB = Actor(name="bob", groups=frozenset({"sre"}), via="token", deploys=EVERYTHING)
ANN = Actor(name="ann", groups=frozenset({"sre", "developers"}), via="token", deploys=EVERYTHING)
DEV = Actor(name="dan", groups=frozenset({"developers"}), via="token", deploys=EVERYTHING)


class World(Inside):
    """A shop with two formations, and its server."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        for name in ("dev", "production"):
            file = self.shop.data / "config" / "environments" / f"{name}.yaml"
            file.write_text(ENVIRONMENT.replace("NAME", name))

    async def push(
        self,
        words: str,
        *,
        extra: str = "",
        steps: str = QUICK,
        more: str = "",
        changed: Mapping[str, str] | None = None,
    ) -> str:
        """Pushes a version and gives its run."""
        files = {
            ".sealane.yml": PIPELINE.replace("STEPS", steps),
            "deploy/stencils/web.yaml": STENCIL.replace("EXTRA", extra) + more,
        }
        for name in ("dev", "production"):
            text = FORMATION.replace("NAME", name).replace("WORDS", words)
            for old, new in (changed or {}).items() if name == "dev" else ():
                text = text.replace(old, new)
            files[f"deploy/formations/{name}.yaml"] = text
        return await self.push_files(words, files)

    async def ended(self, run_id: str) -> RunStatus:
        """The run's status once it has ended."""
        view = await self.until(lambda: self.server.views.run(run_id), lambda view: view.run.ended is not None)
        return view.run.status

    async def deployment(
        self, formation: str, run_id: str, *, state: DeploymentState = DeploymentState.ENDED
    ) -> Deployment:
        """The run's deployment to the formation once it has got there."""
        await self.ended(run_id)
        view = await self.server.views.run(run_id)
        asked = next(delivery for delivery in view.deployments if delivery.formation == formation)
        return await self.reached(asked.id, state=state)

    async def running(self, run_id: str) -> None:
        """Waits until a step of the run is running."""
        look = self.server.views.run
        await self.until(
            lambda: look(run_id), lambda view: any(step.status is StepStatus.RUNNING for step in view.steps)
        )


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """A server that knows the shop."""
    monkeypatch.setenv("SEALANE_SECRET_SHOP__PASSWORD", "first-password")
    made = World(tmp_path)
    async with made.knowing_the_shop():
        yield made


async def test_approval_by_another_person_opens_the_gate(world: World) -> None:
    """Who asked, and who is in no group asked, is refused with the reason; nobody decides twice."""
    asked = await world.deployment("production", await world.push("v1"), state=DeploymentState.WAITING)

    with pytest.raises(Refused, match="ann wrote a commit of it, and who writes does not approve"):
        await world.server.approvals.approve(asked.id, by=ANN)
    with pytest.raises(Refused, match="dan is in none of the groups asked: sre"):
        await world.server.approvals.approve(asked.id, by=DEV)
    await world.server.approvals.approve(asked.id, by=BOB, comment="fine")

    assert (await world.reached(asked.id)).verdict_kind is VerdictKind.DEPLOYED
    with pytest.raises(Conflicting, match="does not wait for anybody any more"):
        await world.server.approvals.approve(asked.id, by=BOB)


async def test_a_no_ends_it_as_cancelled(world: World) -> None:
    """With the words of who said no."""
    asked = await world.deployment("production", await world.push("v1"), state=DeploymentState.WAITING)

    await world.server.approvals.reject(asked.id, by=BOB, comment="not today")

    ended = await world.reached(asked.id)
    assert ended.verdict is not None
    assert (ended.verdict.kind, ended.verdict.reason) == (VerdictKind.CANCELLED, "bob rejected it: not today")


async def test_what_waits_behind_a_failed_delivery_is_cancelled(world: World) -> None:
    """Nobody is asked to approve what failed in dev."""
    run = await world.push("v1", extra=BAD)

    waiting = await world.deployment("production", run)

    assert waiting.verdict is not None
    assert waiting.verdict.reason == "dev, which comes before it, failed"
    assert await world.server.views.approvals_waiting() == ()


async def test_a_secret_that_changes_after_approval_was_asked_for_asks_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What would run is not what was looked at; the old vote does not count for it."""
    run = await world.push("v1")
    asked = await world.deployment("production", run, state=DeploymentState.WAITING)
    await world.deployment("dev", run)
    monkeypatch.setenv("SEALANE_SECRET_SHOP__PASSWORD", "second-password")
    await world.server.approvals.approve(asked.id, by=BOB)

    async with asyncio.timeout(30):
        while (again := await world.server.store.deployments.get(asked.id)).revision_id == asked.revision_id:  # noqa: ASYNC110
            await asyncio.sleep(0.02)

    assert again.state is DeploymentState.WAITING
    assert again.note is not None
    assert "approval is asked again" in again.note
    await world.server.approvals.approve(asked.id, by=BOB)
    assert (await world.reached(asked.id)).verdict_kind is VerdictKind.DEPLOYED


async def test_going_back_finds_the_old_secret_though_its_value_is_gone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Secret is named for what it holds and was kept."""
    await world.deployment("dev", await world.push("v1"))
    monkeypatch.setenv("SEALANE_SECRET_SHOP__PASSWORD", "second-password")
    await world.deployment("dev", await world.push("v2"))

    back = await world.reached((await world.server.requests.rollback("shop", "dev", by=DEV)).id)

    assert (back.kind, back.verdict_kind) == (DeploymentKind.ROLLBACK, VerdictKind.DEPLOYED)
    there = State(world.shop.data / "dummies" / "dev" / "here.json").read().objects.values()
    web = next(stored.manifest for stored in there if stored.manifest["kind"] == "Deployment")
    named = web["spec"]["template"]["spec"]["containers"][0]["envFrom"][0]["secretRef"]["name"]
    assert named in {stored.manifest["metadata"]["name"] for stored in there if stored.manifest["kind"] == "Secret"}


async def test_a_person_goes_back_to_a_revision_by_any_of_its_names(world: World) -> None:
    """A number, the deployment's id, the revision's or how that begins; what never was is refused."""
    first = await world.deployment("dev", await world.push("v1"))
    await world.deployment("dev", await world.push("v2"))
    beginning = first.revision_id.removeprefix("sha256:")[:7]

    for named in ("99", beginning[:5]):
        with pytest.raises(Refused, match=f"the revision {named} never was there"):
            await world.server.requests.rollback("shop", "dev", to=named, by=DEV)
    for named in ("1", "#1", first.id, first.revision_id, beginning):
        back = await world.server.requests.rollback("shop", "dev", to=named, by=DEV)
        assert back.revision_id == first.revision_id
    assert (await world.reached(back.id)).verdict_kind is VerdictKind.DEPLOYED


async def test_a_release_is_sent_somewhere_by_hand_under_a_number_of_its_own(world: World) -> None:
    """It passes the operators' rules; without any it goes by itself."""
    run = await world.push("v1")
    await world.deployment("dev", run)
    await world.deployment("dev", await world.push("v2"))
    first = (await world.server.views.run(run)).release
    assert first is not None

    sent = await world.server.requests.deploy("shop", "dev", release=first.deploy_tag, by=DEV)

    done = await world.reached(sent.id)
    assert (done.kind, done.sequence, done.release_id) == (DeploymentKind.MANUAL, 3, first.id)
    assert done.verdict_kind is VerdictKind.DEPLOYED


async def test_a_held_release_is_not_promoted_until_somebody_lifts_the_hold(world: World) -> None:
    """The reason names the failure; lifting opens the gate."""
    await world.deployment("dev", await world.push("v1"))
    run = await world.push("v2", extra=BAD)
    assert (await world.deployment("dev", run)).verdict_kind is VerdictKind.ROLLED_BACK
    bad = (await world.server.views.run(run)).release
    assert bad is not None

    sent = await world.server.requests.deploy("shop", "dev", release=bad.id, by=DEV)

    assert sent.state is DeploymentState.WAITING
    why = await world.server.views.why(sent.id)
    assert "a hold on shop #2 and older at shop/dev" in why.sentence
    await world.server.requests.lift_hold("shop", "dev", by=DEV, reason="to see it fail again")
    assert (await world.reached(sent.id)).verdict_kind is VerdictKind.ROLLED_BACK


async def test_a_failed_release_gives_back_what_a_person_let_it_take_over(world: World) -> None:
    """The server's way back: the object is as somebody made it, nobody's, and the verdict names it."""
    await world.deployment("dev", await world.push("v1"))
    hand = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "quota", "namespace": "shop-dev", "labels": {"by": "hand"}},
        "data": {"requests": "12"},
    }
    state = State(world.shop.data / "dummies" / "dev" / "here.json")
    text = "|ConfigMap|shop-dev|quota"
    ours = "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: quota}\ndata: {requests: '1'}\n"
    run = await world.push("v2", extra=BAD, more=ours)
    assert (await world.deployment("dev", run)).verdict_kind is VerdictKind.ROLLED_BACK
    with state.write() as content:
        content.objects[text] = Stored(manifest=hand, uid="by-hand", version=content.next(), since=clock.now())
    release = (await world.server.views.run(run)).release
    assert release is not None
    await world.server.requests.lift_hold("shop", "dev", by=DEV, reason="the object may be taken over")
    given = Given(adopt=True)
    sent = await world.server.requests.deploy("shop", "dev", release=release.id, by=DEV, given=given)

    done = await world.reached(sent.id)

    assert done.verdict is not None
    assert done.verdict.kind is VerdictKind.ROLLED_BACK
    assert "ConfigMap shop-dev/quota" in done.verdict.reason
    assert state.read().objects[text].manifest == hand
    formation = await world.server.store.formations.get("shop", "dev")
    assert "quota" not in {ref.name for ref in formation.inventory}


async def test_a_way_back_that_is_closed_is_told_on_the_page_and_before_the_next_deployment(world: World) -> None:
    """Somebody else took a name that only the older revision has."""
    theirs = "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: quota}\ndata: {requests: '1'}\n"
    first = await world.deployment("dev", await world.push("v1", more=theirs))
    state = State(world.shop.data / "dummies" / "dev" / "here.json")
    text = "|ConfigMap|shop-dev|quota"
    with state.write() as content:
        old = content.objects[text]
        labels = {**old.manifest["metadata"]["labels"], "sealane.dev/formation": "other"}
        taken = {**old.manifest, "metadata": {**old.manifest["metadata"], "labels": labels}}
        content.objects[text] = Stored(manifest=taken, uid=old.uid, version=content.next(), since=clock.now())

    second = await world.deployment("dev", await world.push("v2"))

    shut = "would be refused: ConfigMap shop-dev/quota: it belongs to shop/other"
    assert (first.verdict_kind, first.way_back) == (VerdictKind.DEPLOYED, None)
    assert second.verdict_kind is VerdictKind.DEPLOYED
    assert second.way_back is not None
    assert shut in second.way_back
    view = await world.server.views.deployment(second.id)
    assert any(entry.text.startswith("should this fail, a rollback to ") for entry in view.timeline)
    row = next(row for row in await world.server.views.overview() if row.formation == "dev")
    assert row.current is not None
    assert row.current.way_back == second.way_back
    why = await world.server.views.why(second.id)
    page = presenting.deployment(view, ANN, now=clock.now(), why=why, pending=())
    assert shut in page.explanation


async def test_what_a_formation_leaves_behind_is_told_and_deleted_with_a_yes(world: World) -> None:
    """By a move to another namespace, and then to another destination; the deployment's page, `why` and the overview tell it."""
    file = world.shop.data / "config" / "environments" / "dev.yaml"
    text = ENVIRONMENT.replace("NAME", "dev").replace("[shop-dev]", "[shop-dev, shop-next]")
    file.write_text(text.replace("{here: {dummy: {}}}", "{here: {dummy: {}}, there: {dummy: {}}}"))
    moved = {"namespace: shop-dev": "namespace: shop-next"}

    def there(destination: str) -> set[str]:
        state = State(world.shop.data / "dummies" / "dev" / f"{destination}.json").read()
        left_behind = [
            stored.manifest["metadata"] for stored in state.objects.values() if stored.manifest["kind"] == "Deployment"
        ]
        return {f"{left['namespace']}/{left['name']}" for left in left_behind}

    async def confirmed(run: str) -> Deployment:
        release = (await world.server.views.run(run)).release
        assert release is not None
        given = Given(confirmed=True)
        sent = await world.server.requests.deploy("shop", "dev", release=release.id, by=DEV, given=given)
        return await world.reached(sent.id)

    await world.deployment("dev", await world.push("v1"))
    bad = await world.deployment("dev", await world.push("v2", extra=BAD, changed=moved))
    assert (bad.verdict_kind, there("here")) == (VerdictKind.ROLLED_BACK, {"shop-dev/web"})
    assert (await world.server.store.formations.get("shop", "dev")).namespace == "shop-dev"

    run = await world.push("v3", changed=moved)
    done = await world.deployment("dev", run)
    assert (done.verdict_kind, there("here")) == (VerdictKind.DEPLOYED, {"shop-dev/web", "shop-next/web"})
    assert "left Deployment shop-dev/web" in (done.note or "")
    story = [entry.text for entry in (await world.server.views.deployment(done.id)).timeline]
    assert any("moves from namespace shop-dev to shop-next" in line for line in story)
    assert (await confirmed(run)).verdict_kind is VerdictKind.DEPLOYED
    assert there("here") == {"shop-next/web"}

    moved["destination: here"] = "destination: there"
    failed = await world.deployment("dev", await world.push("v4", extra=BAD, changed=moved))
    assert failed.verdict is not None
    assert failed.verdict.kind is VerdictKind.FAILED
    assert "it moves here from destination here, where the last verified revision still is" in failed.verdict.reason
    run = await world.push("v5", changed=moved)
    done = await world.deployment("dev", run)
    assert (done.verdict_kind, there("here"), there("there")) == (
        VerdictKind.DEPLOYED,
        {"shop-next/web"},
        {"shop-next/web"},
    )
    assert "the formation is no longer at destination here" in (done.note or "")
    assert "run beside the new ones" in str((await world.server.views.deployment(done.id)).timeline)
    assert (await confirmed(run)).note is None or there("here") == set()
    assert (there("here"), there("there")) == (set(), {"shop-next/web"})
    assert (await world.server.store.formations.get("shop", "dev")).behind == ()


async def test_a_cancelled_run_stops_its_step_and_delivers_nothing(world: World) -> None:
    """The rest is left out, and says so."""
    run = await world.push("v1", steps=SLOW.replace("SECONDS", "60"))
    await world.running(run)

    await world.server.requests.cancel_run(run, by=DEV)

    assert await world.ended(run) is RunStatus.CANCELLED
    view = await world.server.views.run(run)
    assert view.run.reason == "dan cancelled it"
    assert [step.status for step in view.steps] == [StepStatus.CANCELLED, StepStatus.SKIPPED, StepStatus.SKIPPED]
    with pytest.raises(Conflicting):
        await world.server.requests.cancel_run(run, by=DEV)


async def test_a_run_is_run_again_as_a_new_one(world: World) -> None:
    """Though it is the same push; who asked stands there."""
    first = await world.push("v1")
    await world.ended(first)

    await world.server.access.add_user("dan", frozenset({"administrators"}), by=ADMIN)
    again = await world.server.requests.rerun(first, by=DEV)

    assert again != first
    assert await world.ended(again) is RunStatus.PASSED
    assert (await world.server.views.run(again)).run.requested_by == "dan"


async def test_deployments_of_one_formation_go_one_after_the_other(world: World) -> None:
    """However fast they are pushed; each comes to its own verdict, and the last one is there."""
    runs = [await world.push(f"v{number}") for number in range(1, 5)]

    ended = [await world.deployment("dev", run) for run in runs]

    spans = sorted(
        (deployment.started, deployment.ended) for deployment in ended if deployment.started and deployment.ended
    )
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))
    (dev,) = (row for row in await world.server.views.overview() if row.formation == "dev")
    assert dev.current is not None
    assert dev.current.sequence == 4


async def test_ended_workflows_are_forgotten_but_not_what_came_of_them(world: World) -> None:
    """A second look finds nothing left, and nothing runs again."""
    run = await world.push("v1")
    await world.deployment("dev", run)
    client = world.server.queueing.client
    async with asyncio.timeout(30):
        while await client.list_workflows_async(status=["PENDING", "ENQUEUED"]):  # noqa: ASYNC110
            await asyncio.sleep(0.02)

    assert await world.server.queueing.forget(clock.now() - timedelta(days=1)) == 0
    assert await world.server.queueing.forget(clock.now() + timedelta(days=1)) == 2
    assert await world.server.queueing.forget(clock.now() + timedelta(days=1)) == 0
    assert (await world.server.views.run(run)).run.status is RunStatus.PASSED
    assert await client.list_workflows_async() == []


async def test_only_one_server_serves_a_data_folder(world: World) -> None:
    """The second one is told, and what to do."""
    with pytest.raises(Exception, match="another Sealane serves from"):
        await composition.start(world.server.settings)


async def test_nobody_else_becomes_administrator_by_starting_again(world: World) -> None:
    """The token of the first start is shown once."""
    assert world.server.first_token is not None
    await world.server.destroy()
    await world.start()

    assert world.server.first_token is None
    assert ADMIN.name in {user.name for user in await world.server.access.users()}
