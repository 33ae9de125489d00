"""Strategies: which stages a revision goes through and what each writes, from what was there before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sealane.deployments.gates import select
from sealane.destinations.kubernetes.strategies import canary, stages
from sealane.destinations.kubernetes.strategies.model import LiveState, Shape
from sealane.destinations.stages import Stage, StageKind
from sealane.formations import gates as gate
from sealane.formations.gates import Http, Task
from sealane.formations.strategy import BlueGreen, CanaryStep, Strategy

from .parts import config, deployment

BLUE_GREEN = Strategy(kind="blue_green", blue_green=BlueGreen())
CANARY = Strategy(
    kind="canary", steps=(CanaryStep(weight=25), CanaryStep(pause=timedelta(seconds=30)), CanaryStep(weight=75))
)
MOVED = ("Deployment/web",)


def service(name: str = "web", **spec: Any) -> Any:
    """A Service of the pods of `web`."""
    given = {"selector": {"run": "web"}, "ports": [{"port": 80, "nodePort": 30080}], **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "shop"}, "spec": given}


def scaler(target: str = "web") -> Any:
    """An autoscaler of that Deployment."""
    spec = {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": target}, "maxReplicas": 9}
    metadata = {"name": target, "namespace": "shop"}
    return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": metadata, "spec": spec}


def stateful_set(replicas: int = 4, **spec: Any) -> Any:
    """A StatefulSet."""
    made = deployment("db")
    return made | {"kind": "StatefulSet", "spec": made["spec"] | {"replicas": replicas, **spec}}


OBJECTS = [config("settings"), deployment("web"), deployment("worker"), service(), scaler()]


def written(objects: list[Any], shape: Shape) -> list[set[str]]:
    """What each stage writes, in order."""
    return [
        {
            f"{manifest['kind']}/{manifest['metadata']['name']}"
            for manifest in stages.writing(stage, objects, shape).objects
        }
        for stage in stages.course(objects, shape)
    ]


def named(objects: Any, kind: str, name: str) -> Any:
    """One of the objects."""
    return next(manifest for manifest in objects if (manifest["kind"], manifest["metadata"]["name"]) == (kind, name))


@pytest.mark.parametrize(
    ("strategy", "live", "names"),
    [
        (Strategy(), LiveState(), [""]),
        (Strategy(kind="recreate"), LiveState(), [""]),
        (BLUE_GREEN, LiveState(), [""]),
        (BLUE_GREEN, LiveState(colour="blue", moved=MOVED), ["preview", "switch"]),
        (BLUE_GREEN, LiveState(colour="blue"), [""]),
        (BLUE_GREEN, LiveState(there=("Deployment/web",)), ["preview", "switch"]),
        (CANARY, LiveState(), [""]),
        (CANARY, LiveState(there=MOVED, moved=MOVED), ["1 weight 25", "2 pause", "3 weight 75", "promote"]),
        (CANARY, LiveState(there=MOVED), [""]),
        (CANARY, LiveState(there=MOVED, moved=MOVED, replicas={"Deployment/web": 0}), [""]),
        (CANARY, LiveState(colour="green", there=("Deployment/web-green",)), [""]),
    ],
)
def test_the_stages_follow_from_what_is_there(strategy: Strategy, live: LiveState, names: list[str]) -> None:
    """A first deployment, and one that makes no pod anew, has one stage; so has a change of strategy to canary."""
    assert [stage.name for stage in stages.course(OBJECTS, Shape(strategy=strategy, survey=live))] == names


@pytest.mark.parametrize(
    ("serving", "moved", "back", "colour"),
    [
        (None, (), False, "blue"),
        ("blue", MOVED, False, "green"),
        ("green", MOVED, False, "blue"),
        ("green", (), False, "green"),
        ("green", MOVED, True, "green"),
    ],
)
def test_the_colour(serving: str | None, moved: tuple[str, ...], back: bool, colour: str) -> None:
    """New pods get the colour that doesn't serve; what changes no pod, and going back, keeps the one that does."""
    shape = Shape(strategy=BLUE_GREEN, survey=LiveState(colour=serving, moved=moved), back=back)
    assert shape.colour == colour


def test_blue_green_writes_nothing_that_serves_before_the_switch() -> None:
    """First the new colour and what it needs, then everything."""
    there = ("Service/web", "Deployment/web-blue", "Deployment/worker")
    shape = Shape(strategy=BLUE_GREEN, survey=LiveState(colour="blue", moved=MOVED, there=there))
    assert written(OBJECTS, shape) == [
        {"ConfigMap/settings", "Deployment/web-green", "Service/web-preview"},
        {
            "ConfigMap/settings",
            "Deployment/web-green",
            "Deployment/worker",
            "Service/web",
            "Service/web-preview",
            "HorizontalPodAutoscaler/web",
        },
    ]


def test_only_labels_decide_who_serves() -> None:
    """The colour is in the Deployment's selector, in its pods' labels and in the Services' selectors."""
    survey = LiveState(colour="blue", moved=MOVED, replicas={"Deployment/web-blue": 7})
    objects = stages.whole(OBJECTS, Shape(strategy=BLUE_GREEN, survey=survey))
    web = named(objects, "Deployment", "web-green")["spec"]
    assert web["selector"]["matchLabels"] == {"run": "web", "sealane.dev/colour": "green"}
    assert web["template"]["metadata"]["labels"] == {"run": "web", "sealane.dev/colour": "green"}
    assert named(objects, "Service", "web")["spec"]["selector"] == {"run": "web", "sealane.dev/colour": "green"}
    assert named(objects, "Service", "web-preview")["spec"]["ports"] == [{"port": 80}]
    assert named(objects, "Deployment", "worker") == named(OBJECTS, "Deployment", "worker")


def test_an_autoscaler_follows_and_keeps_its_number() -> None:
    """The new colour begins with as many pods as the serving one has, not with the stencil's number."""
    serves = {"Service/web": ("Deployment/web-blue",)}
    survey = LiveState(colour="blue", moved=MOVED, replicas={"Deployment/web-blue": 7}, serves=serves)
    objects = stages.whole(OBJECTS, Shape(strategy=BLUE_GREEN, survey=survey))
    assert named(objects, "Deployment", "web-green")["spec"]["replicas"] == 7
    assert named(objects, "HorizontalPodAutoscaler", "web")["spec"]["scaleTargetRef"]["name"] == "web-green"
    alone = [deployment("web"), service()]
    objects = stages.whole(alone, Shape(strategy=BLUE_GREEN, survey=survey))
    assert named(objects, "Deployment", "web-green")["spec"]["replicas"] == 1


def test_the_preview_service_may_have_a_name() -> None:
    """As the formation says."""
    strategy = Strategy(kind="blue_green", blue_green=BlueGreen(preview_service="web-next"))
    objects = stages.whole(OBJECTS, Shape(strategy=strategy))
    assert named(objects, "Service", "web-next")["spec"]["selector"]["sealane.dev/colour"] == "blue"


@pytest.mark.parametrize(
    ("replicas", "weight", "new", "old", "renewed"),
    [
        (10, 1, 1, 10, 1),
        (10, 10, 1, 10, 1),
        (10, 25, 3, 10, 3),
        (10, 50, 10, 10, 5),
        (10, 75, 10, 3, 8),
        (10, 99, 10, 1, 10),
        (10, 100, 10, 0, 10),
        (4, 25, 1, 4, 1),
        (1, 10, 1, 1, 1),
        (1, 90, 1, 1, 1),
    ],
)
def test_shares_in_whole_instances(replicas: int, weight: int, new: int, old: int, renewed: int) -> None:
    """The nearest number, at least one; the old version keeps all of its own up to a half."""
    assert (canary.beside(replicas, weight), canary.remaining(replicas, weight)) == (new, old)
    assert canary.renewed(replicas, weight) == renewed


def test_a_canary_stands_beside_until_it_goes_everywhere() -> None:
    """The old Deployment is not written before the last stage, but to make it smaller beyond a half."""
    there = ("Service/web", "Deployment/web", "Deployment/worker")
    before = [
        manifest | {"spec": manifest["spec"] | {"replicas": 4}} for manifest in (deployment("web", image="web:0"),)
    ]
    survey = LiveState(there=there, moved=MOVED, replicas={"Deployment/web": 4})
    shape = Shape(strategy=CANARY, survey=survey, before=before)
    unscaled = [manifest for manifest in OBJECTS if manifest["kind"] != "HorizontalPodAutoscaler"]
    assert written(OBJECTS, shape)[2] == {"ConfigMap/settings", "Deployment/web-canary"}  # not an autoscaler's number
    assert written(unscaled, shape)[:3] == [
        {"ConfigMap/settings", "Deployment/web-canary"},
        set(),
        {"ConfigMap/settings", "Deployment/web-canary", "Deployment/web"},
    ]
    third = stages.writing(stages.course(unscaled, shape)[2], unscaled, shape)
    old, new = (
        named(third.objects, "Deployment", "web")["spec"],
        named(third.objects, "Deployment", "web-canary")["spec"],
    )
    assert (old["replicas"], new["replicas"]) == (1, 4)
    assert old["template"] == before[0]["spec"]["template"]
    assert new["template"]["metadata"]["labels"] == {"run": "web", "sealane.dev/track": "canary"}
    assert third.unwatched == {"Deployment/web"}
    assert list(stages.whole(OBJECTS, shape)) == OBJECTS


def test_what_an_interrupted_canary_lowered_is_raised_again() -> None:
    """Shares count from what the revision before says, and the old Deployment gets its instances back at once."""
    before = [
        manifest | {"spec": manifest["spec"] | {"replicas": 4}} for manifest in (deployment("web", image="web:0"),)
    ]
    survey = LiveState(there=("Deployment/web", "Deployment/web-canary"), moved=MOVED, replicas={"Deployment/web": 1})
    shape = Shape(strategy=CANARY, survey=survey, before=before)
    first = stages.writing(stages.course(OBJECTS, shape)[0], OBJECTS, shape)
    assert named(first.objects, "Deployment", "web")["spec"]["replicas"] == 4
    assert named(first.objects, "Deployment", "web-canary")["spec"]["replicas"] == 1
    scaled_down = Shape(strategy=CANARY, survey=replace(survey, there=("Deployment/web",)), before=before)
    assert "Deployment/web" not in written(OBJECTS, scaled_down)[0]


@pytest.mark.parametrize(("own", "partition"), [(None, 3), (0, 3), (4, 4)])
def test_a_stateful_set_shares_by_its_partition(own: int | None, partition: int) -> None:
    """Its last ordinals are renewed, none below a partition of its own; its number stays until the last stage."""
    update = {"updateStrategy": {"rollingUpdate": {"partition": own}}} if own is not None else {}
    wanted = stateful_set(5, **update)
    survey = LiveState(there=("StatefulSet/db",), moved=("StatefulSet/db",), replicas={"StatefulSet/db": 4})
    shape = Shape(strategy=CANARY, survey=survey)
    stage = Stage(kind=StageKind.WEIGHT, name="", weight=25)
    spec = named(stages.writing(stage, [wanted], shape).objects, "StatefulSet", "db")["spec"]
    assert spec["updateStrategy"] == {"type": "RollingUpdate", "rollingUpdate": {"partition": partition}}
    assert spec["replicas"] == 4
    on_delete = stateful_set(updateStrategy={"type": "OnDelete"})
    assert [stage.name for stage in stages.course([on_delete], shape)] == [""]


@pytest.mark.parametrize(
    ("strategy", "minutes"),
    [
        (Strategy(kind="recreate"), 20),
        (Strategy(), 30),
        (BLUE_GREEN, 30),
        (CANARY, 40.5),
        (Strategy(kind="blue_green", blue_green=BlueGreen(promote="manual")), 30 + 24 * 60),
    ],
)
def test_how_long_a_rollout_may_take(strategy: Strategy, minutes: float) -> None:
    """Each stage has a deadline, pauses and people take their time, and then it may have to go back.

    A rolling one may have to make its workloads beside those that serve first.
    """
    assert strategy.longest == timedelta(minutes=minutes)


def test_a_person_is_asked_at_one_stage_only() -> None:
    """Before the switch, or at the step that says so; never in a first deployment, which has no such stage."""
    manual = Strategy(kind="blue_green", blue_green=BlueGreen(promote="manual"))
    steps = (CanaryStep(weight=10), CanaryStep(person=timedelta(hours=2)), CanaryStep(weight=50))
    asked = {}
    for strategy, survey in (
        (manual, LiveState(colour="blue", moved=MOVED)),
        (manual, LiveState()),
        (Strategy(kind="canary", steps=steps), LiveState(there=MOVED, moved=MOVED)),
    ):
        course = stages.course(OBJECTS, Shape(strategy=strategy, survey=survey))
        asked |= {
            (strategy.kind, stage.name): [
                (gate.name, gate.wait) for gate in select.chosen(strategy.every_gate, stage, course)
            ]
            for stage in course
        }
    assert asked == {
        ("blue_green", "preview"): [("switch", timedelta(hours=24))],
        ("blue_green", "switch"): [],
        ("blue_green", ""): [],
        ("canary", "1 weight 10"): [],
        ("canary", "2 pause"): [("step-2", timedelta(hours=2))],
        ("canary", "3 weight 50"): [],
        ("canary", "promote"): [],
    }


def test_what_was_not_there_is_written_first() -> None:
    """A new workload, its Service and a Job are needed by the new version; a new Ingress would let people in."""
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "migrate"}, "spec": {}}
    ingress = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "web"}, "spec": {}}
    objects = [*OBJECTS, deployment("cache"), service("cache", selector={"run": "cache"}), job, ingress]
    shape = Shape(
        strategy=CANARY, survey=LiveState(there=("Deployment/web", "Deployment/worker", "Service/web"), moved=MOVED)
    )
    assert written(objects, shape)[0] == {
        "ConfigMap/settings",
        "Deployment/web-canary",
        "Deployment/cache",
        "Service/cache",
        "Job/migrate",
    }


def test_what_is_beside_is_not_checked_before_the_switch() -> None:
    """Nothing reaches it: its gates come when the Service has gone over to it."""
    survey = LiveState(there=("Deployment/old",), leaves=("Service/web",), serves={"Service/web": ("Deployment/old",)})
    shape = Shape(strategy=Strategy(), survey=survey)
    course = stages.course(OBJECTS, shape)
    gates = (gate.http("smoke", Http(url="http://web/")), gate.job("tests", Task()))
    assert [(stage.name, len(select.chosen(gates, stage, course))) for stage in course] == [
        ("beside", 0),
        ("switch", 2),
    ]
    first = {
        f"{manifest['kind']}/{manifest['metadata']['name']}"
        for manifest in stages.writing(course[0], OBJECTS, shape).objects
    }
    assert "Deployment/web" in first
    assert [stage.name for stage in stages.course(OBJECTS, replace(shape, back=True))] == [""]
    recreated = replace(shape, strategy=Strategy(kind="recreate"))
    assert [stage.name for stage in stages.course(OBJECTS, recreated)] == [""]
