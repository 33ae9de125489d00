"""The usage of workloads and their requests, also in words. Pure: knows nothing about any destination's API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class Resources:
    """CPU in cores and memory in bytes; 0 if not set."""

    cpu: float = 0.0
    memory: float = 0.0

    def __bool__(self) -> bool:
        return bool(self.cpu or self.memory)


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkloadUsage:
    """One workload."""

    object: str
    requests: Resources
    """The requests of one instance."""
    limits: Resources
    """The limits of one instance; zero if a container has no limit."""
    instances: Mapping[str, Resources] = field(default_factory=dict)
    """The current usage of each instance; empty if nobody measures it."""

    @property
    def used(self) -> Resources:
        """The usage of all instances together."""
        return total(self.instances.values())


def of(stored: Mapping[str, float] | None) -> Resources:
    """From a formation's requests, which have `cpu` and `memory`."""
    return Resources(cpu=(stored or {}).get("cpu", 0.0), memory=(stored or {}).get("memory", 0.0))


def total(parts: Iterable[Resources]) -> Resources:
    """The sum."""
    listed = tuple(parts)
    cores = round(sum(resources.cpu for resources in listed), 9)  # nanocores are the finest unit
    return Resources(cpu=cores, memory=sum(resources.memory for resources in listed))


def words(resources: Resources) -> str:
    """`0.25 CPU, 64 MiB`; empty for zero."""
    parts = [f"{_cores(resources.cpu)} CPU"] if resources.cpu else []
    return ", ".join([*parts, _bytes(resources.memory)] if resources.memory else parts)


def of_formation(used: Sequence[WorkloadUsage], asked: Resources) -> str:
    """`uses 1.4 of 3 CPU, 200 of 512 MiB`; without measurements only its requests."""
    uses = total(workload_usage.used for workload_usage in used)
    return beside(uses, asked) if uses else f"requests {words(asked)}" if asked else ""


def of_workload(used: WorkloadUsage, instances: int) -> str:
    """The same for one workload, with its limits."""
    asked, most = (_times(resources, instances) for resources in (used.requests, used.limits))
    sentence = of_formation((used,), asked)
    return " · ".join(part for part in (sentence, f"limits {words(most)}" if most else "") if part)


def beside(uses: Resources, asked: Resources) -> str:
    """The usage and the requests."""
    cpu = f"{_cores(uses.cpu)} of {_cores(asked.cpu)} CPU" if asked.cpu else f"{_cores(uses.cpu)} CPU"
    memory = f"{_bytes(uses.memory)} of {_bytes(asked.memory)}" if asked.memory else _bytes(uses.memory)
    return f"uses {cpu}, {memory}"


def _times(resources: Resources, instances: int) -> Resources:
    return Resources(cpu=resources.cpu * instances, memory=resources.memory * instances)


def _cores(cores: float) -> str:
    """`0`, `0.004`, `0.25`, `1.4`, `12`, `1500`; anything below a thousandth of a core counts as one thousandth."""
    shown = max(cores, 0.001) if cores else 0.0
    return f"{shown:.2g}" if shown < 1 else f"{shown:.3g}" if shown < 1000 else f"{shown:.0f}"


def _bytes(size: float) -> str:
    mebibytes = size / 1024**2
    return f"{mebibytes / 1024:.1f} GiB" if mebibytes >= 1024 else f"{mebibytes:.0f} MiB"
