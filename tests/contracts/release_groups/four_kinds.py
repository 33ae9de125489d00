"""A shop that goes to four kinds of destinations with one release: their real stories, over journals that die.

The cluster is the shipped one that pretends; ECS and Elastic Beanstalk are the product's own over the stand-in of AWS; what
is planned first is planned by this module, over one that pretends, as OpenTofu's program takes a second for each plan.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from typing_extensions import override

from sealane import clock, composition, hashing
from sealane.access.model import Actor
from sealane.clients.aws.beanstalk import Beanstalk
from sealane.clients.aws.buckets import Bucket
from sealane.destinations.aws.pace import Pace
from sealane.destinations.dummy.destination import DummyDestination
from sealane.destinations.ecs import records as ecs_records
from sealane.destinations.ecs.destination import EcsDestination
from sealane.destinations.elastic_beanstalk import records as beanstalk_records
from sealane.destinations.elastic_beanstalk.destination import BeanstalkDestination
from sealane.destinations.model import ObjectRef
from sealane.destinations.port import Destination, Planner
from sealane.environments.model import Environment
from sealane.events.model import Event, EventKind
from sealane.findings import Finding
from sealane.formations.strategy import Strategy
from sealane.records.apps import App
from sealane.records.deployments import Deployment, DeploymentKind, DeploymentState
from sealane.records.release_groups import GroupReport, ReleaseGroupRow
from sealane.records.scopes import EVERYTHING
from sealane.releases.model import Release
from sealane.settings.model import Settings
from sealane.stencils.model import Origin, Rendered, Revision
from sealane.store import holds
from sealane.workflows import deployment as workflow
from sealane.workflows.connections import Destinations
from sealane.workflows.context import Tools, WorkerContext
from sealane.workflows.durable import stays
from sealane.workflows.failover import Fencing
from sealane.workflows.steps.deployment_memory import SqlMemory
from tests import databases, revisions
from tests.aws.virtual_clock import VirtualClock
from tests.aws.world import World
from tests.contracts import ecs_stories
from tests.contracts.aws_stories import BUCKET, Amazon
from tests.unit.deployments import parts
from tests.unit.deployments.crashing import Crashing

P = ParamSpec("P")
T = TypeVar("T")

KINDS = ("network", "cluster", "tasks", "web")
"""The formations, one a kind, in the order of the group: OpenTofu, Kubernetes, ECS, Elastic Beanstalk."""
ACCOUNT = f"region: eu-central-1, bucket: {BUCKET}"
PLACES = {
    "network": "{opentofu: {folder: /nowhere, program: /bin/true}}",
    "cluster": "{dummy: {}}",
    "tasks": "{ecs: {ACCOUNT}}",
    "web": "{elastic_beanstalk: {ACCOUNT}}",
}
ENVIRONMENT = """environment: NAME
destinations: {here: PLACE}
apps: {shop: {namespaces: [shop], registries: ["registry.example.com/**"]WANTS}}
policies: {packs: []}
MORE
"""
CHANGE = "ConfigMap"
"""What stands for the changes of a plan."""
WEB = ObjectRef(group="apps", version="v1", kind="Deployment", namespace="shop", name="web")
SAM = Actor(name="sam", groups=frozenset({"approvers", "sre"}), via="token", deploys=EVERYTHING)


class Journal(Crashing):
    """Dies at each boundary once; what every execution does is done again."""

    async def insist(self, name: str, body: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T:
        del name
        return await body(*args, **kwargs)


class Undying(Journal):
    """Never dies."""

    def _boundary(self, kind: str) -> None:
        del kind


class LoopClock(VirtualClock):
    """The time of the test's loop."""

    @override
    def now(self) -> datetime:
        return clock.now()


@dataclass(kw_only=True)
class PlanningPlanner(Planner):
    """Plans for a destination that pretends: a plan is good until something is written there."""

    destination: DummyDestination
    planned: list[str] = field(default_factory=list)
    deletes: list[int | None] = field(default_factory=list)
    empty: set[str] = field(default_factory=set)
    refuses: str = ""
    changes: bool = True
    """Whether what is planned changes something."""

    @property
    def serial(self) -> str:
        return f"plan-{len(self.destination.journal())}"

    async def plan(self, revision: Revision, *, deletes: int | None) -> tuple[Revision | None, list[Finding]]:
        self.deletes.append(deletes)
        if self.refuses:
            return None, [Finding(message=self.refuses, place=revision.objects[0].origin.place())]
        bare = tuple(rendered for rendered in revision.objects if rendered.kind != CHANGE)
        plan = Rendered(object=parts.config(self.serial), origin=Origin(file="plan"))
        objects = (*bare, plan) if self.changes else bare
        self.planned.append(self.serial)
        made = replace(revision, id=hashing.content_id([item.object for item in objects]), objects=objects)
        self.empty |= set() if self.changes else {made.id}
        return made, []

    def is_empty(self, revision: Revision) -> bool:
        return all(rendered.kind != CHANGE for rendered in revision.objects)

    async def is_outdated(self, revision: Revision) -> bool:
        if self.is_empty(revision):
            return revision.id not in self.empty
        return not any(rendered.name == self.serial for rendered in revision.objects)


class FourDestinations(Destinations):
    """The four, whichever environment names them."""

    def __init__(self, folder: Path, four: Mapping[str, Destination], planner: Planner) -> None:
        super().__init__(folder)
        self._four, self._planner = four, planner

    @override
    async def get(self, environment: Environment, name: str) -> Destination:
        return self._four[environment.name]

    @override
    def planner(self, environment: Environment, name: str) -> Planner | None:
        return self._planner if environment.name == "network" else None


@dataclass(kw_only=True)
class FourKinds:
    """The shop, its server without workers, and whoever tells its deployments instead."""

    server: composition.Server
    tools: Tools
    account: World
    network: DummyDestination
    cluster: DummyDestination
    planner: PlanningPlanner
    config: Path
    journal: Callable[[], Journal]
    slow: str = ""
    """The formation whose deployments end last."""
    deaths: int = 0
    commits: int = 0
    group: str = ""

    def environment(self, name: str, *, wants: str = "", more: str = "") -> None:
        """Writes the operators' file."""
        place = PLACES[name].replace("ACCOUNT", ACCOUNT)
        text = ENVIRONMENT.replace("NAME", name).replace("PLACE", place).replace("WANTS", wants).replace("MORE", more)
        (self.config / f"{name}.yaml").write_text(text)

    async def release(
        self, version: int, *, bad: str = "", parallel: bool = False, kept: Sequence[str] = (), without: str = ""
    ) -> list[Deployment]:
        """Requests the version for all of them, as a run does; `without` is refused by its limits."""
        store, at = self.server.store, clock.now()
        commit = hashing.content_id(f"{version} {self.commits}").removeprefix("sha256:")[:40]
        self.commits += 1
        event = Event(kind=EventKind.PUSH, app="shop", commit=commit, branch="main", trunk="main", received=at)
        run = await store.runs.get((await self.server.intake.receive(event)).run_id)
        release = Release(
            id=f"rel-{version}", app="shop", commit=commit, deploy_tag=f"tag-{version}", images={}, created=at
        )
        await store.releases.add(release, sequence=run.sequence, run_id=run.id, place=run.place)
        self.group = f"cv-{version}"
        row = ReleaseGroupRow(id=self.group, app="shop", run_id=run.id, formations=KINDS, parallel=parallel, created=at)
        await store.release_groups.gather(row)
        offered: list[Deployment] = []
        for name in KINDS:
            if name == without:
                continue
            revision = replace(self.revision(name, version, bad=name == bad), release=release.id)
            if name == "network":
                planned, findings = await self.planner.plan(revision, deletes=0)
                assert planned, findings
                revision = planned
            deployment = Deployment(
                id=f"d-{name}-{version}",
                app="shop",
                formation=name,
                sequence=run.sequence,
                kind=DeploymentKind.DELIVERY,
                state=DeploymentState.WAITING,
                environment=name,
                destination="here",
                namespace="shop",
                revision_id=revision.id,
                release_id=release.id,
                run_id=run.id,
                unasked=True,
                adopt=version == 1,
                release_group_id=row.id,
                keep=name in kept,
                after=() if parallel else tuple(other.id for other in offered[-1:]),
                created=at,
            )
            offered.append(await store.deployments.offer(deployment, revision))
        return offered

    async def hold(self, deployment: Deployment) -> None:
        """Holds what it brings at its formation."""
        hold = partial(holds.put, up_to=deployment.sequence, reason="it was slow", at=clock.now())
        await self.server.store.database.write(lambda connection: hold(connection, deployment))

    def revision(self, name: str, version: int, *, bad: bool) -> Revision:
        """The version for one of them; a bad one fails there."""
        behaves = parts.CRASH if bad else parts.GOOD
        if name in {"network", "cluster"}:
            objects = [parts.deployment(image=f"registry.example.com/shop:{version}", behaves=behaves)]
        elif name == "tasks":
            objects = ecs_stories.revision("a1" if version == 1 else "b2")
        else:
            spec = {"ApplicationName": "shop", "VersionLabel": f"v{version}"}
            kind = {"apiVersion": "elasticbeanstalk.amazonaws.com/v1", "kind": "Environment"}
            objects = [{**kind, "metadata": {"name": "shop-prod"}, "spec": spec}]
        content = hashing.content_id([name, version, bad])
        strategy = Strategy(healthy_for=timedelta(), patience=timedelta(seconds=60), deadline=timedelta(minutes=10))
        return revisions.of(objects, id=content, formation=name, environment=name, strategy=strategy)

    async def first_ends(self, deployment: str) -> None:
        """As `to_the_end`, until that deployment has ended."""
        await self.to_the_end(until=deployment)

    async def to_the_end(self, *, until: str = "") -> None:
        """Tells every deployment that may begin, whoever tells it dying at each boundary, until none may."""
        while not until or (await self.server.store.deployments.get(until)).verdict is None:
            await self.tools.gates.look()
            going = [
                deployment
                for deployment in await self.server.views.deployments(limit=100)
                if deployment.state in {DeploymentState.QUEUED, DeploymentState.ROLLING_OUT}
            ]
            if not going:
                return
            first = min(going, key=lambda other: (other.formation == self.slow, other.opened, other.id))
            journal = self.journal()
            memory = SqlMemory(tools=self.tools, id=first.id)

            async def story(memory: SqlMemory = memory, journal: Journal = journal) -> None:
                await workflow.told(memory, journal)

            await journal.through(story)
            self.deaths += len(journal.died)

    async def report(self) -> GroupReport:
        """The present group's."""
        state = next(iter(await self.server.views.deployments(limit=1)))
        assert state.run_id
        (report,) = (await self.server.views.run(state.run_id)).groups
        return report

    async def came(self) -> dict[str, str]:
        """How each member is, and its rollback."""
        report = await self.report()
        return {
            member.formation: " ".join(part.state.value for part in (member.forward, member.back) if part)
            + (f" {member.stays.value}" if member.stays else "")
            for member in report.members
        }

    async def there(self) -> dict[str, str]:
        """The version at each destination."""
        versions = {}
        for name, destination in (("network", self.network), ("cluster", self.cluster)):
            (web,) = await destination.read((WEB,))
            versions[name] = web["spec"]["template"]["spec"]["containers"][0]["image"].rpartition(":")[2]
        arn = self.account.cluster.services["shop", "web"].primary.definition
        (task,) = (known for known in self.account.cluster.definitions if known.arn == arn)
        versions["tasks"] = "1" if "a1" in task.fields["containerDefinitions"][0]["image"] else "2"
        return {**versions, "web": self.account.environments["shop-prod"].label.removeprefix("v")}


@asynccontextmanager
async def four_kinds(folder: Path, aws: Amazon, journal: Callable[[], Journal] = Undying) -> AsyncIterator[FourKinds]:
    """All of it with version 1 deployed everywhere."""
    databases.fill(folder / "data")
    config = folder / "data" / "config" / "environments"
    config.mkdir(parents=True)
    settings = Settings(data=folder / "data", engine={"kind": "dummy"})
    server = await composition.start(settings, role=composition.Role.API)
    account = ecs_stories.fresh()
    account.clock = LoopClock()
    account.environment("shop-prod", "shop", "v0")
    for label in ("v1", "v2"):
        account.version("shop", label)
    pace = Pace(now=clock.now)
    bucket = Bucket(aws.account, BUCKET)
    network, cluster = DummyDestination(), DummyDestination()
    planner = PlanningPlanner(destination=network)
    four: dict[str, Destination] = {
        "network": network,
        "cluster": cluster,
        "tasks": EcsDestination(aws.account, ecs_records.of(bucket), region="eu-central-1", pace=pace),
        "web": BeanstalkDestination(
            Beanstalk(aws.account), beanstalk_records.of(bucket), region="eu-central-1", pace=pace
        ),
    }
    tools = replace(
        server.requests.tools,
        destinations=FourDestinations(folder, four, planner),
        equipment=WorkerContext(
            runner=Any,
            builder=Any,
            fencing=Fencing("worker", server.store.workers),
            leaving=stays,  # type: ignore[arg-type]
        ),
    )
    await server.store.workers.register("worker", host="here", at=clock.now())
    app = App(
        name="shop",
        repository="shop",
        path="",
        owner="payments",
        trunk="main",
        hosted=True,
        hook_generation=0,
        created=clock.now(),
    )
    await server.store.apps.add(app, by="sam")
    shop = FourKinds(
        server=server,
        tools=tools,
        account=account,
        network=network,
        cluster=cluster,
        planner=planner,
        config=config,
        journal=Undying,
    )
    for name in KINDS:
        shop.environment(name)
    try:
        with aws.port.serving(account):
            await shop.release(1)
            await shop.to_the_end()
            assert set((await shop.came()).values()) == {"deployed"}, await shop.came()
            account.calls.clear()
            shop.journal = journal
            yield shop
            assert account.broken == []
    finally:
        await server.stop()
