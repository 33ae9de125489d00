"""Reads and checks the strategy of a formation's file. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from sealane.adapters import Adapters
from sealane.configfiles import fields
from sealane.configfiles.documents import Document
from sealane.findings import Finding
from sealane.formations import files, gate_reading
from sealane.formations.strategy import DEADLINE, HEALTHY_FOR, KEEP_OLD_FOR, PERSON, BlueGreen, CanaryStep, Strategy

_WAYS: tuple[Literal["rolling", "recreate", "blue_green", "canary"], ...] = (
    "rolling",
    "recreate",
    "blue_green",
    "canary",
)
_LONGEST_PAUSE = timedelta(hours=1)


def read(written: files.StrategyFile, adapters: Adapters) -> Strategy:
    """The strategy, with the defaults of what is not written."""
    rolling = written.rolling or files.RollingFile()
    stated = [kind for kind in _WAYS if getattr(written, kind) is not None]
    return Strategy(
        kind=stated[0] if stated else "rolling",
        stated=bool(stated),
        max_unavailable=rolling.max_unavailable,
        max_surge=rolling.max_surge,
        blue_green=_blue_green(written.blue_green) if written.blue_green else None,
        steps=tuple(_canary_step(step) for step in written.canary.steps) if written.canary else (),
        healthy_for=_duration(written.healthy_for, HEALTHY_FOR),
        patience=fields.duration(written.patience) if written.patience is not None else None,
        deadline=_duration(written.deadline, DEADLINE),
        drain=fields.duration(written.drain) if written.drain is not None else None,
        watch_for=fields.duration(written.watch_for) if written.watch_for is not None else None,
        gates=gate_reading.read_gates(written.gates, adapters),
        guard=gate_reading.read_guard(written.guard),
    )


def _blue_green(written: files.BlueGreenFile) -> BlueGreen:
    keep_old_for = _duration(written.keep_old_for, KEEP_OLD_FOR)
    return BlueGreen(preview_service=written.preview_service, keep_old_for=keep_old_for, promote=written.promote)


def _canary_step(written: files.CanaryStepFile) -> CanaryStep:
    if isinstance(written.pause, files.PauseFile):
        return CanaryStep(person=_duration(written.pause.wait, PERSON))
    return CanaryStep(weight=written.weight, pause=fields.duration(written.pause) if written.pause else None)


def _duration(written: str | None, otherwise: timedelta) -> timedelta:
    return otherwise if written is None else fields.duration(written)


def problems(written: files.StrategyFile | None, document: Document, adapters: Adapters) -> list[Finding]:
    """Problems that the shape can't express: parts that don't fit each other."""
    if written is None:
        return []
    findings = []
    stated = [kind for kind in _WAYS if getattr(written, kind) is not None]
    if len(stated) > 1:
        message = f"{' and '.join(stated)} are {'both' if len(stated) == 2 else 'all'} given"
        findings.append(Finding(message=message, place=document.key_place(("strategy", stated[-1])), hint="keep one"))
    if written.canary:
        findings.extend(_canary_problems(written.canary, document))
    if written.rolling and {written.rolling.max_unavailable, written.rolling.max_surge} <= {0, "0%"}:
        message, hint = (
            "with none missing and none more, nothing could ever be replaced",
            "let one of them be 1 or more",
        )
        findings.append(Finding(message=message, place=document.place(("strategy", "rolling")), hint=hint))
    persons = {gate.name for gate in read(written, adapters).every_gate if gate.stage}
    for index, gate in enumerate(written.gates or ()):
        if gate.name in persons:
            place = document.place(("strategy", "gates", index, "name"))
            message = f"the strategy's own wait for a person is called {gate.name}"
            findings.append(Finding(message=message, place=place, hint="rename the gate"))
    if written.drain is not None and (
        fields.duration(written.drain) % timedelta(seconds=1) or not fields.duration(written.drain)
    ):
        message = f"a drain of {written.drain} is not a whole number of seconds, one at least"
        place = document.place(("strategy", "drain"))
        findings.append(Finding(message=message, place=place, hint="write it like 5s"))
    healthy_for, deadline = _duration(written.healthy_for, HEALTHY_FOR), _duration(written.deadline, DEADLINE)
    if healthy_for >= deadline:
        message = "the deadline ends before it could stay healthy long enough"
        place = document.place(("strategy", "deadline" if written.deadline else "healthy_for"))
        findings.append(Finding(message=message, place=place, hint="make it longer than healthy_for"))
    return findings


def _canary_problems(written: files.CanaryFile, document: Document) -> list[Finding]:
    findings = []
    highest = 0
    for index, step in enumerate(written.steps):
        place = document.place(("strategy", "canary", "steps", index))
        keys = [key for key in files.CanaryStepFile.model_fields if getattr(step, key) is not None]
        if len(keys) != 1:
            message = f"a step does one thing, this one {'does ' + ' and '.join(keys) if keys else 'nothing'}"
            findings.append(Finding(message=message, place=place, hint="write each of them as a step of its own"))
        elif isinstance(step.pause, str) and fields.duration(step.pause) > _LONGEST_PAUSE:
            message = f"a pause of {step.pause} is longer than the {_LONGEST_PAUSE.total_seconds() / 3600:g} h that one may last"
            findings.append(Finding(message=message, place=place, hint="shorten it"))
        elif step.weight is not None and step.weight <= highest:
            message = f"weight {step.weight} comes after {highest}: shares only grow"
            findings.append(Finding(message=message, place=place, hint="put the steps in order"))
        highest = max(highest, step.weight or 0)
    if written.steps[0].weight is None:
        place = document.place(("strategy", "canary", "steps", 0))
        message = "before the first weight there is nothing of the new version"
        findings.append(Finding(message=message, place=place, hint="begin with a weight, such as {weight: 10}"))
    return findings
