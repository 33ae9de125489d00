"""What goes out when pushes, late messages and people's requests cross, on an engine and destination that pretend."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from sealane.records.deployments import DeploymentState
from sealane.verdicts.model import VerdictKind
from tests.integration.test_workflows import DEV, World
from tests.recovery.shop import ADMIN, pushed


class Later(World):
    """A shop whose pushes may be received and left unbuilt for a while."""

    sweep = 600.0  # one in between would begin what is kept
    kept = False

    async def push_files(self, words: str, files: Mapping[str, str]) -> str:
        """Pushes a version; while `kept` is set, no worker begins its run yet."""
        if not self.kept:
            return await super().push_files(words, files)
        commit = self.shop.commit_files(words, dict(files))
        self.shop.push()
        receipt = await self.server.store.events.receive(pushed(commit, before=self.before), source="git")
        kept = await self.server.store.run_queue.admit(lambda queue, running, workers: (receipt.run_id,))
        assert kept == (receipt.run_id,), "it has a slot, and nobody gives it another"
        await self.server.store.run_queue.mark_queued(receipt.run_id)
        self.before = commit
        return receipt.run_id

    async def push_and_keep(self, words: str) -> str:
        """A push that is received, and built when somebody says so."""
        self.kept = True
        run_id = await self.push(words)
        self.kept = False
        return run_id


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Later]:
    """A server that knows the shop."""
    monkeypatch.setenv("SEALANE_SECRET_SHOP__PASSWORD", "first-password")
    made = Later(tmp_path)
    async with made.knowing_the_shop():
        yield made


async def there(world: Later) -> str | None:
    """The deployment that is at dev."""
    return (await world.server.store.formations.get("shop", "dev")).current_id


async def test_a_push_that_was_being_built_goes_out_after_going_back(world: Later) -> None:
    """It comes later in commits than what was gone back to, though it was asked for before; its number says when it went."""
    first = await world.deployment("dev", await world.push("v1"))
    await world.deployment("dev", await world.push("v2"))
    run = await world.push_and_keep("v3")

    back = await world.server.requests.rollback("shop", "dev", by=DEV)
    back = await world.reached(back.id)
    assert (back.revision_id, back.verdict_kind) == (first.revision_id, VerdictKind.DEPLOYED)
    story = (await world.server.views.deployment(back.id)).timeline
    assert story[-1].text.startswith("holds shop #2 and older at dev; what is newer in commits goes on")

    await world.server.queueing.delivery(run)
    fix = await world.deployment("dev", run)
    assert fix.verdict_kind is VerdictKind.DEPLOYED
    assert (fix.asked, fix.place, await there(world)) == (3, 3, fix.id)
    assert fix.sequence > back.sequence
    assert any(
        "it was asked for as #3" in entry.text for entry in (await world.server.views.deployment(fix.id)).timeline
    )
    assert await world.server.store.holds.open("shop") == (), "a newer commit lifts the hold"


async def test_a_late_message_does_not_go_out_over_a_newer_commit_unless_a_person_asks(world: Later) -> None:
    """Told by git, not by when messages came; the answer names the command that sends it all the same."""
    await world.deployment("dev", await world.push("v1"))
    before = world.before
    more = "deploy/stencils/more.yaml"
    commits = [world.shop.commit_files(words, {more: CONFIG + words}) for words in ("v2", "v3")]
    world.shop.push()
    newest = (await world.server.intake.receive(pushed(commits[1], before=commits[0]))).run_id
    newer = await world.deployment("dev", newest)
    late = (await world.server.intake.receive(pushed(commits[0], before=before))).run_id
    ended = await world.deployment("dev", late)

    assert (newer.verdict_kind, ended.verdict_kind) == (VerdictKind.DEPLOYED, VerdictKind.SUPERSEDED)
    assert ended.verdict is not None
    assert ended.verdict.reason == "shop #2, which is newer in commits, came to shop/dev first."
    why = await world.server.views.why(ended.id)
    assert why.hint == f"sealane deploy shop/dev --release {ended.release_id}"
    assert (await world.server.views.run(late)).deliveries[0].hint == why.hint
    assert await there(world) == newer.id

    sent = await world.server.requests.deploy("shop", "dev", release=ended.release_id, by=DEV)
    assert (await world.reached(sent.id)).verdict_kind is VerdictKind.DEPLOYED
    assert await there(world) == sent.id


async def test_running_an_old_commit_again_stops_nothing_newer(world: Later) -> None:
    """It goes out, because a person asks; what was pushed since goes out after it, and the newest release stays that."""
    run = await world.push("v1")
    await world.deployment("dev", run)
    slow = await world.push_and_keep("v2")

    await world.server.access.add_user("dan", frozenset({"administrators"}), by=ADMIN)
    again = await world.deployment("dev", await world.server.requests.rerun(run, by=DEV))
    assert (again.verdict_kind, again.by_hand, again.place) == (VerdictKind.DEPLOYED, True, 1)
    await world.server.queueing.delivery(slow)
    newer = await world.deployment("dev", slow)

    assert (newer.verdict_kind, await there(world)) == (VerdictKind.DEPLOYED, newer.id)
    (release, *_) = await world.server.store.releases.of("shop")
    assert release.id == newer.release_id
    asked = await world.server.requests.deploy("shop", "dev", by=DEV)
    assert asked.release_id == newer.release_id
    await world.reached(asked.id, state=DeploymentState.ENDED)


CONFIG = """apiVersion: v1
kind: ConfigMap
metadata: {name: more}
data:
  words: """
