"""What rendering knows about a kind of destination's objects without contacting it. Pure: objects in, values out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from typing_extensions import override

from sealane.adapters import Adapters
from sealane.findings import Finding
from sealane.formations.gates import Gate
from sealane.formations.health_checks import HealthCheck
from sealane.formations.model import Formation
from sealane.stencils.configuration import ConfigContent
from sealane.stencils.merge_patch import FieldTypes
from sealane.stencils.model import Rendered
from sealane.stencils.placeholders import Placeholders

CLUSTER = "kubernetes"
"""The default kind of destination: for files that are checked without the operators' files."""

Kind = tuple[str, str]
"""Group, empty for Kubernetes' core one, and kind."""


class ClaimKind(StrEnum):
    """What operators list for an app beside images; the value is the key in their file."""

    ARTIFACT = "artifacts"  # something to run that was made elsewhere, whose images nobody can tell
    ROLE = "roles"  # whose rights it gets


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """Something beside its images that an object names, and that operators must have listed for the app."""

    kind: ClaimKind
    path: tuple[str | int, ...]
    name: str
    """In its canonical spelling."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExtractedJobs:
    """The stencils' objects, split into Jobs by key (`gate NAME`, `hook NAME`, `undo NAME`) and all others."""

    jobs: Mapping[str, Rendered] = field(default_factory=dict)
    rest: tuple[Rendered, ...] = ()
    findings: tuple[Finding, ...] = ()


def gate_key(name: str) -> str:
    """The key of a gate's Job."""
    return f"gate {name}"


def hook_key(name: str) -> str:
    """The key of a hook's Job."""
    return f"hook {name}"


def undo_key(name: str) -> str:
    """The key of the Job that undoes a hook."""
    return f"undo {name}"


class Platform(Protocol):
    """One kind of destination, as far as rendering goes."""

    def of_no_namespace(self, manifests: Iterable[Mapping[str, Any]]) -> frozenset[Kind]:
        """Kinds without a namespace, including those that these objects define."""
        ...

    def problems(self, rendered: Sequence[Rendered]) -> Iterable[Finding]:
        """Problems that no object of its kinds may have."""
        ...

    def field_types(self, among: Iterable[Mapping[str, Any]]) -> FieldTypes:
        """The types of manifests, by which patches are merged into them; `among` are objects that may define kinds."""
        ...

    def claims(self, manifest: Mapping[str, Any], app: str) -> Iterable[Claim]:
        """What the app's object names that is limited beside its images."""
        ...

    def secret(
        self, name: str, app: str, formation: Formation, entries: Mapping[str, str]
    ) -> tuple[Rendered | None, list[Finding]]:
        """The object with this name for the formation's secrets; `entries` are the texts that stand for their values."""
        ...

    def config(
        self, name: str, app: str, formation: Formation, content: ConfigContent
    ) -> tuple[Rendered | None, list[Finding]]:
        """The object with this name that holds the formation's configuration."""
        ...

    def jobs(self, formation: Formation, rendered: Sequence[Rendered], words: Placeholders) -> ExtractedJobs:
        """The Jobs of the formation's gates and hooks, taken out of the stencils or newly made."""
        ...

    def confirmations(self, manifests: Iterable[Mapping[str, Any]]) -> tuple[Gate, ...]:
        """Stages of the objects' own after which a person must confirm, beside those of the formation's strategy."""
        ...

    def finished(self, rendered: Sequence[Rendered], formation: Formation) -> tuple[list[Rendered], list[Finding]]:
        """The stencils' objects adapted to the formation's strategy."""
        ...

    def whole(self, rendered: Sequence[Rendered], formation: Formation) -> Iterable[Finding]:
        """Why the strategy is not possible with these objects, which are complete and in order."""
        ...

    def health_problem(self, check: HealthCheck) -> Finding | None:
        """Why the kind needs no health check by the formation; the caller adds the place."""
        ...

    def scaled(self, manifest: Mapping[str, Any], instances: int) -> dict[str, Any] | None:
        """The object with that many instances; None if it can't be scaled."""
        ...

    @property
    def no_instances(self) -> str:
        """Why nothing here can be scaled or restarted, in a sentence; empty where something can."""
        ...

    def restarted(self, manifest: Mapping[str, Any], at: datetime) -> dict[str, Any] | None:
        """The object changed so that its instances are restarted; None if it has none that keep running."""
        ...

    def restarted_as(self, manifest: Mapping[str, Any], former: Mapping[str, Any]) -> dict[str, Any] | None:
        """The object with the restart of an earlier version of it; None if that was not restarted."""
        ...

    def requests(self, manifests: Iterable[Mapping[str, Any]]) -> dict[str, float]:
        """CPU in cores and memory in bytes that all instances together request."""
        ...


class Plain(Platform):
    """A platform where all objects are alike, have namespaces, and nothing runs."""

    @override
    def of_no_namespace(self, manifests: Iterable[Mapping[str, Any]]) -> frozenset[Kind]:
        del manifests
        return frozenset()

    @override
    def problems(self, rendered: Sequence[Rendered]) -> Iterable[Finding]:
        del rendered
        return ()

    @override
    def field_types(self, among: Iterable[Mapping[str, Any]]) -> FieldTypes:
        """None is known, so lists are replaced as a whole."""
        del among
        return lambda _: None

    @override
    def claims(self, manifest: Mapping[str, Any], app: str) -> Iterable[Claim]:
        del manifest, app
        return ()

    @override
    def secret(
        self, name: str, app: str, formation: Formation, entries: Mapping[str, str]
    ) -> tuple[Rendered | None, list[Finding]]:
        del name, app, entries
        return None, [_holds_nothing(formation, "secrets")]

    @override
    def config(
        self, name: str, app: str, formation: Formation, content: ConfigContent
    ) -> tuple[Rendered | None, list[Finding]]:
        del name, app, content
        return None, [_holds_nothing(formation, "config")]

    @override
    def jobs(self, formation: Formation, rendered: Sequence[Rendered], words: Placeholders) -> ExtractedJobs:
        del words
        hint = "take it away, or deploy to a destination that runs Jobs"
        asked = [
            *(("gates", gate.name) for gate in formation.strategy.gates if gate.job),
            *(("hooks", hook.name) for hook in formation.hooks),
        ]
        findings = tuple(
            Finding(
                message=f"{name} can't run: nothing runs at destination {formation.destination}",
                place=formation.at("strategy", part) if part == "gates" else formation.at(part),
                hint=hint,
            )
            for part, name in asked
        )
        return ExtractedJobs(rest=tuple(rendered), findings=findings)

    @override
    def confirmations(self, manifests: Iterable[Mapping[str, Any]]) -> tuple[Gate, ...]:
        del manifests
        return ()

    @override
    def finished(self, rendered: Sequence[Rendered], formation: Formation) -> tuple[list[Rendered], list[Finding]]:
        del formation
        return list(rendered), []

    @override
    def whole(self, rendered: Sequence[Rendered], formation: Formation) -> Iterable[Finding]:
        del rendered
        strategy = formation.strategy
        if strategy.kind not in ("blue_green", "canary"):
            return ()
        message = f"destination {formation.destination} has no stages: nothing there serves traffic"
        return (Finding(message=message, place=formation.at("strategy", strategy.kind), hint="leave it out"),)

    @override
    def health_problem(self, check: HealthCheck) -> Finding | None:
        """Only a health check can judge any kind here."""
        del check
        return None

    @override
    def scaled(self, manifest: Mapping[str, Any], instances: int) -> dict[str, Any] | None:
        """Nothing has instances."""
        del manifest, instances
        return None

    @property
    @override
    def no_instances(self) -> str:
        return "nothing has instances at this destination"

    @override
    def restarted(self, manifest: Mapping[str, Any], at: datetime) -> dict[str, Any] | None:
        """Nothing has instances."""
        del manifest, at
        return None

    @override
    def restarted_as(self, manifest: Mapping[str, Any], former: Mapping[str, Any]) -> dict[str, Any] | None:
        """Nothing has instances."""
        del manifest, former
        return None

    @override
    def requests(self, manifests: Iterable[Mapping[str, Any]]) -> dict[str, float]:
        """Nothing runs."""
        del manifests
        return {"cpu": 0.0, "memory": 0.0}


def _holds_nothing(formation: Formation, key: str) -> Finding:
    message = f"destination {formation.destination} holds no {key} for what is deployed there"
    return Finding(message=message, place=formation.at(key), hint="take it away")


PLAIN = Plain()


@dataclass(frozen=True, kw_only=True, slots=True)
class PlatformLine:
    """The part of the table of destinations that rendering uses."""

    platform: Platform = PLAIN
    groups: tuple[str, ...] = ()
    """Groups of API versions that no other kind of destination has."""


def told_by(versions: Iterable[str], adapters: Adapters) -> str:
    """The kind of destination that objects with these API versions are for, where no operators' file tells it."""
    groups = {version.rpartition("/")[0] for version in versions}
    if all("." not in group or group.endswith(".k8s.io") for group in groups):
        return CLUSTER  # Kubernetes' own, so that no table need be loaded
    for kind, line in adapters.destinations.every(PlatformLine).items():
        if groups & set(line.groups):
            return kind
    return CLUSTER


def of(kind: str, adapters: Adapters) -> Platform:
    """The platform of a kind of destination. Raises NotThere for an unknown kind."""
    return adapters.destinations.get(kind, PlatformLine).platform
