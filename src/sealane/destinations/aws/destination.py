"""The answers that destinations in an account of AWS share: nothing of Kubernetes', ledgers in a bucket."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Generic

from typing_extensions import override

from sealane.destinations import deletions, model
from sealane.destinations.aws.bucket_records import BucketRecords, R
from sealane.destinations.aws.pace import Pace
from sealane.destinations.plain import PlainDestination
from sealane.verdicts import model as verdicts

Manifest = Mapping[str, Any]


class AccountDestination(PlainDestination, Generic[R]):
    """A destination that keeps its records in a bucket and never deletes what it deployed."""

    stays = "Sealane deletes nothing here: do it by hand"
    """Why pruning leaves objects in place."""

    def __init__(self, records: BucketRecords[R], pace: Pace) -> None:
        self._records, self._pace = records, pace

    @abstractmethod
    async def _as_written(self, ref: model.ObjectRef) -> object:
        """What of the live object changes by writes only; None for kinds that nobody watches."""

    @abstractmethod
    async def _evidence_of(self, kind: str, name: str, namespace: str) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """The evidence of one object, in the lists that it belongs to."""

    @override
    async def written(self, wanted: model.Inventory) -> AsyncIterator[None]:
        last: object = None
        began = self._pace.now()
        while True:
            now = [await self._as_written(ref) for ref in wanted]
            if now != last:
                last = now
                yield
            await self._pace.between(began)

    @override
    async def evidence(self, identity: model.Identity, observation: verdicts.Observation) -> Mapping[str, Any]:
        evidence: dict[str, list[Mapping[str, Any]]] = {"events": [], "logs": [], "probes": [], "terminations": []}
        for workload in observation.workloads:
            kind, _, name = workload.object.partition("/")
            for key, lines in (await self._evidence_of(kind, name, identity.namespace)).items():
                evidence[key].extend(lines)
        return evidence

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
        """Deletes nothing: what is there has data, addresses and history that no deployment can recreate."""
        unwanted = deletions.candidates(stored, wanted)
        held = tuple(deletions.KeptObject(ref=ref, reason=self.stays) for ref in unwanted)
        return deletions.Pruned(deleted=(), held=held, inventory=stored)

    @override
    async def read_ledger(self, app: str, formation: str, *, namespace: str) -> model.Ledger:
        return await self._records.ledger(app, formation, namespace)

    @override
    async def ledgers(self, app: str, formation: str, *, among: Sequence[str]) -> tuple[str, ...]:
        return await self._records.ledgers(app, formation)

    @override
    async def write_ledger(
        self, ledger: model.Ledger, app: str, formation: str, *, namespace: str, fence: model.Fence
    ) -> model.Ledger:
        await fence()
        return await self._records.keep_ledger(ledger, app, formation, namespace)
