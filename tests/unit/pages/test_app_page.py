"""The page of an app: which formation it shows, and how its objects and their instances are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from sealane.access.model import Actor
from sealane.destinations.model import ObjectRef
from sealane.destinations.usage import Resources, WorkloadUsage
from sealane.events.commits import Commit, CommitRange
from sealane.records.app_view import AppView, Comparison, FormationNow, Version
from sealane.records.apps import App
from sealane.records.deployments import DeploymentState
from sealane.records.views import FormationRow
from sealane.releases.origin import Origin
from sealane.server.pages.app_views import AppPage
from sealane.server.pages.presenters import app as presenting_app
from sealane.server.pages.presenters import comparisons, logs
from sealane.stencils.model import Rendered
from sealane.verdicts.health import FormationHealth, HealthState
from sealane.verdicts.model import Container, ContainerPhase, Health, Instance, Observation, Role, Workload
from tests.unit.approvals.deployments import NOON, deployment, hold
from tests.unit.pages.test_leading_on import ADMINISTRATOR
from tests.unit.pages.test_review import revision

SHOP = App(
    name="shop",
    repository="https://git.example.com/shop.git",
    path="",
    owner="team",
    trunk="main",
    hosted=False,
    hook_generation=0,
    created=NOON,
)
WEB = Workload(
    object="Deployment/web",
    health=Health.CONVERGING,
    desired=4,
    updated=4,
    ready=2,
    old=0,
    ready_since=None,
    message="2 of 4 pods ready",
)
ADDRESS = replace(WEB, object="Service/web", health=Health.READY, desired=0, updated=0, ready=0, message="", runs=False)
VIEWER = Actor(name="vera", groups=frozenset({"viewers"}), via="token")
WORDS = ObjectRef(group="", version="v1", kind="ConfigMap", namespace="shop", name="words")


def pod(name: str, *, ready: bool = True, restarts: int = 0, state: str = "running", **more: bool) -> Instance:
    phase = ContainerPhase.RUNNING if not restarts else ContainerPhase.BACKING_OFF
    main = Container(name="web", role=Role.MAIN, ready=ready, restarts=restarts, state=state, phase=phase)
    return Instance(
        object=f"Pod/{name}",
        workload="Deployment/web",
        desired=more.get("desired", True),
        terminating=more.get("terminating", False),
        ready=ready,
        ready_since=None,
        created=NOON,
        state=state,
        containers=(main,),
    )


def now(formation: str, state: HealthState = HealthState.HEALTHY, *pods: Instance) -> FormationNow:
    there = replace(deployment(), formation=formation)
    row = FormationRow(
        app="shop",
        owner="team",
        formation=formation,
        environment=formation,
        destination="here",
        namespace="shop",
        production=formation == "production",
        current=there,
        verified=there,
        last=there,
        running=None,
        waiting=(),
        hold=None,
        release=None,
        requests=None,
        health=FormationHealth(state=state, since=NOON, cause="It fell." if state is HealthState.DEGRADED else ""),
    )
    seen = Observation(at=NOON, workloads=(ADDRESS, WEB), instances=pods, unit="pod")
    return FormationNow(row=row, inventory=(WORDS,), observation=seen, behind=None)


def page(
    *formations: FormationNow,
    asked: str | None = None,
    reader: Actor | None = None,
    used: Sequence[WorkloadUsage] = (),
    built: Sequence[Version] = (),
) -> AppPage:
    view = AppView(app=SHOP, formations=formations, deployments=(), run=None, origins={}, versions=tuple(built))
    later = NOON + timedelta(seconds=90)
    uses = {formation.row.formation: used for formation in formations} if used else {}
    return presenting_app.page(view, reader or VIEWER, repository=SHOP.repository, now=later, asked=asked, used=uses)


@pytest.mark.parametrize(
    ("states", "asked", "shown"),
    [
        ({"dev": "healthy", "qa": "healthy", "production": "healthy"}, None, "production"),
        ({"dev": "healthy", "qa": "degraded", "production": "healthy"}, None, "qa"),
        ({"dev": "degraded", "qa": "missing", "production": "unknown"}, None, "qa"),
        ({"dev": "healthy", "qa": "degraded"}, "dev", "dev"),
        ({"dev": "healthy", "qa": "degraded"}, "nowhere", "qa"),
        ({}, None, ""),
    ],
)
def test_what_fares_worst_is_shown_unless_somebody_asks(states: dict[str, str], asked: str | None, shown: str) -> None:
    """Of several that fare badly, the one that is nearest to production."""
    made = page(*(now(name, HealthState(state)) for name, state in states.items()), asked=asked)
    assert made.chosen == shown
    assert [lane.formation for lane in made.lanes] == list(states)
    assert [lane.formation for lane in made.lanes if lane.chosen] == ([shown] if shown else [])


def test_what_nobody_can_look_at_is_shown_as_it_was_and_in_no_colour() -> None:
    """While the destination does not answer, nothing of it is green."""
    made = page(now("dev", HealthState.UNKNOWN, pod("a"), pod("b", ready=False, restarts=3, state="backing off")))
    assert made.was
    assert "2 of 4 pods were ready then" in made.lanes[0].facts
    tones = {
        tone for row in made.tree for tone in (row.pill.tone, *row.squares, *(it.pill.tone for it in row.instances))
    }
    assert tones == {"off"}
    assert [row.pill.words for row in made.tree] == ["was 2 of 4 ready", "was there", "was there"]
    assert [it.pill.words for it in made.tree[0].instances] == ["was ready", "was backing off, 3 restarts"]
    assert not page(now("dev", HealthState.DEGRADED)).was


def test_objects_stand_with_their_instances_and_what_runs_comes_first() -> None:
    """A square an instance: what is not named is ready, what is wanted and not there is empty."""
    pods = (
        pod("a", ready=False, restarts=3, state="backing off"),
        pod("b"),
        pod("old", desired=False),
        pod("c", ready=False, terminating=True),
    )
    web, address, words = page(now("dev", HealthState.DEGRADED, *pods)).tree
    assert (web.kind, web.name, web.pill.words, web.note) == ("Deployment", "web", "2 of 4 ready", "")
    assert web.squares == ("bad", "ok", "ok", "off", "ok")
    assert [(instance.name, instance.pill.words, instance.notes) for instance in web.instances] == [
        ("a", "backing off, 3 restarts", ()),
        ("b", "ready", ()),
        ("old", "ready", ("of an older version",)),
        ("c", "leaving", ()),
    ]
    assert (address.kind, address.pill.words, address.squares) == ("Service", "there", ())
    assert (words.kind, words.pill.tone) == ("ConfigMap", "off")


def test_a_lane_says_how_it_fares_and_why() -> None:
    (lane,) = page(now("dev", HealthState.DEGRADED)).lanes
    assert (lane.pill.words, lane.tone, lane.cause, lane.lasts) == ("degraded", "bad", "It fell.", "1 min 30 s")
    assert lane.facts == ("2 of 4 pods ready",)


def test_what_waits_for_its_destination_says_so() -> None:
    """Not that it rolls out: nobody knows."""
    away = now("dev", HealthState.UNKNOWN)
    rolling = deployment(state=DeploymentState.ROLLING_OUT, unreached_since=NOON)
    (lane,) = page(replace(away, row=replace(away.row, running=rolling))).lanes
    assert (lane.pill.words, lane.tone, lane.lasts) == ("unknown", "wait", "1 min 30 s")


@pytest.mark.parametrize(
    ("requests", "uses", "lane", "workload", "instance"),
    [
        (Resources(), {}, "", "", None),
        (Resources(cpu=0.25, memory=64 * 2**20), {}, "requests 1 CPU, 256 MiB", "requests 1 CPU, 256 MiB", None),
        (
            Resources(cpu=0.25, memory=64 * 2**20),
            {"Pod/a": Resources(cpu=0.1234, memory=2**20), "Pod/z": Resources(cpu=0.2, memory=3 * 2**29)},
            "uses 0.32 of 1 CPU, 1.5 GiB of 256 MiB",
            "uses 0.32 of 1 CPU, 1.5 GiB of 256 MiB",
            "0.12 CPU, 1 MiB",
        ),
        (
            Resources(),
            {"Pod/a": Resources(cpu=0.004, memory=2**20)},
            "uses 0.004 CPU, 1 MiB",
            "uses 0.004 CPU, 1 MiB",
            "0.004 CPU, 1 MiB",
        ),
    ],
)
def test_use_stands_beside_what_is_asked_for(
    requests: Resources, uses: dict[str, Resources], lane: str, workload: str, instance: str | None
) -> None:
    """Of the formation, of a workload with its limits, and of each instance; nothing where nothing is known."""
    limits = Resources(memory=2**30) if requests else Resources()
    used = WorkloadUsage(object="Deployment/web", requests=requests, limits=limits, instances=uses)
    formation = now("dev", HealthState.HEALTHY, pod("a"), pod("b"))
    asked = {"cpu": requests.cpu * 4, "memory": requests.memory * 4}
    made = page(replace(formation, row=replace(formation.row, requests=asked)), used=(used,))
    assert made.lanes[0].facts[1:] == ((lane,) if lane else ())
    web = made.tree[0]
    assert web.uses == (f"{workload} · limits 4.0 GiB" if limits else workload)
    assert [instance_row.notes for instance_row in web.instances] == [(instance,) if instance else (), ()]


def test_versions_that_may_go_there_are_offered_to_those_who_may() -> None:
    """Not what is there, on its way or held; where nobody knows the commit, by its deploy tag."""
    came = Origin(
        run="r", label="shop #9", page="/runs/r", commit="9" * 40, branch="main", subject="Nine", author="Kim"
    )
    built = [
        Version(release="rel-9", deploy_tag="tag-9", place=9.0, origin=came),
        Version(release="rel-8", deploy_tag="tag-8", place=8.0, origin=None),
        Version(release="rel-3", deploy_tag="tag-3", place=7.0, origin=None),
        Version(release="rel-2", deploy_tag="tag-2", place=2.0, origin=None),
    ]
    formation = now("dev")
    held = replace(formation, row=replace(formation.row, hold=hold(formation="dev")))
    assert page(formation, built=built).deploy == ()
    (offered,) = page(held, built=built, reader=ADMINISTRATOR).deploy
    assert (offered.action, offered.words) == ("/apps/shop/dev/deploy", "Deploy to dev")
    assert offered.field is not None
    assert offered.field.choices == (("rel-9", "9999999 Nine"), ("rel-8", "tag-8"))
    before, (offered,) = offered.key, page(formation, built=built, reader=ADMINISTRATOR).deploy
    assert offered.key != before  # an element of the same key is kept as it was, with what it offered then
    assert page(formation, built=built, reader=ADMINISTRATOR).deploy[0].key == offered.key
    assert offered.field is not None
    assert [release for release, _ in offered.field.choices] == ["rel-9", "rel-8", "rel-2"]
    assert page(formation, built=built[2:3], reader=ADMINISTRATOR).deploy == ()


def test_two_formations_differ_by_commits_and_by_manifests_but_not_by_namespaces() -> None:
    """Commits stand with their authors; a formation that is ahead lacks nothing."""
    commits = tuple(Commit(id=f"{n}" * 40, parents=(), subject=f"Change {n}", author="Ann") for n in (1, 2))
    ahead = CommitRange(there="0" * 40, commits=commits, count=2, complete=True, gone=0)
    same = CommitRange(there="2" * 40, commits=(), count=0, complete=True, gone=2)
    old, new = revision("old", ("Deployment", "web")), revision("new", ("Deployment", "web"))
    new = replace(new, namespace="shop-qa", objects=tuple(_in("shop-qa", item) for item in new.objects), formation="qa")
    old = replace(old, objects=tuple(_in("shop", item) for item in old.objects))
    made = comparisons.page(
        Comparison(
            app="shop",
            formations=("qa", "production"),
            left=now("qa").row,
            right=now("production").row,
            left_name="qa",
            right_name="production",
            ahead=ahead,
            missing=same,
            left_revision=new,
            right_revision=old,
        )
    )
    assert [(card.title, card.commits) for card in made.cards] == [
        ("In qa and not in production", ("1111111 Change 1 · Ann", "2222222 Change 2 · Ann"))
    ]
    assert [line for line in made.difference if line[0] in "+-"] == ["-  version: old", "+  version: new"]


def _in(namespace: str, rendered: Rendered) -> Rendered:
    metadata = {**rendered.object["metadata"], "namespace": namespace}
    return replace(rendered, object={**rendered.object, "metadata": metadata})


@pytest.mark.parametrize(
    ("line", "find", "shown"),
    [
        ("web-1/web  a <b>", "", '<span><span class="soft">web-1/web</span> a &lt;b&gt;</span>'),
        (
            "web-1/web  An error, an ERROR",
            "error",
            '<span><span class="soft">web-1/web</span> An <mark>error</mark>, an <mark>ERROR</mark></span>',
        ),
        ("w/w  <x>", "<", '<span><span class="soft">w/w</span> <mark>&lt;</mark>x&gt;</span>'),
    ],
)
def test_what_is_printed_is_marked_up_and_never_markup(line: str, find: str, shown: str) -> None:
    assert logs.line(line, find) == shown
