"""Configurations of OpenTofu and Terraform, through the port of destinations."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from typing_extensions import override

from sealane import clock
from sealane.destinations import deletions, model, observed, ownership, stages
from sealane.destinations.opentofu import observe, program_output
from sealane.destinations.opentofu.folders import ConfigurationFolder
from sealane.destinations.opentofu.ledgers import LedgerFiles
from sealane.destinations.opentofu.model import Manifest, is_configuration
from sealane.destinations.opentofu.workbench import NotPlanned, Programs
from sealane.destinations.opentofu.writes import Writer, foreign
from sealane.destinations.plain import PlainDestination
from sealane.formations.health_checks import HealthCheck
from sealane.secrets import keys
from sealane.verdicts import model as verdicts

LOOK_EVERY = 0.5
"""Seconds between two looks at Sealane's own records."""
STAYS = "Sealane destroys nothing because its configuration is gone: deploy it with spec.destroy first"


class OpenTofuDestination(PlainDestination):
    """The configurations in one folder; a namespace only parts them."""

    def __init__(self, programs: Programs, *, keys: Path) -> None:
        self._programs, self._keys = programs, keys
        self._ledgers = LedgerFiles(root=programs.root)

    @property
    @override
    def where(self) -> str:
        return f"{Path(self._programs.program).name} with {self._programs.root}"

    @override
    async def refs(self, objects: Sequence[Manifest], *, namespace: str) -> model.Inventory:
        return tuple(model.ref_of(manifest, namespace) for manifest in objects if is_configuration(manifest))

    @override
    async def diff(
        self,
        objects: Sequence[Manifest],
        *,
        identity: model.Identity,
        adopt: bool = False,
        to_delete: model.Inventory = (),
    ) -> tuple[model.ObjectChange, ...]:
        """What a plan says now; it is not kept. Right after an apply it is what that found."""
        wanted = [manifest for manifest in objects if is_configuration(manifest)]
        return ownership.once([await self._change(manifest, identity, adopt=adopt) for manifest in wanted])

    async def _change(self, manifest: Manifest, identity: model.Identity, *, adopt: bool) -> model.ObjectChange:
        ref = model.ref_of(manifest, identity.namespace)
        record = self._programs.folder(identity.namespace, ref.name).record()
        if record and (refusal := foreign(ref, record, identity, adopt=adopt)):
            return model.ObjectChange(action=model.Action.CHANGE, ref=ref, refusal=refusal)
        if record and record.is_of(identity) and record.result:
            changes = record.result.remaining
        else:
            try:
                async with self._programs.bench(manifest, identity.namespace) as bench:
                    changes = await bench.plan(lock=False)
            except NotPlanned as refused:
                refusal = model.Refusal(ref=ref, reason=model.Reason.INVALID, message=refused.message)
                return model.ObjectChange(action=model.Action.CHANGE, ref=ref, refusal=refusal)
        action = model.Action.CHANGE if changes else model.Action.NONE
        if record is None:
            action = model.Action.CREATE
        return model.ObjectChange(action=action, ref=ref, fields=program_output.fields(changes))

    @override
    async def survey(
        self,
        objects: Sequence[Manifest],
        shape: stages.Shape,
        *,
        identity: model.Identity,
        stored: model.Inventory = (),
        as_it_serves: bool = False,
    ) -> stages.Survey:
        return {}

    @override
    def in_stages(self, objects: Sequence[Manifest], shape: stages.Shape) -> tuple[stages.Stage, ...]:
        return stages.at_once([manifest for manifest in objects if is_configuration(manifest)], shape)

    @override
    async def apply(
        self,
        objects: Sequence[Manifest],
        *,
        identity: model.Identity,
        fence: model.Fence,
        adopt: bool = False,
        finished: Collection[str] = (),
    ) -> model.Applied:
        identities = keys.identities(self._keys, identity.app)
        writer = Writer(programs=self._programs, identity=identity, fence=fence, identities=identities, adopt=adopt)
        inventory: list[model.ObjectRef] = []
        changed: list[model.ObjectRef] = []
        for manifest in objects:
            if not is_configuration(manifest):
                continue
            written = await writer.write(manifest)
            if written.refusal:
                return model.Applied(inventory=tuple(inventory), changed=tuple(changed), refusals=(written.refusal,))
            inventory.append(written.ref)
            if written.changed:
                changed.append(written.ref)
        return model.Applied(inventory=tuple(inventory), changed=tuple(changed))

    @override
    async def prune(
        self,
        stored: model.Inventory,
        wanted: model.Inventory,
        *,
        identity: model.Identity,
        fence: model.Fence,
        budget: deletions.Budget,
    ) -> deletions.Pruned:
        """Destroys nothing; what is destroyed already is given up."""
        held: list[deletions.KeptObject] = []
        gone: list[model.ObjectRef] = []
        for ref in deletions.candidates(stored, wanted):
            record = self._programs.folder(identity.namespace, ref.name).record()
            empty = record is not None and record.result is not None and not record.result.resources
            if empty:
                gone.append(ref)
            else:
                held.append(deletions.KeptObject(ref=ref, reason=STAYS))
        keys_gone = {ref.key for ref in gone}
        left = tuple(ref for ref in stored if ref.key not in keys_gone)
        return deletions.Pruned(deleted=tuple(gone), held=tuple(held), inventory=left)

    @override
    async def observe(
        self, identity: model.Identity, wanted: model.Inventory, *, health: Sequence[HealthCheck] = ()
    ) -> AsyncIterator[verdicts.Observation]:
        last: object = None
        while True:
            seen = [(ref, self._record(ref)) for ref in wanted]
            if seen != last:
                last = seen
                yield observe.observation(seen, at=clock.now())
            await asyncio.sleep(LOOK_EVERY)

    @override
    async def written(self, wanted: model.Inventory) -> AsyncIterator[None]:
        last: object = None
        while True:
            now = [(record.attempt, record.result) if (record := self._record(ref)) else None for ref in wanted]
            if now != last:
                last = now
                yield
            await asyncio.sleep(LOOK_EVERY)

    def _record(self, ref: model.ObjectRef) -> Any:
        return self._programs.folder(ref.namespace or "", ref.name).record()

    @override
    async def evidence(self, identity: model.Identity, observation: verdicts.Observation) -> Mapping[str, Any]:
        logs = []
        for workload in observation.workloads:
            name = workload.object.partition("/")[2]
            lines = _lines(self._programs.folder(identity.namespace, name))
            logs.append({"object": workload.object, "container": "apply", "previous": False, "lines": lines[-200:]})
        return {"events": [], "logs": logs, "probes": [], "terminations": []}

    @override
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
        """What the last apply printed; nothing runs afterwards."""
        for ref in refs:
            for line in _lines(self._programs.folder(namespace, ref.name))[-lines:]:
                yield f"{ref.name}/apply  {line}"
        if follow:
            await asyncio.Event().wait()

    @override
    async def read(self, refs: model.Inventory) -> tuple[Manifest, ...]:
        return tuple(observe.manifest(ref, record) for ref in refs if (record := self._record(ref)))

    @override
    async def observed(self, namespace: str) -> observed.Observed:
        return observed.of((), {})

    @override
    async def read_ledger(self, app: str, formation: str, *, namespace: str) -> model.Ledger:
        return self._ledgers.read(app, formation, namespace)

    @override
    async def ledgers(self, app: str, formation: str, *, among: Sequence[str]) -> tuple[str, ...]:
        return self._ledgers.places(app, formation)

    @override
    async def write_ledger(
        self, ledger: model.Ledger, app: str, formation: str, *, namespace: str, fence: model.Fence
    ) -> model.Ledger:
        await fence()
        return self._ledgers.write(ledger, app, formation, namespace)


def _lines(folder: ConfigurationFolder) -> list[str]:
    """The program's messages as people read them; it hides sensitive values in them itself."""
    lines: list[str] = []
    for line in folder.printed().splitlines():
        try:
            lines.append(str(json.loads(line)["@message"]))
        except (ValueError, KeyError, TypeError):
            lines.append(line)
    return lines
