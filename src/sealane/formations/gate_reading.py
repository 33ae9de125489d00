"""Reads and checks gates, guard and hooks of a formation's file. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sealane.adapters import Adapters
from sealane.configfiles import fields, variants
from sealane.configfiles.documents import Document, Path
from sealane.findings import Finding
from sealane.formations import gate_files, gates, hook_files
from sealane.secrets import references

LONGEST = timedelta(hours=6)
"""The longest time for one gate or Job."""
_CONDITION = re.compile(r"(<=|>=|==|!=|<|>) ?(.+)")


def read_gates(written: Sequence[Any] | None, adapters: Adapters) -> tuple[gates.Gate, ...]:
    """The gates in the file."""
    return tuple(_gate(gate, adapters) for gate in written or ())


def read_guard(written: gate_files.GuardFile | None) -> gates.Guard:
    """The guard in the file, or the default."""
    if written is None:
        return gates.Guard()
    return gates.Guard(restarts=written.restarts, flaps=written.flaps, new_errors=gates.NewLines(written.new_errors))


def read_hooks(written: hook_files.HooksFile | None) -> tuple[gates.Hook, ...]:
    """The hooks in the file, in order."""
    return tuple(
        gates.Hook(name=hook.name, when=when, task=task(hook), undo=_undo(hook))
        for when in gates.When
        for hook in (getattr(written, when.value) if written else None) or ()
    )


def problems(
    written: Sequence[Any] | None, hooks: hook_files.HooksFile | None, document: Document, adapters: Adapters
) -> list[Finding]:
    """Problems that the shape can't express."""
    at: Path = ("strategy", "gates")
    findings = _twice([gate.name for gate in written or ()], "gate", at, document)
    for index, gate in enumerate(written or ()):
        findings.extend(_gate_problems(gate, (*at, index), document, adapters))
    every = [
        (hook, ("hooks", when.value, index))
        for when in gates.When
        for index, hook in enumerate((getattr(hooks, when.value) if hooks else None) or ())
    ]
    names = Counter(hook.name for hook, _ in every)
    for hook, path in every:
        if names[hook.name] > 1:
            place = document.place((*path, "name"))
            findings.append(Finding(message=f"two hooks are called {hook.name}", place=place, hint="rename one"))
        findings.extend(_spans(hook, path, document))
    return findings


def _gate(written: Any, adapters: Adapters) -> gates.Gate:
    key, inner, kind = _parts(written, adapters)
    made = adapters.gates.get(kind, gate_files.GateShape).read(written.name, inner, span(written.wait, gates.WAIT))
    return made if kind == key else _asks(made, key, inner, adapters)


def _parts(written: Any, adapters: Adapters) -> tuple[str, Any, str]:
    """The key in the file, its value, and the kind of the gate."""
    key = variants.key_of(written, (*adapters.gates.keys, *adapters.metric_stores.keys))
    return key, getattr(written, key), key if key in adapters.gates.keys else gates.METRIC


def query(name: str, written: gate_files.QueryFile, wait: timedelta) -> gates.Gate:
    """A gate that queries a metric store, without the store's own options."""
    match = _CONDITION.fullmatch(written.condition)
    assert match is not None, "the field's pattern is stricter"
    asked = gates.Query(
        store="",
        url=written.url,
        query=written.query,
        condition=gates.Condition(operator=match[1], bound=float(match[2])),
        duration=span(written.duration, timedelta()),
        interval=span(written.interval, timedelta(seconds=10)),
        max_failures=written.max_failures,
        no_data=gates.NoData(written.no_data),
    )
    return gates.metric(name, asked, wait=wait)


def _asks(gate: gates.Gate, store: str, written: Any, adapters: Adapters) -> gates.Gate:
    """The gate with its store and the store's own options."""
    shape = adapters.metric_stores.get(store, gate_files.MetricStoreShape)
    keys = gate_files.keys_of(written, shape)
    check = {**gate.check, "store": store, "options": dict(shape.options(written)), "keys": keys}
    return replace(gate, check=check, references=keys)


def task(written: Any) -> gates.Task:
    timeout = span(written.timeout, gates.Task().timeout)
    if isinstance(written, gate_files.StencilJobFile):
        return gates.Task(stencil=written.stencil, timeout=timeout)
    return gates.Task(image=written.image, command=tuple(written.command), timeout=timeout)


def _undo(written: Any) -> tuple[str, ...]:
    reversible = getattr(written, "reversible", None)
    return tuple(reversible.command) if reversible else ()


def span(written: str | None, otherwise: timedelta) -> timedelta:
    return otherwise if written is None else fields.duration(written)


def _twice(names: Sequence[str], noun: str, at: Path, document: Document) -> list[Finding]:
    times = Counter(names)
    return [
        Finding(message=f"two {noun}s are called {name}", place=document.place((*at, index, "name")), hint="rename one")
        for index, name in enumerate(names)
        if times[name] > 1
    ]


def _gate_problems(written: Any, path: Path, document: Document, adapters: Adapters) -> Iterator[Finding]:
    key, inner, kind = _parts(written, adapters)
    yield from _spans(written, path, document)
    yield from _spans(inner, (*path, key), document)
    for name, reference in _gate(written, adapters).references.items():
        if problem := references.problem(reference, adapters):
            message, hint = problem
            yield Finding(message=f"{name}: {message}", place=document.place((*path, key, name)), hint=hint)
    yield from adapters.gates.get(kind, gate_files.GateShape).problems(inner, document, (*path, key))


def _spans(written: Any, path: Path, document: Document) -> Iterator[Finding]:
    """Findings for durations that are too long, and for a timeout of zero."""
    for name in ("timeout", "interval", "duration", "window", "wait"):
        text = getattr(written, name, None)
        if text is None:
            continue
        span = fields.duration(text)
        most = timedelta(days=7) if name == "wait" else LONGEST
        if span > most:
            message = f"{name} is longer than {'7 days' if name == 'wait' else hours()}"
            yield Finding(message=message, place=document.place((*path, name)), hint="shorten it")
        if name == "timeout" and span < timedelta(seconds=1):
            place = document.place((*path, name))
            yield Finding(message="the timeout is shorter than a second", place=place, hint="write 1s or more")


def hours() -> str:
    return f"{LONGEST.total_seconds() / 3600:g} hours"
