"""Rendered objects and revisions. Pure: knows nothing about files, clusters or the clock."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from sealane.configfiles.documents import Path, nearest_place
from sealane.findings import Place
from sealane.formations import graph_annotations
from sealane.formations.gates import Hook, hooks_from, plain_hooks
from sealane.formations.graph_annotations import Annotation
from sealane.formations.health_checks import HealthCheck
from sealane.formations.output_references import NamedOutput
from sealane.formations.strategy import Strategy

SECRET, CONFIG = ("", "Secret"), ("", "ConfigMap")
"""The kinds for secrets and configuration when a revision doesn't say: those of a cluster."""

_STEP = re.compile(r"\[([^\]]*)\]|([^.\[\]]+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where a rendered object and its fields were written."""

    file: str
    places: Mapping[Path, Place] = field(default_factory=dict, repr=False)
    """The place of each path in the object; the empty path is the object itself."""
    written: Mapping[Path, str] = field(default_factory=dict, repr=False, compare=False)
    """How each number, true and false is written, by path; only for messages, not stored."""
    keys: Mapping[Path, Place] = field(default_factory=dict, repr=False, compare=False)
    """The place of each field's name, by path; only for messages, not stored."""

    def key_place(self, path: Path) -> Place:
        """Where the field's name was written, or else the field."""
        return self.keys.get(path) or self.place(path)

    def place(self, path: Path = ()) -> Place:
        """Where the field at the path was written, or its nearest parent that has a place."""
        return nearest_place(self.places, path, Place(file=self.file))

    def place_named(self, fields: Sequence[str]) -> Place:
        """Where the first of these fields was written, such as `spec.containers[0].image`; without any, the object's place."""
        return self.place(_path(fields[0]) if fields else ())

    def to_json(self) -> dict[str, Any]:
        """Plain data: the file, and `[path, line, column]` for each place, with the file if it differs."""
        places = [
            [list(path), place.line, place.column, *([] if place.file == self.file else [place.file])]
            for path, place in self.places.items()
        ]
        return {"file": self.file, "places": places}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The origin from `to_json`'s data."""
        file = data["file"]
        places = {
            tuple(path): Place(file=other[0] if other else file, line=line, column=column)
            for path, line, column, *other in data["places"]
        }
        return cls(file=file, places=places)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendered:
    """One object as it will be applied, and where it came from. Values of secrets read `<secret NAME>`."""

    object: dict[str, Any]
    origin: Origin

    @property
    def kind(self) -> str:
        return str(self.object["kind"])

    @property
    def name(self) -> str:
        return str(self.object["metadata"]["name"])

    @property
    def namespace(self) -> str | None:
        """The object's namespace; None for cluster-wide kinds."""
        namespace = self.object["metadata"].get("namespace")
        return None if namespace is None else str(namespace)

    @property
    def key(self) -> tuple[str, str, str, str]:
        """The object's identity across revisions: group, kind, namespace, name."""
        group, _, _ = str(self.object["apiVersion"]).rpartition("/")
        return group, self.kind, self.namespace or "", self.name

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"object": self.object, "origin": self.origin.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The object from `to_json`'s data."""
        return cls(object=data["object"], origin=Origin.from_json(data["origin"]))


@dataclass(frozen=True, kw_only=True, slots=True)
class Revision:
    """Immutable and content-addressed: a release rendered for one formation.

    `id` covers everything that will run (objects, strategy, versions of configuration and secrets), but not the release
    or the time: two releases that render to the same have the same revision. It never has values of secrets.
    """

    id: str
    """`sha256:` and 64 hexadecimal digits."""
    app: str
    formation: str
    environment: str
    destination: str
    namespace: str
    release: str | None
    """The release's id; None when rendered without one: then images that Sealane builds are `NAME@unbuilt`."""
    objects: tuple[Rendered, ...]
    strategy: Strategy
    secret_object: str | None
    """Name of the immutable Secret among the objects; None when the formation has no secrets."""
    secrets: Mapping[str, str]
    """The reference of each entry of that Secret, by name."""
    secret_versions: Mapping[str, str]
    """The version of each resolved entry, by name; the name of `secret_object` depends on them."""
    config_object: str | None
    """Name of the immutable ConfigMap among the objects."""
    config_versions: Mapping[str, str]
    secret_kind: tuple[str, str] = SECRET
    config_kind: tuple[str, str] = CONFIG
    """Group and kind of the two objects at the destination; stored only when different from these."""
    hooks: tuple[Hook, ...] = ()
    """Jobs around its rollout, in order."""
    early: tuple[str, ...] = ()
    """`Kind/name` of the objects that are written before hooks before its rollout run."""
    jobs: Mapping[str, Rendered] = field(default_factory=dict)
    """Rendered Jobs of hooks and gates by `stencils.jobs`' keys; they are not among the objects."""
    annotations: tuple[Annotation, ...] = ()
    """Metric stores that receive the result of its deployments."""
    health: tuple[HealthCheck, ...] = ()
    """Health checks for kinds that Sealane can't judge by itself."""
    outputs: tuple[NamedOutput, ...] = ()
    """Outputs of other formations that are in it, with the values that they had when it was rendered."""

    @property
    def everything(self) -> tuple[Rendered, ...]:
        """Everything that it may write to its destination, for limits and policies to check."""
        return (*self.objects, *self.jobs.values())

    def holds_secrets(self, rendered: Rendered) -> bool:
        """Whether Sealane made the object from the formation's `secrets:`."""
        return rendered.key == (*self.secret_kind, self.namespace, self.secret_object)

    def holds_config(self, rendered: Rendered) -> bool:
        """Whether Sealane made the object from the formation's `config:`."""
        return rendered.key == (*self.config_kind, self.namespace, self.config_object)

    @property
    def label(self) -> str:
        """How people name the formation: `app/formation`."""
        return f"{self.app}/{self.formation}"

    def to_json(self) -> dict[str, Any]:
        """Plain data, for the store and for workflows."""
        return {
            "id": self.id,
            "app": self.app,
            "formation": self.formation,
            "environment": self.environment,
            "destination": self.destination,
            "namespace": self.namespace,
            "release": self.release,
            "objects": [rendered.to_json() for rendered in self.objects],
            "strategy": self.strategy.to_json(),
            "secret_object": self.secret_object,
            "secrets": dict(self.secrets),
            "secret_versions": dict(self.secret_versions),
            "config_object": self.config_object,
            "config_versions": dict(self.config_versions),
            **({"secret_kind": list(self.secret_kind)} if self.secret_kind != SECRET else {}),
            **({"config_kind": list(self.config_kind)} if self.config_kind != CONFIG else {}),
            **({"hooks": plain_hooks(self.hooks)} if self.hooks else {}),
            **({"early": list(self.early)} if self.early else {}),
            **({"annotations": graph_annotations.plain(self.annotations)} if self.annotations else {}),
            **({"health": [check.to_json() for check in self.health]} if self.health else {}),
            **({"outputs": [output.to_json() for output in self.outputs]} if self.outputs else {}),
            **({"jobs": {key: rendered.to_json() for key, rendered in self.jobs.items()}} if self.jobs else {}),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The revision from `to_json`'s data."""
        return cls(
            **{
                **data,
                "objects": tuple(Rendered.from_json(rendered) for rendered in data["objects"]),
                "strategy": Strategy.from_json(data["strategy"]),
                "secret_kind": tuple(data.get("secret_kind", SECRET)),
                "config_kind": tuple(data.get("config_kind", CONFIG)),
                "hooks": hooks_from(data.get("hooks", ())),
                "early": tuple(data.get("early", ())),
                "annotations": graph_annotations.from_plain(data.get("annotations", ())),
                "health": tuple(HealthCheck(**check) for check in data.get("health", ())),
                "outputs": tuple(NamedOutput(**output) for output in data.get("outputs", ())),
                "jobs": {key: Rendered.from_json(rendered) for key, rendered in data.get("jobs", {}).items()},
            }
        )


def _path(named: str) -> Path:
    """A field in Kubernetes' notation: names after dots, indices and keys with dots in brackets."""
    steps = (key or name for key, name in _STEP.findall(named))
    return tuple(int(step) if step.isdecimal() else step.strip("\"'") for step in steps)
