"""A rollout's watcher is woken by whatever changes its observation, and left in peace by everything else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.clients.kubernetes import credentials, direct, discovery, errors, kinds, transport
from sealane.clients.kubernetes.informer import reflector, subscriber
from sealane.destinations import model
from sealane.destinations.kubernetes import custom_health, snapshot, views, watched
from sealane.verdicts import model as verdicts

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
REVISION = "deployment.kubernetes.io/revision"
WATCHED = [("apps", "Deployment"), ("", "Service"), ("networking.k8s.io", "Ingress")]


class AtOnce(subscriber.ReadPace):
    """Turns that come at once: what is tested is whether one wakes, not when."""

    def turn(self, now: float) -> float:
        return 0.0


class World:
    """Views of one namespace without any server, and a rollout of the Deployment, Service and Ingress `web`."""

    def __init__(self) -> None:
        refs = [model.ObjectRef(group=g, version="v1", kind=k, namespace="shop", name="web") for g, k in WATCHED]
        strategy = [(ref, watched.watched(ref, checked=False)) for ref in refs]
        self.subjects = [
            views.Subject(ref=ref, watched=strategy, checked=False, place="shop")
            for ref, strategy in strategy
            if strategy
        ]
        keys = {key for subject in self.subjects for key in subject.keys}
        self.views = {key: view(key[1]) for key in keys}
        needed = frozenset(key for subject in self.subjects if subject.needed for key in subject.keys)
        self.opened = views.Opened(views=self.views, without={}, needed=needed)
        self.reader = subscriber.Reader(AtOnce())
        self.watcher = self.seeing(self.reader)

    def seeing(self, reader: subscriber.Reader) -> snapshot.SnapshotSource:
        return snapshot.SnapshotSource(
            self.subjects, self.opened, custom_health.CustomHealth((), now=lambda: AT), reader
        )

    def look(self) -> verdicts.Observation:
        """What the watcher sees."""
        with self.reader.look():
            return self.watcher.read(at=AT)

    def fresh(self) -> verdicts.Observation:
        """What somebody sees who has just come."""
        return self.seeing(subscriber.Reader(AtOnce())).read(at=AT)

    def put(self, kind: kinds.Kind[Any], item: dict[str, Any]) -> None:
        self.views["shop", kind].held.put(msgspec.convert(item, kind.type))

    def drop(self, kind: kinds.Kind[Any], name: str) -> None:
        held = self.views["shop", kind].held
        if ("shop", name) in held.objects:
            held.drop(held.objects["shop", name])

    async def woken(self) -> bool:
        """Whether the watcher would look again."""
        waiting = asyncio.ensure_future(self.reader.changed())
        for _ in range(5):
            await asyncio.sleep(0)
        woken = waiting.done()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        return woken


def view(kind: kinds.Kind[Any]) -> reflector.Reflector[Any]:
    resource = discovery.Resource(group=kind.group, version=kind.version, kind=kind.kind, plural="x", namespaced=True)
    return reflector.Reflector(
        transport.Transport(direct.Direct(credentials.Source())), resource, kind.type, namespace="shop"
    )


def meta(name: str, uid: str, owner: str = "", revision: str = "") -> dict[str, Any]:
    owners = [{"kind": "K", "name": owner, "uid": owner, "controller": True}] if owner else []
    annotations = {REVISION: revision} if revision else {}
    return {
        "name": name,
        "namespace": "shop",
        "uid": uid,
        "ownerReferences": owners,
        "annotations": annotations,
        "creationTimestamp": AT,
    }


def deployment(name: str = "web", *, revision: str = "1", run: str = "web") -> dict[str, Any]:
    template = {"metadata": {"labels": {"run": run}}}
    return {"metadata": meta(name, f"deployment-{name}", revision=revision), "spec": {"template": template}}


def replica_set(name: str = "a", *, owner: str = "deployment-web", revision: str = "1") -> dict[str, Any]:
    return {"metadata": meta(name, f"set-{name}", owner, revision)}


def pod(name: str = "p", *, owner: str = "set-a", ready: bool = False, run: str = "web") -> dict[str, Any]:
    waiting = {"waiting": {"reason": "CreateContainerError", "message": "it is odd"}}
    return {
        "metadata": {**meta(name, f"pod-{name}", owner), "labels": {"run": run}},
        "spec": {"containers": [{"name": "web"}]},
        "status": {
            "conditions": [{"type": "Ready", "status": str(ready)}],
            "containerStatuses": [{"name": "web", "ready": ready, "state": {} if ready else waiting}],
        },
    }


def event(about: str, name: str = "e", *, at: datetime = AT, reason: str = "Failed") -> dict[str, Any]:
    return {
        "metadata": meta(name, f"event-{name}"),
        "involvedObject": {"uid": about, "fieldPath": "spec.containers{web}"},
        "type": "Warning",
        "reason": reason,
        "message": f"{reason} {name}",
        "firstTimestamp": at,
        "lastTimestamp": at,
    }


def service(name: str = "web", *, selector: str = "web", type_: str = "LoadBalancer") -> dict[str, Any]:
    return {"metadata": meta(name, f"service-{name}"), "spec": {"type": type_, "selector": {"run": selector}}}


def ingress(to: str = "other") -> dict[str, Any]:
    return {"metadata": meta("web", "ingress-web"), "spec": {"defaultBackend": {"service": {"name": to}}}}


def furnished() -> World:
    """A Deployment with a ReplicaSet and a pod, and what leads to it."""
    world = World()
    world.put(kinds.DEPLOYMENT, deployment())
    world.put(kinds.REPLICA_SET, replica_set())
    world.put(kinds.POD, pod())
    world.put(kinds.SERVICE, service())
    world.put(kinds.INGRESS, ingress())
    return world


RELEVANT: dict[str, Callable[[World], object]] = {
    "the Deployment has another revision": lambda w: w.put(kinds.DEPLOYMENT, deployment(revision="2")),
    "the Deployment goes": lambda w: w.drop(kinds.DEPLOYMENT, "web"),
    "a new pod of its ReplicaSet": lambda w: w.put(kinds.POD, pod("q")),
    "its pod becomes ready": lambda w: w.put(kinds.POD, pod(ready=True)),
    "its pod goes": lambda w: w.drop(kinds.POD, "p"),
    "its pod is adopted by another": lambda w: w.put(kinds.POD, pod(owner="set-b")),
    "an event about its pod": lambda w: w.put(kinds.EVENT, event("pod-p", at=AT.replace(hour=13))),
    "its Service selects something else": lambda w: w.put(kinds.SERVICE, service(selector="nothing")),
    "an event about its Service": lambda w: w.put(kinds.EVENT, event("service-web")),
    "the Service of its Ingress comes": lambda w: w.put(kinds.SERVICE, service("other")),
    "everything is listed anew": lambda w: w.views["shop", kinds.POD].held.replace([]),
}


@pytest.mark.parametrize("change", RELEVANT.values(), ids=RELEVANT)
async def test_what_concerns_a_rollout_wakes_its_watcher(change: Callable[[World], object]) -> None:
    world = furnished()
    before = world.look()
    assert not await world.woken()
    change(world)
    assert await world.woken()
    assert world.look() != before
    assert not await world.woken()


async def test_a_new_replica_set_wakes_and_then_so_do_its_pods_and_their_events() -> None:
    world = furnished()
    world.put(kinds.DEPLOYMENT, deployment(revision="2"))
    steps: list[Callable[[], None]] = [
        lambda: world.put(kinds.REPLICA_SET, replica_set("b", revision="2")),
        lambda: world.put(kinds.POD, pod("q", owner="set-b")),
        lambda: world.put(kinds.EVENT, event("pod-q", at=AT.replace(hour=13))),
        lambda: world.put(kinds.POD, pod("q", owner="set-b", ready=True)),
    ]
    for step in steps:
        before = world.look()
        step()
        assert await world.woken()
        assert world.look() != before


async def test_a_service_without_pods_of_its_own_formation_waits_for_any_pod_with_its_labels() -> None:
    world = furnished()
    world.put(kinds.SERVICE, service(selector="others", type_="ClusterIP"))
    before = world.look()
    world.put(kinds.POD, pod("stranger", owner="", run="others"))
    assert await world.woken()
    assert world.look() != before


@pytest.mark.parametrize("kind", [kinds.POD, kinds.EVENT, kinds.REPLICA_SET])
async def test_a_view_that_becomes_old_or_breaks_wakes_all_its_readers(kind: kinds.Kind[Any]) -> None:
    world = furnished()
    assert world.look().blind_since is None

    async def fault() -> None:
        raise errors.ServerError("a fault of ours")

    broken = asyncio.ensure_future(fault())
    await asyncio.wait([broken])
    world.views["shop", kind].ended(broken)
    assert await world.woken()
    assert world.look().blind_since is not None


STRANGE: dict[str, Callable[[World], object]] = {
    "another Deployment": lambda w: w.put(kinds.DEPLOYMENT, deployment("api", run="api")),
    "another's ReplicaSet": lambda w: w.put(kinds.REPLICA_SET, replica_set("x", owner="deployment-api")),
    "another's pod": lambda w: w.put(kinds.POD, pod("x", owner="set-x")),
    "an event about another's pod": lambda w: w.put(kinds.EVENT, event("pod-x")),
    "a Service nobody asks for": lambda w: w.put(kinds.SERVICE, service("api")),
}


@pytest.mark.parametrize("change", STRANGE.values(), ids=STRANGE)
async def test_what_concerns_others_wakes_nobody(change: Callable[[World], object]) -> None:
    world = furnished()
    before = world.look()
    change(world)
    assert not await world.woken()
    assert world.fresh() == before


names = st.sampled_from(["web", "api"])
uids = st.sampled_from(["deployment-web", "set-a", "set-b", "pod-p", "pod-q", "service-web", ""])
MOVES: dict[kinds.Kind[Any], st.SearchStrategy[dict[str, Any]]] = {
    kinds.DEPLOYMENT: st.builds(deployment, names, revision=st.sampled_from("12"), run=names),
    kinds.REPLICA_SET: st.builds(
        replica_set,
        st.sampled_from("ab"),
        owner=st.sampled_from(["deployment-web", "deployment-api"]),
        revision=st.sampled_from("12"),
    ),
    kinds.POD: st.builds(
        pod, st.sampled_from("pqr"), owner=st.sampled_from(["set-a", "set-b", ""]), ready=st.booleans(), run=names
    ),
    kinds.EVENT: st.builds(
        event, uids, st.sampled_from("ef"), reason=st.sampled_from(["Failed", "FailedCreate", "Killing"])
    ),
    kinds.SERVICE: st.builds(
        service, names, selector=names, type_=st.sampled_from(["ClusterIP", "LoadBalancer", "ExternalName"])
    ),
    kinds.INGRESS: st.builds(ingress, names),
}
puts = st.one_of(*(st.tuples(st.just(kind), strategy, st.just(value=False)) for kind, strategy in MOVES.items()))
drops = st.one_of(*(st.tuples(st.just(kind), strategy, st.just(value=True)) for kind, strategy in MOVES.items()))


@given(st.lists(st.one_of(puts, puts, drops), min_size=1, max_size=25), st.lists(st.booleans(), min_size=25))
def test_no_change_of_an_observation_is_missed(
    moves: list[tuple[kinds.Kind[Any], dict[str, Any], bool]], looks: list[bool]
) -> None:
    """Whatever comes and goes, a watcher that was not woken sees what somebody sees who has just come."""
    asyncio.run(_nothing_missed(moves, looks))


async def _nothing_missed(moves: list[tuple[kinds.Kind[Any], dict[str, Any], bool]], looks: list[bool]) -> None:
    world = World()
    seen = world.look()
    for (kind, item, gone), look in zip(moves, looks, strict=False):
        if gone:
            world.drop(kind, item["metadata"]["name"])
        else:
            world.put(kind, item)
        if not await world.woken():
            assert replace(world.fresh(), at=seen.at) == seen
        elif look:
            seen = world.look()


async def test_a_reader_that_is_closed_leaves_nothing_behind() -> None:
    world = furnished()
    world.look()
    assert sum(len(view.held.followers) for view in world.views.values()) > 0
    world.reader.close()
    assert sum(len(view.held.followers) for view in world.views.values()) == 0


async def test_readers_left_in_peace_look_at_once_and_busy_ones_take_turns() -> None:
    """Together they look for a share of the time; nobody waits for longer than the longest wait."""
    pace = subscriber.ReadPace()
    for _ in range(200):
        pace.took(0.001)
    turns = [pace.turn(100.0) for _ in range(1000)]
    assert turns[0] == 0.0
    assert turns[1] == pytest.approx(0.001 / subscriber.SHARE, rel=0.01)
    assert turns == sorted(turns)
    assert max(turns) == pytest.approx(subscriber.LONGEST)
    assert pace.turn(200.0) == 0.0


async def test_changes_that_come_while_a_reader_waits_for_its_turn_are_seen_in_one_look() -> None:
    world = World()
    world.reader = subscriber.Reader(subscriber.ReadPace())
    world.watcher = world.seeing(world.reader)
    world.look()
    waiting: Awaitable[None] = asyncio.ensure_future(world.reader.changed())
    for number in range(5):
        world.put(kinds.DEPLOYMENT, deployment(revision=str(number)))
        await asyncio.sleep(0)
    await asyncio.wait_for(waiting, 60)
    world.look()
    assert not await world.woken()
