"""Gates that ask a metric store; the file has the store's key in place of the gate's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

from sealane.configfiles.documents import Document, Path
from sealane.deployments.gates import samples
from sealane.deployments.gates.context import GateContext
from sealane.deployments.gates.model import GateJudgement, GateResult, GateSubject, Outcome
from sealane.deployments.gates.port import GateKind
from sealane.deployments.metric_stores.port import MetricStore, StoreAccess
from sealane.errors import Refused, Unavailable
from sealane.findings import Finding
from sealane.formations import gate_reading
from sealane.formations.gate_files import QueryFile
from sealane.formations.gates import Gate, Query
from sealane.secrets.masking import Masker


def _problems(written: QueryFile, document: Document, path: Path) -> Iterator[Finding]:
    interval = gate_reading.span(written.interval, timedelta(seconds=10))
    if gate_reading.span(written.duration, timedelta()) and not interval:
        place = document.place((*path, "interval"))
        yield Finding(message="the interval is 0", place=place, hint="write 1s or more")


async def _check(gate: Gate, check: Query, subject: GateSubject, context: GateContext) -> GateResult:
    del subject
    try:
        keys = {name: await context.secret(reference) for name, reference in gate.references.items()}
    except Refused as error:
        return GateJudgement(outcome=Outcome.INCONCLUSIVE, message=error.message).of(gate.name)
    mask = Masker.of(keys.values()).whole  # a store may repeat what it was asked with
    readings: list[samples.MetricSample] = []
    while True:
        at = context.now()
        readings.append(await _read(check, keys, context, mask))
        took = (context.now() - at).total_seconds()
        asked = mask(f"{check.store}: {check.query}")
        context.note(gate.name, asked, samples.asked_store(check, readings[-1], at, took))
        judged = samples.query(check, readings)
        if judged.outcome:
            return judged.of(gate.name)
        await context.sleep(check.interval.total_seconds())


async def _read(
    check: Query, keys: Mapping[str, str], context: GateContext, mask: Callable[[str], str]
) -> samples.MetricSample:
    store = context.adapters.metric_stores.get(check.store, MetricStore)
    try:
        values = await store.ask(check, StoreAccess(keys=keys, now=context.now(), allowed=context.allowed))
    except (Unavailable, Refused) as error:
        return samples.MetricSample(problem=mask(error.message))
    return samples.MetricSample(values=values)


ADAPTER = GateKind(
    file=None,
    doc="What is asked, and what the answer must be.",
    read=gate_reading.query,
    problems=_problems,
    model=Query,
    check=_check,
)
