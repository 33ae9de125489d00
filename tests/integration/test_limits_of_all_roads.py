"""Roads by limits on a whole server: operators change their file, and every way to a deployment goes by it from then on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from sealane.errors import InvalidFiles, Refused
from sealane.records.deployments import Deployment, DeploymentState
from sealane.verdicts.model import VerdictKind
from sealane.workflows.artifact_requests import Artifact
from tests.integration.test_operations import Fleet
from tests.integration.test_workflows import ANN, BOB, DEV, ENVIRONMENT, FORMATION, STENCIL, World

LIMITS = {
    "app": ("  shop:", "  other:", "shop may not come to"),
    "namespace": ("[shop-NAME]", "[shop-elsewhere]", "the namespace shop-NAME is not open to shop in NAME"),
    "secrets": ('"env:PASSWORD"', '"env:ANOTHER"', "env:PASSWORD is not open to shop in NAME"),
    "registries": (
        "registry.example.com",
        "mirror.example.com",
        "the image registry.example.com/shop:1 is not authorised",
    ),
    "kinds": ("registries:", "deny_kinds: [Deployment], registries:", "objects of kind Deployment are denied to shop"),
    "policies": ("packs: []", "packs: [default@1]", "Deployment web: "),
}
"""Old text, new text, and what is said of what was allowed before."""
APPROVALS = ("registries:", "approvals: {by: [sre], count: COUNT}, registries:")
CID = replace(BOB, name="cid")
"""Another approver, who wrote nothing."""
PAIR = ("eu", "us")
HELD = "strategy: {canary: {steps: [{weight: 50}, {pause: {}}]}, healthy_for: 0s}"


class Changing(World):
    """A shop whose operators change what is allowed."""

    def allow(self, name: str, old: str = "", new: str = "", more: str = "") -> None:
        """Writes the operators' file, with a text put in place of another."""
        file = self.shop.data / "config" / "environments" / f"{name}.yaml"
        assert old in ENVIRONMENT
        file.write_text((ENVIRONMENT.replace(old, new) if old else ENVIRONMENT).replace("NAME", name) + more)

    async def failing(self, words: str) -> Deployment:
        """Pushes a version that waits for a word half-way, on which it fails."""
        held = {"strategy: {healthy_for: 0s}": HELD}
        run_id = await self.push(words, changed=held)
        view = await self.until(
            lambda: self.server.views.run(run_id), lambda view: [d for d in view.deployments if d.formation == "dev"]
        )
        made = next(deployment for deployment in view.deployments if deployment.formation == "dev")
        await self.until(lambda: self.server.store.gates.of(made.id), bool)
        return made


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Changing]:
    """A server that knows the shop."""
    monkeypatch.setenv("SEALANE_SECRET_SHOP__PASSWORD", "first-password")
    made = Changing(tmp_path)
    async with made.knowing_the_shop():
        yield made


async def test_what_people_ask_for_is_held_against_the_file_as_it_is_now(world: Changing) -> None:
    """A revision once more (which is what `drift --fix` asks for), a promotion, going back, scaling."""
    await world.deployment("dev", await world.push("v1"))
    there = await world.deployment("dev", await world.push("v2"))
    requests = world.server.requests
    roads = {
        "again": lambda: requests.deploy("shop", "dev", revision=there.revision_id, by=DEV),
        "promotion": lambda: requests.deploy("shop", "dev", release=there.release_id, by=DEV),
        "back": lambda: requests.rollback("shop", "dev", by=DEV),
        "scale": lambda: requests.scale("shop", "dev", "web", 3, by=DEV),
        "built elsewhere": lambda: world.server.artifacts.deploy(
            Artifact(app="shop", formation="dev", version="v9"), by=DEV
        ),
    }
    for old, new, said in LIMITS.values():
        world.allow("dev", old, new)
        for ask in roads.values():
            with pytest.raises((Refused, InvalidFiles), match=said.replace("NAME", "dev")) as refused:
                await ask()
            assert str(world.shop.data) not in str(refused.value)
    newest = (await world.server.store.deployments.history("shop", "dev"))[0]
    assert newest.id == there.id, "nothing was offered"
    assert "v9" not in {release.deploy_tag for release in await world.server.store.releases.of("shop")}

    for count, (road, ask) in enumerate(roads.items(), start=1):
        world.allow("dev", *(text.replace("COUNT", str(count)) for text in APPROVALS))
        asked = await ask()
        assert (road, asked.state, [rule.count for rule in asked.rules]) == (road, DeploymentState.WAITING, [count])
        await world.server.approvals.reject(asked.id, by=BOB)
    world.allow("dev")
    assert (await world.reached((await roads["back"]()).id)).verdict_kind is VerdictKind.DEPLOYED


async def test_what_waited_is_held_against_the_file_when_it_begins(world: Changing) -> None:
    """What may not come any more ends with the reason, and holds nothing up; more approvals are asked for first."""
    first = await world.push("v1")
    await world.deployment("dev", first)
    for old, new, said in LIMITS.values():
        world.allow("production", *(text.replace("COUNT", "1") for text in APPROVALS))
        asked = await world.server.requests.deploy("shop", "production", by=DEV)
        assert said.replace("NAME", "production") not in await told(world, asked)
        world.allow("production", old, new)
        assert said.replace("NAME", "production") in await told(world, asked), "at once, not only when it begins"
        await world.server.approvals.approve(asked.id, by=BOB)
        ended = await world.reached(asked.id)
        assert ended.verdict is not None
        assert (ended.verdict.kind, ended.verdict.untouched) == (VerdictKind.FAILED, True)
        assert said.replace("NAME", "production") in ended.verdict.reason
        assert "nothing was written" in ended.verdict.reason
    assert await world.server.store.holds.open("shop") == ()

    world.allow("production", *(text.replace("COUNT", "1") for text in APPROVALS))
    asked = await world.server.requests.deploy("shop", "production", by=DEV)
    world.allow("production", *(text.replace("COUNT", "2") for text in APPROVALS))
    await world.server.approvals.approve(asked.id, by=BOB)
    more = await world.until(
        lambda: world.server.store.deployments.get(asked.id),
        lambda deployment: deployment.note and "more approvals" in deployment.note,
    )
    assert (more.state, [rule.count for rule in more.rules]) == (DeploymentState.WAITING, [2])
    await world.server.approvals.approve(asked.id, by=CID)
    assert (await world.reached(asked.id)).verdict_kind is VerdictKind.DEPLOYED


async def told(world: Changing, asked: Deployment) -> str:
    """What is said of a deployment that waits: by `why` and its page, and where it is asked for."""
    why = await world.server.views.why(asked.id)
    (pending,) = [item for item in await world.server.views.pending() if item.deployment.id == asked.id]
    reason = why.sentence.partition("to allow it again: ")[2].partition(", and for")[0]
    assert reason in pending.asks
    assert bool(reason) == ("as the files are now it would be refused" in pending.asks)
    return reason


@pytest.mark.parametrize("limit", LIMITS)
async def test_an_automatic_rollback_is_held_against_the_file_too(world: Changing, limit: str) -> None:
    """It ends as `rollback_failed` with the reason, unless operators let that environment go back all the same."""
    good = await world.deployment("dev", await world.push("v1"))
    assert good.verdict_kind is VerdictKind.DEPLOYED
    old, new, said = LIMITS[limit]
    ended = {}
    for number, (more, kind) in enumerate(
        (("", VerdictKind.ROLLBACK_FAILED), ("rollback: {allow_outdated: true}\n", VerdictKind.ROLLED_BACK)), start=2
    ):
        world.allow("dev")
        made = await world.failing(f"v{number}")
        world.allow("dev", old, new, more)
        (asked,) = await world.server.store.gates.of(made.id)
        await world.server.speaking.say(made.id, asked.gate, passes=False, by=ANN, reason="looks bad")
        ended[kind] = await world.reached(made.id)
        assert ended[kind].verdict_kind is kind, ended[kind].verdict
    refused = ended[VerdictKind.ROLLBACK_FAILED].verdict
    assert refused is not None
    assert "is not allowed any more: " in refused.reason
    assert said.replace("NAME", "dev") in refused.reason
    story = (await world.server.views.deployment(ended[VerdictKind.ROLLED_BACK].id)).timeline
    assert any("rolls back though" in line.text and said.replace("NAME", "dev") in line.text for line in story)


async def test_approvals_that_are_new_do_not_keep_it_from_an_automatic_rollback(world: Changing) -> None:
    """It brings nothing that was not there."""
    await world.deployment("dev", await world.push("v1"))
    made = await world.failing("v2")
    world.allow("dev", *(text.replace("COUNT", "1") for text in APPROVALS))
    (asked,) = await world.server.store.gates.of(made.id)
    await world.server.speaking.say(made.id, asked.gate, passes=False, by=ANN, reason="looks bad")
    assert (await world.reached(made.id)).verdict_kind is VerdictKind.ROLLED_BACK


async def test_a_group_goes_back_only_to_what_is_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The member that may not go back says why."""
    monkeypatch.setenv("SEALANE_SECRET_SHOP__PASSWORD", "first-password")
    fleet = Fleet(tmp_path)
    async with fleet.knowing_the_shop():
        assert await fleet.settled(await _together(fleet, "v0")) == "all of it is where it was meant to be"
        for number, (old, new, said) in enumerate(LIMITS.values(), start=1):
            fleet.environment("eu")
            run_id = await _together(fleet, f"v{number}", us=HELD)
            run = await fleet.until(
                lambda run_id=run_id: fleet.server.views.run(run_id), lambda view: len(view.deployments) == len(PAIR)
            )
            (us,) = (deployment for deployment in run.deployments if deployment.formation == "us")
            (asked,) = await fleet.until(lambda us=us: fleet.server.store.gates.of(us.id), bool)
            file = fleet.shop.data / "config" / "environments" / "eu.yaml"
            file.write_text(ENVIRONMENT.replace(old, new).replace("NAME", "eu"))
            await fleet.server.speaking.say(us.id, asked.gate, passes=False, by=ANN, reason="looks bad")
            outcome = await fleet.settled(run_id)
            (back,) = await fleet.backs(run_id)
            assert outcome.endswith("eu did not get back"), outcome
            assert back.verdict is not None
            assert (back.verdict.kind, back.verdict.untouched) == (VerdictKind.FAILED, True)
            assert said.replace("NAME", "eu") in back.verdict.reason


async def _together(fleet: Fleet, words: str, us: str = "") -> str:
    """Pushes a version that goes to two formations together, to `us` in a way of its own; gives its run."""
    files = {
        ".sealane.yml": f"app: shop\ndeliver:\n  - formations: [{', '.join(PAIR)}]\n",
        "deploy/stencils/web.yaml": STENCIL.replace("EXTRA", ""),
    }
    for name in PAIR:
        text = FORMATION.replace("NAME", name).replace("WORDS", words)
        held = text.replace("strategy: {healthy_for: 0s}", us)
        files[f"deploy/formations/{name}.yaml"] = held if us and name == "us" else text
    return await fleet.push_files(words, files)
