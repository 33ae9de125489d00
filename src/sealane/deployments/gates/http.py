"""Gates that sample one address."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from sealane.clients.metric_stores import requests
from sealane.configfiles import fields
from sealane.configfiles.documents import Document, Path
from sealane.configfiles.fields import WHOLE, Duration, File, Maybe
from sealane.deployments.gates import samples
from sealane.deployments.gates.context import GateContext
from sealane.deployments.gates.model import GateResult, GateSubject
from sealane.deployments.gates.port import GateKind
from sealane.findings import Finding
from sealane.formations import gate_reading, gates
from sealane.formations.gate_files import Status, Url
from sealane.formations.gate_reading import LONGEST, span
from sealane.formations.gates import Gate, Http


class HttpFile(File):
    """Samples of one address."""

    url: Url
    """The address; redirects are not followed. On a server its host must be listed in the environment's file."""
    samples: Annotated[int, Field(ge=1, le=10_000), WHOLE] = 5
    """How many samples are taken."""
    interval: Maybe[Duration] = None
    """Time from the start of one sample to the start of the next; 2s when left out."""
    timeout: Maybe[Duration] = None
    """How long an answer may take; 5s when left out."""
    status: Maybe[Annotated[list[Status], Field(min_length=1, max_length=50)]] = None
    """Statuses of good answers, such as [200, 404]; any from 200 to 299 when left out."""
    max_failures: Annotated[int, Field(ge=0, le=10_000), WHOLE] = 0
    """How many samples may fail."""
    latency_p95: Maybe[Duration] = None
    """The most that 95 of 100 good answers may take."""


def _read(name: str, written: HttpFile, wait: timedelta) -> Gate:
    check = Http(
        url=written.url,
        samples=written.samples,
        interval=span(written.interval, timedelta(seconds=2)),
        timeout=span(written.timeout, timedelta(seconds=5)),
        status=tuple(written.status or ()),
        max_failures=written.max_failures,
        latency_p95=fields.duration(written.latency_p95) if written.latency_p95 else None,
    )
    return gates.http(name, check, wait=wait)


def _problems(written: HttpFile, document: Document, path: Path) -> Iterator[Finding]:
    if written.max_failures >= written.samples:
        place = document.place((*path, "max_failures"))
        yield Finding(message="with all samples failed it would still pass", place=place, hint="let fewer fail")
    if written.samples * span(written.interval, timedelta(seconds=2)) > LONGEST:
        message = f"its samples take longer than {gate_reading.hours()}"
        yield Finding(message=message, place=document.place(path), hint="take fewer")


async def _check(gate: Gate, check: Http, subject: GateSubject, context: GateContext) -> GateResult:
    del subject
    hits: list[samples.HttpSample] = []
    while True:
        at = context.now()
        answer = await requests.ask(check.url, patience=check.timeout, allowed=context.allowed)
        hits.append(samples.HttpSample(seconds=answer.seconds, status=answer.status, problem=answer.problem))
        context.note(gate.name, context.mask(check.url), samples.asked_http(check, hits[-1], at))
        judged = samples.http(check, hits)
        if judged.outcome:
            return judged.of(gate.name)
        await context.sleep(max(0.0, check.interval.total_seconds() - answer.seconds))


ADAPTER = GateKind(
    file=HttpFile,
    doc="Which address, how often, and what is good.",
    read=_read,
    problems=_problems,
    model=Http,
    check=_check,
)
