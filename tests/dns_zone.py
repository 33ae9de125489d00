"""A made-up destination: records of a DNS zone in a file. Nothing in it runs, has pods, or is a manifest of Kubernetes.

It has what the port asks for and knows no strategies. Name servers take a record up a moment after it was written; a value
in PARKED is never served, and one that is no address is refused.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from sealane import clock, errors
from sealane.configfiles.fields import File
from sealane.destinations import deletions, diff, model, ownership, stages
from sealane.destinations.plain import PlainDestination
from sealane.destinations.port import Destination, DestinationAdapter, DestinationContext
from sealane.formations.health_checks import HealthCheck
from sealane.verdicts import model as verdicts

Manifest = Mapping[str, Any]

PARKED = "203.0.113."
SPREADS = timedelta(milliseconds=30)


@dataclass(kw_only=True)
class Record:
    """One line of the zone."""

    value: str
    ttl: int
    uid: str
    since: datetime
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)


@dataclass(kw_only=True)
class Zone:
    """What the file holds."""

    records: dict[str, Record] = field(default_factory=dict)
    ledgers: dict[str, model.Ledger] = field(default_factory=dict)
    written: int = 0


class DnsZone(PlainDestination):
    """The destination; the file may be changed by others, as zones are."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def zone(self) -> Zone:
        """What is there."""
        return msgspec.json.decode(self._file.read_bytes(), type=Zone) if self._file.exists() else Zone()

    def keep(self, zone: Zone) -> None:
        """Writes the file."""
        self._file.write_bytes(msgspec.json.encode(replace(zone, written=zone.written + 1)))

    @property
    def where(self) -> str:
        """See the port."""
        return f"the zone in {self._file}"

    async def refs(self, objects: Sequence[Manifest], *, namespace: str) -> model.Inventory:
        """See the port."""
        return tuple(model.ref_of(manifest, namespace) for manifest in objects)

    async def diff(
        self,
        objects: Sequence[Manifest],
        *,
        identity: model.Identity,
        adopt: bool = False,
        to_delete: model.Inventory = (),
    ) -> tuple[model.ObjectChange, ...]:
        """See the port."""
        del to_delete
        zone = self.zone()
        return tuple(self._change(zone, manifest, identity, adopt=adopt) for manifest in objects)

    async def survey(
        self,
        objects: Sequence[Manifest],
        shape: stages.Shape,
        *,
        identity: model.Identity,
        stored: model.Inventory = (),
        as_it_serves: bool = False,
    ) -> stages.Survey:
        """See the port: records know of no strategies."""
        del objects, shape, identity, stored, as_it_serves
        return {}

    def in_stages(self, objects: Sequence[Manifest], shape: stages.Shape) -> tuple[stages.Stage, ...]:
        """See the port."""
        return stages.at_once(objects, shape)

    async def apply(
        self,
        objects: Sequence[Manifest],
        *,
        identity: model.Identity,
        fence: model.Fence,
        adopt: bool = False,
        finished: Collection[str] = (),
    ) -> model.Applied:
        """See the port."""
        del finished
        planned = await self.diff(objects, identity=identity, adopt=adopt)
        if refusals := tuple(object_change.refusal for object_change in planned if object_change.refusal):
            return model.Applied(inventory=(), refusals=refusals)
        inventory, changed = [], []
        for manifest, change in zip(objects, planned, strict=True):
            ref = change.ref
            if change.action is not model.Action.NONE:
                await fence()
                ref = self._write(ref, manifest, identity)
                changed.append(ref)
            inventory.append(ref)
        return model.Applied(inventory=tuple(inventory), changed=tuple(changed))

    async def prune(
        self,
        stored: model.Inventory,
        wanted: model.Inventory,
        *,
        identity: model.Identity,
        fence: model.Fence,
        budget: deletions.Budget,
    ) -> deletions.Pruned:
        """See the port."""
        records = self.zone().records
        live = {
            ref.key: deletions.LiveObject(uid=there.uid, labels=there.labels, annotations=there.annotations)
            for ref in stored
            if (there := records.get(ref.name))
        }
        plan = deletions.plan(stored, wanted, live=live, identity=identity, budget=budget)
        for ref in plan.delete:
            await fence()
            zone = self.zone()
            zone.records.pop(ref.name, None)
            self.keep(zone)
        return deletions.pruned(stored, plan, deleted=plan.delete, held=())

    async def observe(
        self, identity: model.Identity, wanted: model.Inventory, *, health: Sequence[HealthCheck] = ()
    ) -> AsyncIterator[verdicts.Observation]:
        """See the port."""
        del identity, health
        while True:
            yield self._seen(wanted)
            await asyncio.sleep(SPREADS.total_seconds())

    async def written(self, wanted: model.Inventory) -> AsyncIterator[None]:
        """See the port."""
        last: int | None = None
        while True:
            if (now := self.zone().written) != last:
                last = now
                yield
            await asyncio.sleep(SPREADS.total_seconds())

    async def evidence(self, identity: model.Identity, observation: verdicts.Observation) -> Mapping[str, Any]:
        """See the port: a zone prints nothing and reports nothing."""
        del identity, observation
        return {"events": [], "logs": [], "probes": [], "terminations": []}

    async def tail(
        self,
        refs: model.Inventory,
        *,
        namespace: str,
        container: str | None,
        lines: int,
        follow: bool,
        instance: str | None = None,
    ) -> AsyncIterator[str]:
        """See the port."""
        del refs, namespace, container, lines, follow, instance
        for line in ():
            yield line

    async def read(self, refs: model.Inventory) -> tuple[Manifest, ...]:
        """See the port."""
        records = self.zone().records
        return tuple(_manifest(ref, records[ref.name]) for ref in refs if ref.name in records)

    async def read_ledger(self, app: str, formation: str, *, namespace: str) -> model.Ledger:
        """See the port."""
        return self.zone().ledgers.get(f"{namespace}/{app}/{formation}") or model.Ledger()

    async def ledgers(self, app: str, formation: str, *, among: Sequence[str]) -> tuple[str, ...]:
        """See the port."""
        del among
        places = (name.partition("/") for name in self.zone().ledgers)
        return tuple(namespace for namespace, _, whose in places if whose == f"{app}/{formation}")

    async def write_ledger(
        self, ledger: model.Ledger, app: str, formation: str, *, namespace: str, fence: model.Fence
    ) -> model.Ledger:
        """See the port."""
        await fence()
        zone, name = self.zone(), f"{namespace}/{app}/{formation}"
        if zone.ledgers.get(name, model.Ledger()).version != ledger.version:
            raise errors.Conflicting(f"another deployment of {app}/{formation} is under way", hint="wait for it")
        kept = zone.ledgers[name] = replace(ledger, version=str(zone.written), reserve=0)
        self.keep(zone)
        return kept

    def _change(self, zone: Zone, manifest: Manifest, identity: model.Identity, *, adopt: bool) -> model.ObjectChange:
        ref = model.ref_of(manifest, identity.namespace)
        there = zone.records.get(ref.name)
        action = model.Action.CHANGE if there else model.Action.CREATE
        refusal = _refusal(ref, manifest)
        if there and not refusal:
            refusal = ownership.foreign(ref, model.owner_of(there.labels), identity, adopt=adopt)
        if refusal or there is None:
            return model.ObjectChange(action=action, ref=ref, refusal=refusal)
        spec = {"value": there.value, "ttl": there.ttl}
        fields = diff.differences({"spec": spec}, {"spec": manifest["spec"]})
        return model.ObjectChange(
            action=action if fields else model.Action.NONE, ref=ref.with_uid(there.uid), fields=fields
        )

    def _write(self, ref: model.ObjectRef, manifest: Manifest, identity: model.Identity) -> model.ObjectRef:
        zone = self.zone()
        old = zone.records.get(ref.name)
        made = {} if old else {model.CREATED: str(identity.sequence)}
        record = zone.records[ref.name] = Record(
            value=manifest["spec"]["value"],
            ttl=manifest["spec"]["ttl"],
            uid=old.uid if old else f"{ref.name}-{zone.written}",
            since=clock.now(),
            labels=identity.labels,
            annotations={**(old.annotations if old else {}), **identity.annotations, **made},
        )
        self.keep(zone)
        return ref.with_uid(record.uid)

    def _seen(self, wanted: model.Inventory) -> verdicts.Observation:
        records, at = self.zone().records, clock.now()
        workloads, facts = [], []
        for ref in wanted:
            name, there = f"{ref.kind}/{ref.name}", records.get(ref.name)
            parked = there is not None and there.value.startswith(PARKED)
            served = there is not None and not parked and at >= there.since + SPREADS
            workloads.append(_workload(name, served=there.since + SPREADS if there and served else None))
            if there and parked:
                facts.append(
                    verdicts.Fact(
                        kind=verdicts.FactKind.RESOURCE_FAILED,
                        object=name,
                        workload=name,
                        since=there.since,
                        words=f"no name server serves {there.value}",
                    )
                )
        return verdicts.Observation(at=at, workloads=tuple(workloads), facts=tuple(facts))


def _refusal(ref: model.ObjectRef, manifest: Manifest) -> model.Refusal | None:
    value = manifest["spec"]["value"]
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return model.Refusal(ref=ref, reason=model.Reason.INVALID, message=f"{value} is no address")
    return None


def _manifest(ref: model.ObjectRef, record: Record) -> Manifest:
    own = asdict(record)
    metadata = {"name": ref.name, "namespace": ref.namespace, **{key: own[key] for key in ("labels", "annotations")}}
    spec = {"value": record.value, "ttl": record.ttl}
    return {"apiVersion": ref.api_version, "kind": ref.kind, "metadata": {**metadata, "uid": record.uid}, "spec": spec}


def _workload(name: str, *, served: datetime | None) -> verdicts.Workload:
    return verdicts.Workload(
        object=name,
        health=verdicts.Health.READY if served else verdicts.Health.CONVERGING,
        desired=1,
        updated=1,
        ready=1 if served else 0,
        old=0,
        ready_since=served,
        message="all name servers have it" if served else "name servers do not have it yet",
        runs=False,
    )


class ZoneFile(File):
    """A zone of names."""

    file: str
    """Where it is kept."""


@asynccontextmanager
async def _open(written: ZoneFile, context: DestinationContext) -> AsyncIterator[Destination]:
    yield DnsZone((context.state or Path()) / written.file)


ADAPTER = DestinationAdapter(file=ZoneFile, open=_open)
