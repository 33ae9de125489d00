"""Patches of a formation: which objects each changes, and the objects afterwards. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sealane.charts import release_objects
from sealane.configfiles import globs
from sealane.findings import Finding, Place, did_you_mean
from sealane.formations.model import PatchTarget
from sealane.stencils import json_patch, merge_patch, objects, placed_objects, substitution
from sealane.stencils.merge_patch import FieldTypes
from sealane.stencils.model import Origin
from sealane.stencils.placed_objects import Node
from sealane.stencils.placeholders import Placeholders
from sealane.stencils.platform import Platform
from sealane.stencils.sources import PatchSource, Stencil

Placed = tuple[dict[str, Any], Origin]
"""An object and where it was written."""

_IDENTITY = ("apiVersion", "kind")
MOST_VALUES = 1_000_000
"""Most values of all patches together, each counted for each object that it changes."""
MOST_OPERATIONS = 20_000
"""Most operations of all patches together, each counted for each object."""


def applied(
    given: Sequence[Placed], patches: Iterable[PatchSource], words: Placeholders, platform: Platform
) -> tuple[list[Placed], list[Finding]]:
    """The objects after all patches, in their order. A patch that changes no object is a finding."""
    manifests = [there for there, _ in given]
    work = _Patching(
        objects=list(given),
        words=words,
        types=platform.field_types(manifests),
        releases=release_objects.names(manifests),
    )
    for source in patches:
        for stencil in source.documents:
            work.patch(source, stencil)
            if work.exhausted:
                hint = "name fewer objects, or write smaller patches"
                finding = Finding(
                    message="the patches are too large for that many objects", place=source.place, hint=hint
                )
                return [], [*work.findings, finding]
    return work.objects, work.findings


@dataclass(kw_only=True, slots=True)
class _Patching:
    """The objects between patches."""

    objects: list[Placed]
    words: Placeholders
    types: FieldTypes
    releases: frozenset[str]
    """Those that Helm writes."""
    findings: list[Finding] = field(default_factory=list)
    values: int = 0
    operations: int = 0

    @property
    def exhausted(self) -> bool:
        return self.values > MOST_VALUES or self.operations > MOST_OPERATIONS

    def patch(self, source: PatchSource, stencil: Stencil) -> None:
        document = stencil.document
        value, problems = substitution.substitute(stencil, self.words)
        self.findings += problems
        if problems:
            return
        origin = Origin(file=document.file, places=document.values, written=document.written, keys=document.keys)
        target = source.patch.target or _target(value)
        chosen = {index for index, (there, _) in enumerate(self.objects) if _matches(there, target)}
        if not chosen:
            place = source.place if source.patch.target else document.place(("metadata", "name"))
            self.findings.append(Finding(message="the patch changes no object", place=place, hint=self._near(target)))
            return
        node = placed_objects.placed(value, origin)
        if source.patch.target is None:
            node = _without_identity(node)
        is_list = isinstance(node.value, list)
        self.values += node.size * len(chosen)
        self.operations += len(node.items) * len(chosen)
        if self.exhausted:
            return
        made = [
            (self._operated(item, node) if is_list else self._merged(item, node, document.place(())))
            if index in chosen and self._allowed(item, source)
            else item
            for index, item in enumerate(self.objects)
        ]
        self.objects = [item for item in made if item is not None]

    def _merged(self, item: Placed, patch: Node, place: Place) -> Placed | None:
        value, origin = item
        merge = merge_patch.Merge(place=place)
        made = merge.merged(placed_objects.placed(value, origin), patch, self.types(value))
        self.findings += merge.findings
        if merge.findings:
            return item
        return self._checked(item, made, place) if made else None

    def _operated(self, item: Placed, patch: Node) -> Placed:
        value, origin = item
        try:
            made = json_patch.patched(placed_objects.placed(value, origin), patch.items)
        except json_patch.BadOperation as bad:
            place = bad.node.place or origin.place()
            message = f"{_named(value)}: {bad.message}"
            self.findings.append(Finding(message=message, place=place, hint=bad.hint))
            return item
        return self._checked(item, made, patch.place or origin.place())

    def _checked(self, item: Placed, made: Node, patch: Place) -> Placed:
        value, origin = made.plain, placed_objects.origin(made, item[1].file)
        problems = objects.problems(value, origin)
        self.findings += [
            problem
            if problem.place.file == patch.file
            else replace(problem, message=f"with this patch {problem.message}", place=patch)
            for problem in problems
        ]
        return item if problems else (value, origin)

    def _allowed(self, item: Placed, source: PatchSource) -> bool:
        """False, with a finding, for what Helm itself writes."""
        value, _ = item
        release = value["metadata"]["name"] if release_objects.is_release(value) else release_objects.release_of(value)
        if release not in self.releases:
            return True
        message = f"{_named(value)} is written by Helm as part of the release {release}"
        self.findings.append(
            Finding(message=message, place=source.place, hint="change the chart's values, or leave mode: release out")
        )
        return False

    def _near(self, target: PatchTarget) -> str:
        alike = [
            there
            for there, _ in self.objects
            if _matches(there, PatchTarget(group=target.group, kind=target.kind, labels=target.labels))
        ]
        if target.name and alike:
            return did_you_mean(target.name, {str(there["metadata"]["name"]) for there in alike})
        return did_you_mean(target.kind or "", {str(there["kind"]) for there, _ in self.objects})


def _target(value: dict[str, Any]) -> PatchTarget:
    """The object that a document names itself."""
    group, kind = objects.kind_of(value)
    return PatchTarget(group=group, kind=kind, name=globs.literal(str(value["metadata"]["name"])))


def _without_identity(node: Node) -> Node:
    """The patch without the fields that only name its object."""
    fields = {key: child for key, child in node.fields.items() if key not in _IDENTITY}
    metadata = fields.get("metadata")
    if metadata is not None:
        rest = {key: child for key, child in metadata.fields.items() if key != "name"}
        fields["metadata"] = placed_objects.with_fields(metadata, rest)
    return placed_objects.with_fields(node, fields)


def _matches(value: dict[str, Any], target: PatchTarget) -> bool:
    group, kind = objects.kind_of(value)
    metadata = value["metadata"]
    labels = metadata.get("labels") or {}
    return (
        target.group in (None, group)
        and target.kind in (None, kind)
        and (target.name is None or globs.matches(target.name, str(metadata["name"])))
        and all(labels.get(key) == wanted for key, wanted in target.labels.items())
    )


def _named(value: dict[str, Any]) -> str:
    return f"{value['kind']} {value['metadata']['name']}"
