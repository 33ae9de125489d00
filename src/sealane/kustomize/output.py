"""Parses what `kustomize build` prints. Pure.

Sealane asks for the annotation that says the file of each object, and takes it away. Kustomize tells no lines, so the
line with the object's kind is searched.
"""

from __future__ import annotations

import posixpath
import re
from typing import Any

from sealane.configfiles import documents
from sealane.findings import Finding, Place
from sealane.kustomize.model import BuildResult, Built, BuiltObject, Kustomization

ORIGIN = "config.kubernetes.io/origin"
"""The annotation of `buildMetadata: [originAnnotations]`: `path` of a resource, or `configuredIn` of a generator."""
_MOST_SAID = 600


def read(result: BuildResult, asked: Kustomization, above: str) -> Built:
    """All objects, or what is wrong; `above` leads from the built folder to the repository's root."""
    if result.problem is not None:
        message, hint = result.problem
        return Built(findings=(Finding(message=message, place=asked.place, hint=hint),))
    if result.complaint is not None:
        said = " ".join(result.complaint.split())[:_MOST_SAID]
        message = f"Kustomize can't build it: {said}"
        return Built(findings=(Finding(message=message, place=Place(file=asked.file, line=1, column=1)),))
    read_documents, findings = documents.read(result.printed, asked.file)
    if findings:
        wrong = (f"what it builds is wrong, {finding.message}" for finding in findings)
        return Built(findings=tuple(Finding(message=text, place=Place(file=asked.file)) for text in wrong))
    return Built(objects=tuple(_object(document.value, asked, above) for document in read_documents))


def _object(value: Any, asked: Kustomization, above: str) -> BuiltObject:
    metadata = value.get("metadata") if isinstance(value, dict) else None
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    said = annotations.get(ORIGIN) if isinstance(annotations, dict) else None
    if metadata is None or annotations is None or not isinstance(said, str):
        return BuiltObject(value=value, place=Place(file=asked.file, line=1, column=1))
    rest = {key: entry for key, entry in annotations.items() if key != ORIGIN}
    plain = {key: entry for key, entry in metadata.items() if key != "annotations"}
    if rest:
        plain["annotations"] = rest
    return BuiltObject(value={**value, "metadata": plain}, place=_place(said, value, asked, above))


def _place(said: str, value: dict[str, Any], asked: Kustomization, above: str) -> Place:
    read_documents, _ = documents.read(said, asked.file)
    origin = read_documents[0].value if read_documents else None
    named = origin.get("path") or origin.get("configuredIn") if isinstance(origin, dict) else None
    file = posixpath.normpath(str(named)).removeprefix(above) if named else asked.file
    if file not in asked.files:
        return Place(file=asked.file, line=1, column=1)
    kind = re.compile(rf"\s*kind:\s*[\"']?{re.escape(str(value.get('kind')))}[\"']?\s*")
    lines = asked.files[file].decode(errors="replace").splitlines()
    line = next((number for number, text in enumerate(lines, 1) if kind.fullmatch(text)), 1)
    return Place(file=file, line=line, column=1)
