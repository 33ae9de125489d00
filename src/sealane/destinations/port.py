"""The port of all destinations: compare, write, watch, prune.

**Order of calls.** `refs` and `diff` may be called any time. In a deployment, the caller stores the union of the old
inventory and `refs(objects)`, then calls `apply`, `observe` until there is a verdict, and `prune` only after a good one,
so that a rollback still finds what the old revision used. The caller keeps what a later rollback may need (the last
verified revision's configuration) by adding it to `wanted`.

**Concurrency.** Calls for different formations may run at the same time; for one formation the caller writes one at a time.

**Idempotency.** Repeated `apply` and `prune` with the same arguments write nothing new: no generation changes, no Job
runs twice. After a worker was killed, another one simply repeats the calls.

**Failure.** A permanent refusal is a value (`Applied.refusals`, `Pruned.held`). `errors.Fenced` means that nothing was
written after the take-over. `errors.Unavailable` and any other error with `retry` may come at any point; calling again
later is safe. No method leaves a half-written object.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from sealane.environments.model import DestinationShape

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from pathlib import Path

    from sealane.clients.relay.hub import Hub
    from sealane.destinations import deletions, model, observed, stages, usage
    from sealane.destinations.outputs import OutputSource
    from sealane.findings import Finding
    from sealane.formations.health_checks import HealthCheck
    from sealane.images.bundle import Bundle
    from sealane.secrets.values import SecretValue
    from sealane.stencils.model import Revision
    from sealane.verdicts import model as verdicts

Manifest = Mapping[str, Any]


class Destination(Protocol):
    """A place where formations run."""

    @property
    def where(self) -> str:
        """Its location in words, for people who deploy from their own machine and have several."""
        ...

    async def refs(self, objects: Sequence[Manifest], *, namespace: str) -> model.Inventory:
        """The objects that an apply would leave in the inventory, without uids."""
        ...

    async def diff(
        self,
        objects: Sequence[Manifest],
        *,
        identity: model.Identity,
        adopt: bool = False,
        to_delete: model.Inventory = (),
    ) -> tuple[model.ObjectChange, ...]:
        """The changes that an apply would make, object by object, in order; writes nothing.

        `to_delete` will be pruned afterwards, so an autoscaler in it has no effect any more.
        """
        ...

    async def survey(
        self,
        objects: Sequence[Manifest],
        shape: stages.Shape,
        *,
        identity: model.Identity,
        stored: model.Inventory = (),
        as_it_serves: bool = False,
    ) -> stages.Survey:
        """The live state that shaping these objects depends on, as plain data; empty if it depends on none.

        Called once, before the first write, and stored: every later step uses the same survey. `stored` are the formation's
        objects there. `as_it_serves`: the objects are compared with the serving ones, rather than placed beside them.
        """
        ...

    def in_stages(self, objects: Sequence[Manifest], shape: stages.Shape) -> tuple[stages.Stage, ...]:
        """The stages in which these objects are written. Pure: the same survey always gives the same stages."""
        ...

    async def apply(
        self,
        objects: Sequence[Manifest],
        *,
        identity: model.Identity,
        fence: model.Fence,
        adopt: bool = False,
        finished: Collection[str] = (),
    ) -> model.Applied:
        """Writes the objects. `adopt` also takes over objects without an owner's labels; never another formation's.

        `finished` names work (`Kind/name`) that ran to its end: if missing, it is not created again.
        """
        ...

    async def end(self, refs: model.Inventory, *, fence: model.Fence) -> None:
        """Ends work that went on after its time, unless the destination ends it by itself. A repeat changes nothing."""

    async def prune(
        self,
        stored: model.Inventory,
        wanted: model.Inventory,
        *,
        identity: model.Identity,
        fence: model.Fence,
        budget: deletions.Budget,
    ) -> deletions.Pruned:
        """Deletes stored but unwanted objects within the budget, and says which it left in place."""
        ...

    def observe(
        self, identity: model.Identity, wanted: model.Inventory, *, health: Sequence[HealthCheck] = ()
    ) -> AsyncIterator[verdicts.Observation]:
        """The state of the wanted objects: all of it at once, and again after each change.

        `health` are the formation's own checks, for kinds that the destination can't judge.
        """
        ...

    def written(self, wanted: model.Inventory) -> AsyncIterator[None]:
        """Yields once at the beginning, and whenever somebody writes, creates or removes one of the objects.

        Changes that happen on their own don't count. A look one second later sees all of the write.
        """
        ...

    def task(self, given: Manifest, *, name: str, timeout: timedelta, variables: Mapping[str, str]) -> Manifest:
        """The rendered Job of a hook or gate as it is written: with that name, ended after `timeout`, with `variables` set.

        After its end, it stays long enough to be examined. Pure. Raises errors.UsageError if nothing can run there.
        """
        ...

    def with_values(self, manifest: Manifest, values: Mapping[str, SecretValue]) -> Manifest:
        """The rendered object of a formation's secrets with their values, to compare or apply. Pure."""
        ...

    def is_one_shot(self, ref: model.ObjectRef) -> bool:
        """Whether it is work that may run to its end and is then not created again. Pure."""
        ...

    def ends(self, manifest: Manifest) -> bool:
        """Whether it is work that must end before a revision with it is verified. Pure."""
        ...

    def is_fleeting(self, manifest: Manifest) -> bool:
        """Whether the destination deletes it after its end, so that its absence means nothing. Pure."""
        ...

    def provides(self, objects: Sequence[Manifest]) -> Mapping[str, tuple[str, ...]]:
        """`Kind/name` of the objects created by these that others may refer to, with keys. Pure: see `verdicts.Rules.made`."""
        ...

    def hint(self, objects: Sequence[Manifest], cause: verdicts.Cause, printed: Sequence[str]) -> str | None:
        """A hint on a failure from the objects and the blamed container's output together, or None. Pure."""
        ...

    async def evidence(self, identity: model.Identity, observation: verdicts.Observation) -> Mapping[str, Any]:
        """The raw data of a failure report: events, last logs, probe answers, exit codes."""
        ...

    def tail(
        self,
        refs: model.Inventory,
        *,
        namespace: str,
        container: str | None,
        lines: int,
        follow: bool,
        instance: str | None = None,
    ) -> AsyncIterator[str]:
        """The output of these workloads as `instance/container  line`: the last lines, with `follow` without end.

        Limited to the instance and the containers of that name, if given. Never from other workloads.
        """
        ...

    async def read(self, refs: model.Inventory) -> tuple[Manifest, ...]:
        """The live objects, without missing ones. Values of secrets are hidden."""
        ...

    async def secrets(self, refs: model.Inventory) -> tuple[Manifest, ...]:
        """The live Secrets among them with their values, for masking; without missing ones."""
        ...

    async def observed(self, namespace: str) -> observed.Observed:
        """The workloads there that Sealane did not deploy, and their version; writes nothing."""
        ...

    async def usage(self, objects: Sequence[Manifest], *, namespace: str) -> tuple[usage.WorkloadUsage, ...]:
        """The workloads' current usage and their requests; answers soon, without usage if nobody measures it."""
        ...

    async def namespace_created(self, namespace: str) -> datetime | None:
        """When the namespace was created; None if unknown or not readable."""
        ...

    async def leaves(self, namespace: str) -> bool:
        """Whether the namespace is being deleted with everything in it; False if not readable."""
        ...

    async def read_ledger(self, app: str, formation: str, *, namespace: str) -> model.Ledger:
        """The data stored for the formation, empty at first."""
        ...

    async def ledgers(self, app: str, formation: str, *, among: Sequence[str]) -> tuple[str, ...]:
        """The namespaces with a ledger of the formation: all, or only those given if not all can be read."""
        ...

    async def write_ledger(
        self, ledger: model.Ledger, app: str, formation: str, *, namespace: str, fence: model.Fence
    ) -> model.Ledger:
        """Stores it; raises `errors.Conflicting` when another writer was faster."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedBundle:
    """What is wrong with a bundle, and what it would run."""

    findings: tuple[Finding, ...] = ()
    images: tuple[str, ...] = ()
    """References of the images that it names."""


class BundleStore(Protocol):
    """Where bundles of files lie for destinations that run them."""

    def place(self, app: str, sha256: str) -> Bundle:
        """Where an uploaded bundle will lie. Pure."""
        ...

    async def check(self, bundle: Bundle, app: str) -> CheckedBundle:
        """Reads one that lies there already, and is not another app's. Raises NotThere, TooLarge, Refused, Unavailable."""
        ...

    async def keep(self, bundle: Bundle, path: Path) -> CheckedBundle:
        """Checks an uploaded one, and puts it there unless there are errors. Key: its place; a repeat writes nothing."""
        ...


class Planner(Protocol):
    """Plans revisions for destinations where only what was planned can be applied, and is approved with its plan."""

    async def plan(self, revision: Revision, *, deletes: int | None) -> tuple[Revision | None, list[Finding]]:
        """The revision with its plans, which its id covers; or why it can't be planned. Writes nothing at the destination.

        One that has plans is planned anew. Plans that delete more than `deletes` objects are findings; None: any number
        may be deleted. Raises Unavailable.
        """
        ...

    def is_empty(self, revision: Revision) -> bool:
        """Whether the revision's plans change nothing. Pure."""
        ...

    async def is_outdated(self, revision: Revision) -> bool:
        """Whether its plans can't be applied any more, because what they were made from has changed. Raises Unavailable."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """What deploying a revision would change, for those who review it."""

    revision: Revision
    """With the changes as objects, for policies; it can't be deployed."""
    findings: tuple[Finding, ...] = ()
    """Why it could not be planned, or would not be deployed so."""
    summary: str = ""
    """In a few words: `1 to create, 2 to change`."""
    lines: tuple[str, ...] = ()
    """The difference as text."""


class Previewer(Protocol):
    """Plans the revisions of pull requests: it keeps and writes nothing, and holds up no deployment."""

    async def preview(self, revision: Revision, *, deletes: int) -> Preview:
        """What it would change; more than `deletes` deleted objects are a finding. Raises Unavailable."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class DestinationContext:
    """The context to open a destination with, besides its entry in the operators' file."""

    name: str
    environment: str
    state: Path | None = None
    """The folder in which a server stores the state of destinations on this machine; None on a command line."""
    patience: float = 15.0
    """Seconds for which calls try again while it doesn't answer."""
    helm: str = "helm"
    """The program that installs releases: a name on the `PATH`, or a path."""
    keys: Path | None = None
    """The folder with the keys of apps."""
    relays: Hub | None = None
    """The relays that are connected to the server; None on a command line, because relays connect only to servers."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DestinationAdapter(DestinationShape):
    """One line in the table of destinations; its key is used in environments' files."""

    open: Callable[[Any, DestinationContext], AbstractAsyncContextManager[Destination]]
    """The destination, signed in, for the entry in the file. Raises errors.Unavailable, errors.UsageError."""
    permissions: Callable[[Any, Sequence[str], Sequence[str]], Mapping[str, Any]] | None = None
    """The IAM policy for the entry, some namespaces and further buckets with bundles; None for kinds without one. Pure."""
    bundles: Callable[[Any], BundleStore] | None = None
    """Where its bundles lie, for the entry in the file; None for destinations that run images only."""
    outputs: Callable[[Any, DestinationContext], OutputSource] | None = None
    """What formations there give to others, for the entry in the file; None for kinds without outputs."""
    planner: Callable[[Any, DestinationContext], Planner] | None = None
    """What plans its revisions, for the entry in the file; None where any revision can be applied at any time.

    Where there is one, a failure is not rolled back automatically: going back is a plan that people approve.
    """
    plans_pull_requests: Callable[[Any], bool] = lambda _: False
    """Whether operators let pull requests be planned there, for the entry in the file. Pure."""
    previewer: Callable[[Any, DestinationContext], Previewer] | None = None
    """What plans them, where operators let it."""
