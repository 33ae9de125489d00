"""The stages of a deployment that needs several updates of an environment. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sealane.destinations import stages
from sealane.destinations.elastic_beanstalk.model import Step

Manifest = Mapping[str, Any]


def of(objects: Sequence[Manifest], shape: stages.Shape) -> tuple[stages.Stage, ...]:
    """Settings before the version, and the exchange of names after both, each where the survey says that it is needed."""
    if shape.back or not shape.survey:
        return stages.at_once(objects, shape)
    needed = {step for steps in shape.survey.values() for step in steps}
    earlier = []
    if Step.SETTINGS.value in needed:
        first = tuple(_without(manifest, "VersionLabel", "SourceBundle", "CNAMEPrefix") for manifest in objects)
        earlier.append(_stage(stages.StageKind.BESIDE, "settings", "option settings first", first))
    if Step.SWAP.value in needed:
        then = tuple(_without(manifest, "CNAMEPrefix") for manifest in objects)
        earlier.append(_stage(stages.StageKind.PREVIEW, "preview", "the version, under its own name", then))
    last, words = ("swap", "names are exchanged") if Step.SWAP.value in needed else ("version", "the version")
    return (*earlier, _stage(stages.StageKind.WHOLE, last, words, tuple(objects)))


def _without(manifest: Manifest, *fields: str) -> Manifest:
    spec = {key: value for key, value in manifest["spec"].items() if key not in fields}
    return {**manifest, "spec": spec}


def _stage(kind: stages.StageKind, name: str, words: str, objects: Sequence[Manifest]) -> stages.Stage:
    return stages.Stage(kind=kind, name=name, message=words, objects=objects)
