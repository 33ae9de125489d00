"""kill -9 at every boundary of a blue-green switch, of a canary's steps and of their going back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .killing import Copying, Outcome, World, nursery, survive
from .shop import FORMATION, SECRETS, STENCILS, Shop, pushed

SERVICE = """---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
"""
STRATEGIES = {
    "blue_green": "{blue_green: {keep_old_for: 0s}, healthy_for: 0s}",
    "canary": "{canary: {steps: [{weight: 25}, {pause: 1s}]}, healthy_for: 0s}",
}
LEFT = {"blue_green": {1: {"web-blue"}, 2: {"web-green"}}, "canary": {1: {"web"}, 2: {"web"}}}
"""The Deployments after the first version, and after the second one."""


@pytest.fixture(autouse=True)
def secret_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """What workers have in their environment this process has, too."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


def commit(shop: Shop, strategy: str, words: str, *, bad: bool = False) -> str:
    """A version of four instances behind a Service, rolled out by that strategy."""
    environment = ', {name: DUMMY_EXIT_CODE, value: "1"}' if bad else ""
    formation = FORMATION.replace("{healthy_for: 0s}", STRATEGIES[strategy])
    stencils = STENCILS.replace("  selector: {matchLabels", "  replicas: 4\n  selector: {matchLabels") + SERVICE
    return shop.commit_files(
        words,
        {
            ".sealane.yml": "app: shop\ndeliver: [{formation: dev}]\n",
            "deploy/formations/dev.yaml": formation.replace("WORDS", words).replace("CODE", words),
            "deploy/stencils/all.yaml": stencils.replace("WORDS", words).replace("ENV", environment),
        },
    )


@pytest.mark.parametrize(("strategy", "bad"), [("blue_green", True), ("canary", False)], ids=["bad", "good"])
async def test_stages_survive_any_kill(strategy: str, bad: bool, copying: Copying, tmp_path: Path) -> None:
    """The same writes in the same order, the same verdict and nothing left over, wherever the worker was killed."""
    shop = Shop(tmp_path)
    world = World(data=shop.data, database=None)
    first = commit(shop, strategy, "v1")
    async with world.answering() as server:
        await shop.register(server)
        shop.push()
        await server.intake.receive(pushed(first))
    await nursery().work_to_the_end(world)
    second = commit(shop, strategy, "v2", bad=bad)
    shop.push()
    async with world.answering() as server:
        await server.intake.receive(pushed(second, before=first))

    survived = await survive(world, copying, tmp_path)
    undisturbed = survived.undisturbed

    assert {name for name in survived.meant if name.endswith("done")} <= survived.killed
    assert undisturbed.verdicts[1] == f"shop/dev 2 {'rolled_back' if bad else 'deployed'}"
    assert [_deployments(copy) for copy in survived.worlds] == [LEFT[strategy][1 if bad else 2]] * 3
    _look_at_order(strategy, undisturbed, bad=bad)


def _deployments(world: World) -> set[str]:
    there = json.loads((world.data / "dummies" / "dev" / "here.json").read_text())["objects"].values()
    return {stored["manifest"]["metadata"]["name"] for stored in there if stored["manifest"]["kind"] == "Deployment"}


def _look_at_order(strategy: str, outcome: Outcome, *, bad: bool) -> None:
    """Whoever served was not written before the new version was healthy."""
    writes = [write.rpartition(" ")[0].replace("shop/", "") for write in outcome.writes]
    new = "create Deployment web-green" if strategy == "blue_green" else "create Deployment web-canary"
    later = writes[writes.index(new) + 1 :]
    serving = "change Service web" if strategy == "blue_green" else "change Deployment web"
    assert (serving in later) is not bad
    gone = "delete Deployment web-blue" if strategy == "blue_green" else "delete Deployment web-canary"
    assert (later.index(gone) > later.index(serving)) if not bad else new.replace("create", "delete") in later
