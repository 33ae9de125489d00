"""Whatever replaces what serves, no change and no way back ever leaves fewer instances serving than before."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from sealane import clock
from sealane.cli.local import deploy_request, deployment
from sealane.cli.screens import rollout_lines
from sealane.destinations.dummy.destination import DummyDestination
from sealane.destinations.dummy.state import Content, State
from sealane.destinations.kubernetes.stencils import variants
from sealane.destinations.kubernetes.strategies import capacity
from sealane.destinations.kubernetes.strategies.model import LiveState
from sealane.formations.strategy import BlueGreen, CanaryStep
from sealane.stencils.model import Revision
from tests.properties import share
from tests.unit.deployments import parts
from tests.unit.deployments.test_strategies import scaler, service

HELD = 5
STRATEGIES: dict[str, dict[str, Any]] = {
    "rolling": {"kind": "rolling"},
    "recreate": {"kind": "recreate"},
    "blue_green": {"kind": "blue_green", "blue_green": BlueGreen(keep_old_for=timedelta())},
    "canary": {"kind": "canary", "steps": (CanaryStep(weight=30), CanaryStep(weight=80))},
}
NUMBERS = {
    "an autoscaler's": (True, None),
    "an autoscaler's, and the stencil says one": (True, 2),
    "nobody's": (False, None),
    "the stencil's": (False, HELD),
}
OUTSIDE = {"somebody's outside": (False, 2)}


class Observed(State):
    """Takes note, after each write, of how many ready instances the Service `web` leads to."""

    def __init__(self) -> None:
        super().__init__()
        self.serving: list[int] = []

    def _keep(self, raw: bytes) -> None:
        super()._keep(raw)
        self.serving.append(serving(self.read()))


def serving(content: Content) -> int:
    """Instances behind the Service: those that are ready, and those of an older version that stay until others are."""
    objects = [
        stored for stored in content.objects.values() if stored.manifest["kind"] in ("Deployment", "StatefulSet")
    ]
    services = [
        stored.manifest for stored in content.objects.values() if variants.key(stored.manifest) == "Service/web"
    ]
    ready = [stored for stored in objects if stored.older or clock.now() >= stored.since + timedelta(seconds=0.04)]
    return sum(
        int(stored.manifest["spec"].get("replicas", 1))
        for stored in ready
        if services and variants.selects(services[0], stored.manifest)
    )


def version(image: str, strategy: str, number: str, *, crash: bool = False, **how: str) -> Revision:
    """A version of `web`, or of what it is named `how`, behind the Service `web`."""
    scaled, replicas = (NUMBERS | OUTSIDE)[number]
    name, label = how.get("name", "web"), how.get("label", "web")
    behaves: Mapping[str, str] = parts.CRASH if crash else {"DUMMY_READY_AFTER": "0.04"}
    web = parts.deployment(name, image=image, behaves=behaves)
    web["kind"] = how.get("kind", "Deployment")
    web["spec"]["selector"]["matchLabels"] = web["spec"]["template"]["metadata"]["labels"] = {"run": label}
    if replicas is None:
        del web["spec"]["replicas"]
    else:
        web["spec"]["replicas"] = replicas
    objects = [web, service(selector={"run": label})]
    if scaled:
        autoscaler = scaler(name)
        autoscaler["spec"]["scaleTargetRef"]["kind"] = web["kind"]
        objects.append(autoscaler)
    return parts.revision(f"{image}-{crash}", *objects, **STRATEGIES[strategy])


async def deploy(destination: DummyDestination, revision: Revision) -> str:
    """The verdict."""
    wish = deploy_request.DeployRequest(revision=revision, values={})
    return (await deployment.deploy(wish, destination, rollout_lines.Json())).outcome.verdict.kind.value


def scale(state: Observed) -> None:
    """Somebody, an autoscaler mostly, gives what serves HELD instances."""
    with state.write() as content:
        for stored in content.objects.values():
            if stored.manifest["kind"] in ("Deployment", "StatefulSet"):
                stored.manifest["spec"]["replicas"] = HELD
    state.serving.clear()


async def changed(before: str, after: str, number: str, *, crash: bool, **how: str) -> None:
    """A formation goes from one way to the other."""
    state = Observed()
    destination = DummyDestination(state)
    what = (before, after, number, crash, how)
    assert await deploy(destination, version("web:1", before, number)) == "deployed", what
    scale(state)
    names = {variants.key(stored.manifest) for stored in state.read().objects.values()}
    verdict = await deploy(destination, version("web:2", after, number, crash=crash, **how))
    assert verdict == ("rolled_back" if crash else "deployed"), what
    assert min(state.serving, default=HELD) >= HELD, (what, state.serving)
    assert serving(state.read()) == HELD, what
    left = {variants.key(stored.manifest) for stored in state.read().objects.values()}
    assert not crash or left == names, what
    if not crash and number in NUMBERS and NUMBERS[number][0]:  # and the next one of the same way keeps it too
        assert await deploy(destination, version("web:3", after, number, **how)) == "deployed", what
        assert min(state.serving) >= HELD, (what, state.serving)
        assert serving(state.read()) == HELD, what


@pytest.mark.parametrize(
    ("number", "crash"), [*((number, False) for number in NUMBERS), ("an autoscaler's", True), ("nobody's", True)]
)
async def test_no_change_of_strategy_lowers_what_serves(number: str, crash: bool) -> None:
    """Each way to each other one, forward, and back when the new version crashes."""
    pairs = share(itertools.product(STRATEGIES, STRATEGIES), of=f"{number} {crash}")
    await asyncio.gather(*(changed(before, after, number, crash=crash) for before, after in pairs))


async def test_what_somebody_outside_holds_is_not_lowered_by_another_strategy() -> None:
    """The stencil's number is what it was, and more serve: an autoscaler made by hand does not follow to other names."""
    pairs = [pair for pair in itertools.product(STRATEGIES, STRATEGIES) if "blue_green" in pair]
    await asyncio.gather(*(changed(before, after, "somebody's outside", crash=False) for before, after in pairs))


@pytest.mark.parametrize(
    ("before", "scaled", "now", "number"),
    [
        (2, False, 2, 6),
        (2, False, 3, None),
        (3, False, 2, None),
        (2, True, 2, None),
        (None, False, 2, None),
        (8, False, 8, None),
    ],
)
def test_a_stencils_number_stands_where_it_means_something(
    before: int | None, scaled: bool, now: int, number: int | None
) -> None:
    """It changed, or its autoscaler went, or it is more than what serves; else what serves is not lowered."""
    old, new = parts.deployment(), parts.deployment("web-green")
    old["spec"]["replicas"], new["spec"]["replicas"] = before, now
    new["spec"]["template"]["metadata"]["labels"] = {"run": "web"}
    survey = LiveState(replicas={"Deployment/web-blue": 6}, serves={"Service/web": ("Deployment/web-blue",)})
    counted = capacity.numbers([new, service()], survey, [old, scaler()] if scaled else [old])
    assert counted == ({} if number is None else {"Deployment/web-green": number})


@pytest.mark.parametrize(
    "how",
    [
        {"name": "site"},
        {"name": "site", "label": "site"},
        {"kind": "StatefulSet"},
        {"kind": "StatefulSet", "name": "site", "label": "site"},
    ],
    ids=" ".join,
)
async def test_no_other_name_label_or_kind_lowers_what_serves(how: dict[str, str]) -> None:
    """Also where the Service selects other labels from then on."""
    whole = [
        (before, after, crash)
        for before, after, crash in itertools.product(STRATEGIES, ("rolling", "blue_green", "canary"), (False, True))
        if not ("kind" in how and after == "blue_green")  # which has colours for Deployments only
    ]
    asked = share(whole, of=str(how))
    number = "an autoscaler's"
    await asyncio.gather(*(changed(before, after, number, crash=crash, **how) for before, after, crash in asked))


@pytest.mark.parametrize(
    ("limits", "number"),
    [({"maxReplicas": 9}, 6), ({"maxReplicas": 4}, 4), ({"minReplicas": 8}, 8), ({"maxReplicaCount": 2}, 2)],
)
def test_the_autoscalers_own_limits_hold(limits: dict[str, int], number: int) -> None:
    """What serves now counts as far as the new autoscaler lets it."""
    autoscaler = scaler()
    autoscaler["spec"] = {"scaleTargetRef": {"name": "web"}, **limits}
    survey = LiveState(replicas={"Deployment/web-blue": 6}, serves={"Service/web": ("Deployment/web-blue",)})
    assert capacity.numbers([parts.deployment(), service(), autoscaler], survey) == {"Deployment/web": number}


def test_several_that_take_over_share_what_served() -> None:
    """Rounded up; one that has a number of its own keeps it, and what serves on takes nothing over."""
    survey = LiveState(
        replicas={"Deployment/old": 5, "Deployment/stays": 2},
        serves={"Service/web": ("Deployment/old", "Deployment/stays")},
    )
    objects = [service(), *(parts.deployment(name) for name in ("one", "two", "stays"))]
    for manifest in objects[1:]:
        manifest["spec"]["template"]["metadata"]["labels"] = {"run": "web"}
        del manifest["spec"]["replicas"]
    assert capacity.numbers(objects, survey) == {"Deployment/one": 3, "Deployment/two": 3}


@pytest.mark.parametrize(("old", "canary", "number"), [(4, 1, 4), (4, 4, 4), (1, 4, 4), (0, 3, 3)])
def test_what_an_interrupted_canary_left_is_no_capacity_on_top(old: int, canary: int, number: int) -> None:
    """It came on top of the others, or others were taken away for it."""
    survey = LiveState(
        replicas={"Deployment/web": old, "Deployment/web-canary": canary},
        serves={"Service/web": ("Deployment/web", "Deployment/web-canary")},
    )
    new = parts.deployment("web-green")
    new["spec"]["template"]["metadata"]["labels"] = {"run": "web"}
    del new["spec"]["replicas"]
    assert capacity.numbers([new, service()], survey) == {"Deployment/web-green": number}
