"""The port every destination fills: compare, write, watch, prune.

**Order of calls.** `refs` and `diff` at any time. A deployment: the caller stores the union of the old inventory and
`refs(objects)`, then calls `apply`, `observe` until there is a verdict, and `prune` only after a good one, so that a
rollback still finds what the old revision used. What a later rollback may need (the last verified revision's
configuration) the caller leaves in by adding it to `wanted`.

**Concurrency.** Calls for different formations may run at once; for one formation the caller writes one at a time.

**Idempotency.** `apply` and `prune` repeated with the same arguments write nothing new: no generation changes, no Job
runs twice. A worker that was killed is followed by another that simply calls again.

**Failure.** What the destination refuses for good is a value (`Applied.refusals`, `Pruned.held`). `errors.Fenced` means
that nothing was written after the take-over. `errors.Unavailable` and any other error with `retry` may come at any
point; calling again later is safe. No method leaves a half-written object.
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
    from sealane.destinations import model, observed, stages, usage
    from sealane.formations.health_checks import HealthCheck
    from sealane.secrets.values import SecretValue
    from sealane.verdicts import model as verdicts

Manifest = Mapping[str, Any]


class Destination(Protocol):
    """Where formations live."""

    @property
    def where(self) -> str:
        """Where it is, in words for whoever deploys from their own machine, who has several."""
        ...

    async def refs(self, objects: Sequence[Manifest], *, namespace: str) -> model.Inventory:
        """What applying these would leave in the inventory, without uids."""
        ...

    async def diff(
        self,
        objects: Sequence[Manifest],
        *,
        identity: model.Identity,
        adopt: bool = False,
        to_delete: model.Inventory = (),
    ) -> tuple[model.ObjectChange, ...]:
        """What applying these would change, object by object, in the order of applying; writes nothing.

        `to_delete` will be pruned afterwards: an autoscaler among it has no say any more.
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
        """What is there, as far as shaping these objects has to know it; plain data, empty where it need know nothing.

        Asked once, before the first write, and kept: every later step goes by the same survey. `stored` is what the
        formation has there. `as_it_serves`: the objects are compared with what serves, and not put beside it.
        """
        ...

    def in_stages(self, objects: Sequence[Manifest], shape: stages.Shape) -> tuple[stages.Stage, ...]:
        """The stages in which these objects are written. Pure: the same survey gives the same stages, always."""
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
        """Makes the objects so. `adopt` also takes over objects that nobody's labels claim; never another formation's.

        `finished` names work (`Kind/name`) that ran to its end: those that are not there are not made again.
        """
        ...

    async def prune(
        self,
        stored: model.Inventory,
        wanted: model.Inventory,
        *,
        identity: model.Identity,
        fence: model.Fence,
        budget: model.Budget,
    ) -> model.Pruned:
        """Deletes what is stored but not wanted, within the budget, and says what it held back."""
        ...

    def observe(
        self, identity: model.Identity, wanted: model.Inventory, *, health: Sequence[HealthCheck] = ()
    ) -> AsyncIterator[verdicts.Observation]:
        """The state of the wanted objects: the whole at once, and again whenever any of it changes.

        `health` are the formation's own checks, for kinds that the destination can't judge by itself.
        """
        ...

    def written(self, wanted: model.Inventory) -> AsyncIterator[None]:
        """Tells once at the beginning, and whenever somebody wrote, made or removed one of the objects since.

        What becomes of them by themselves is no writing. Whoever looks a second after it was told has seen all of it.
        """
        ...

    def task(self, given: Manifest, *, name: str, timeout: timedelta, variables: Mapping[str, str]) -> Manifest:
        """The rendered Job of a hook or gate as it is written: under that name, ended after `timeout`, told `variables`.

        Once it has ended it stays for long enough to be looked at. Pure. Raises errors.UsageError where nothing can run.
        """
        ...

    def with_values(self, manifest: Manifest, values: Mapping[str, SecretValue]) -> Manifest:
        """The rendered object of a formation's secrets with their values, to be compared or applied. Pure."""
        ...

    def is_one_shot(self, ref: model.ObjectRef) -> bool:
        """Whether it is work that may run to its end, and is not made again then. Pure."""
        ...

    def ends(self, manifest: Manifest) -> bool:
        """Whether it is work without whose end no revision that has it is verified. Pure."""
        ...

    def is_fleeting(self, manifest: Manifest) -> bool:
        """Whether the destination deletes it by itself once it has ended: then its absence says nothing. Pure."""
        ...

    def provides(self, objects: Sequence[Manifest]) -> Mapping[str, tuple[str, ...]]:
        """`Kind/name` of what these objects make that others may refer to, with its keys. Pure: see `verdicts.Rules.made`."""
        ...

    def hint(self, objects: Sequence[Manifest], cause: verdicts.Cause, printed: Sequence[str]) -> str | None:
        """What the objects, and what the blamed container printed, say together of a failure; None when nothing. Pure."""
        ...

    async def evidence(self, identity: model.Identity, observation: verdicts.Observation) -> Mapping[str, Any]:
        """The raw material of a failure report as plain data: events, last logs, probe answers, exit codes."""
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
        """What these workloads print, as `instance/container  line`: the last lines, with `follow` without end.

        Of the instance and of containers of the name that are given only. Never of what is none of these workloads'.
        """
        ...

    async def read(self, refs: model.Inventory) -> tuple[Manifest, ...]:
        """The objects as they are there; missing ones are left out. Values of secrets are hidden."""
        ...

    async def secrets(self, refs: model.Inventory) -> tuple[Manifest, ...]:
        """The Secrets among them as they are there, values and all, to be masked by; missing ones are left out."""
        ...

    async def observed(self, namespace: str) -> observed.Observed:
        """The workloads there that Sealane did not deploy, and their version; nothing is written."""
        ...

    async def usage(self, objects: Sequence[Manifest], *, namespace: str) -> tuple[usage.WorkloadUsage, ...]:
        """What the workloads among these use now, beside what they ask for; answers soon, and of use nothing where nobody measures."""
        ...

    async def namespace_created(self, namespace: str) -> datetime | None:
        """When the namespace was made; None where that is not known, or nobody may look."""
        ...

    async def leaves(self, namespace: str) -> bool:
        """Whether the namespace is being deleted, with all that is in it; False where nobody may look."""
        ...

    async def read_ledger(self, app: str, formation: str, *, namespace: str) -> model.Ledger:
        """What was kept for the formation, empty at first."""
        ...

    async def ledgers(self, app: str, formation: str, *, among: Sequence[str]) -> tuple[str, ...]:
        """The namespaces that have a ledger of the formation: of all, or of those given where not all can be seen."""
        ...

    async def write_ledger(
        self, ledger: model.Ledger, app: str, formation: str, *, namespace: str, fence: model.Fence
    ) -> model.Ledger:
        """Keeps it; raises `errors.Conflicting` when another writer was faster."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class DestinationContext:
    """What a destination is opened with, beside what the operators' file says of it."""

    name: str
    environment: str
    state: Path | None = None
    """The folder in which a server keeps what destinations of this machine have; None at a command line."""
    patience: float = 15.0
    """Seconds for which calls go on trying while it doesn't answer."""
    relays: Hub | None = None
    """The relays that are connected to the server; None at a command line, which none dials."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DestinationAdapter(DestinationShape):
    """One line of the table of destinations; its key stands in an environment's file."""

    open: Callable[[Any, DestinationContext], AbstractAsyncContextManager[Destination]]
    """The destination, signed in, as what is written says. Raises errors.Unavailable, errors.UsageError."""
