"""What gates, guard and hooks of a formation's file mean, and what is wrong with them. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sealane.configfiles import fields
from sealane.configfiles.documents import Document, Path
from sealane.findings import Finding
from sealane.secrets import references
from sealane.stencils import gate_files, gates, hook_files

LONGEST = timedelta(hours=6)
"""How long one gate or Job may take."""
_CONDITION = re.compile(r"(<=|>=|==|!=|<|>) ?(.+)")
_STORES = ("prometheus", "datadog", "influxdb")


def read_gates(written: Sequence[Any] | None) -> tuple[gates.Gate, ...]:
    """The gates that the file says."""
    return tuple(_gate(each) for each in written or ())


def read_guard(written: gate_files.GuardFile | None) -> gates.Guard:
    """The guard that the file says, or the usual one."""
    if written is None:
        return gates.Guard()
    return gates.Guard(restarts=written.restarts, flaps=written.flaps, new_errors=gates.NewLines(written.new_errors))


def read_hooks(written: hook_files.HooksFile | None) -> tuple[gates.Hook, ...]:
    """The hooks that the file says, in order."""
    return tuple(
        gates.Hook(name=each.name, when=when, task=_task(each), undo=_undo(each))
        for when in gates.When
        for each in (getattr(written, when.value) if written else None) or ()
    )


def problems(written: Sequence[Any] | None, hooks: hook_files.HooksFile | None, document: Document) -> list[Finding]:
    """What the shape can't say."""
    at: Path = ("strategy", "gates")
    found = _twice([each.name for each in written or ()], "gate", at, document)
    for index, each in enumerate(written or ()):
        found.extend(_gate_problems(each, (*at, index), document))
    every = [
        (each, ("hooks", when.value, index))
        for when in gates.When
        for index, each in enumerate((getattr(hooks, when.value) if hooks else None) or ())
    ]
    names = Counter(each.name for each, _ in every)
    for each, path in every:
        if names[each.name] > 1:
            place = document.place((*path, "name"))
            found.append(Finding(message=f"two hooks are called {each.name}", place=place, hint="rename one"))
        found.extend(_spans(each, path, document))
    return found


def _gate(written: Any) -> gates.Gate:
    wait = _span(written.wait, gates.WAIT)
    if isinstance(written, gate_files.HttpGateFile):
        return gates.Gate(name=written.name, wait=wait, http=_http(written.http))
    if isinstance(written, gate_files.JobGateFile):
        return gates.Gate(name=written.name, wait=wait, job=_task(written.job))
    if isinstance(written, gate_files.AlertsGateFile):
        return gates.Gate(name=written.name, wait=wait, alerts=_alerts(written.alerts))
    store = next(store for store in _STORES if hasattr(written, store))
    return gates.Gate(name=written.name, wait=wait, query=_query(gates.Store(store), getattr(written, store)))


def _http(written: gate_files.HttpFile) -> gates.Http:
    return gates.Http(
        url=written.url,
        samples=written.samples,
        interval=_span(written.interval, timedelta(seconds=2)),
        timeout=_span(written.timeout, timedelta(seconds=5)),
        status=tuple(written.status or ()),
        max_failures=written.max_failures,
        latency_p95=fields.duration(written.latency_p95) if written.latency_p95 else None,
    )


def _query(store: gates.Store, written: Any) -> gates.Query:
    found = _CONDITION.fullmatch(written.condition)
    assert found is not None, "the field's pattern is stricter"
    keys = {name: getattr(written, name, None) for name in ("token", "key", "application_key")}
    return gates.Query(
        store=store,
        url=written.url,
        query=written.query,
        condition=gates.Condition(operator=found[1], bound=float(found[2])),
        duration=_span(written.duration, timedelta()),
        interval=_span(written.interval, timedelta(seconds=10)),
        max_failures=written.max_failures,
        no_data=gates.NoData(written.no_data),
        window=_span(getattr(written, "window", None), timedelta(minutes=5)),
        database=getattr(written, "database", None),
        keys={name: reference for name, reference in keys.items() if reference},
    )


def _alerts(written: gate_files.AlertsFile) -> gates.Alerts:
    return gates.Alerts(max=written.max, duration=_span(written.duration, timedelta()), matching=written.matching or {})


def _task(written: Any) -> gates.Task:
    timeout = _span(written.timeout, gates.Task().timeout)
    if isinstance(written, gate_files.StencilJobFile):
        return gates.Task(stencil=written.stencil, timeout=timeout)
    return gates.Task(image=written.image, command=tuple(written.command), timeout=timeout)


def _undo(written: Any) -> tuple[str, ...]:
    reversible = getattr(written, "reversible", None)
    return tuple(reversible.command) if reversible else ()


def _span(written: str | None, otherwise: timedelta) -> timedelta:
    return otherwise if written is None else fields.duration(written)


def _twice(names: Sequence[str], what: str, at: Path, document: Document) -> list[Finding]:
    times = Counter(names)
    return [
        Finding(message=f"two {what}s are called {name}", place=document.place((*at, index, "name")), hint="rename one")
        for index, name in enumerate(names)
        if times[name] > 1
    ]


def _gate_problems(written: Any, path: Path, document: Document) -> Iterator[Finding]:
    gate = _gate(written)
    yield from _spans(written, path, document)
    for key in ("http", "job", "alerts", *_STORES):
        inner = getattr(written, key, None)
        if inner is not None:
            yield from _spans(inner, (*path, key), document)
            for name, reference in _keys(inner).items():
                if problem := references.problem(reference):
                    message, hint = problem
                    yield Finding(message=f"{name}: {message}", place=document.place((*path, key, name)), hint=hint)
    if gate.http and gate.http.max_failures >= gate.http.samples:
        place = document.place((*path, "http", "max_failures"))
        yield Finding(message="with all samples failed it would still pass", place=place, hint="let fewer fail")
    if gate.query and gate.query.duration and not gate.query.interval:
        place = document.place((*path, gate.query.store.value, "interval"))
        yield Finding(message="the interval is 0", place=place, hint="write 1s or more")
    if (check := gate.http) and check.samples * check.interval > LONGEST:
        place = document.place((*path, "http"))
        yield Finding(message=f"its samples take longer than {_hours()}", place=place, hint="take fewer")


def _keys(written: Any) -> Mapping[str, str]:
    found = {name: getattr(written, name, None) for name in ("token", "key", "application_key")}
    return {name: reference for name, reference in found.items() if reference}


def _spans(written: Any, path: Path, document: Document) -> Iterator[Finding]:
    """Spans that are too long, and a timeout of nothing."""
    for name in ("timeout", "interval", "duration", "window", "wait"):
        text = getattr(written, name, None)
        if text is None:
            continue
        span = fields.duration(text)
        most = timedelta(days=7) if name == "wait" else LONGEST
        if span > most:
            message = f"{name} is longer than {'7 days' if name == 'wait' else _hours()}"
            yield Finding(message=message, place=document.place((*path, name)), hint="shorten it")
        if name == "timeout" and span < timedelta(seconds=1):
            place = document.place((*path, name))
            yield Finding(message="the timeout is shorter than a second", place=place, hint="write 1s or more")


def _hours() -> str:
    return f"{LONGEST.total_seconds() / 3600:g} hours"
