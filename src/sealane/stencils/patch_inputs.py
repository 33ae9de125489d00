"""The patches of a formation, out of the files of one commit or working tree."""

from __future__ import annotations

from sealane.configfiles import documents, trees
from sealane.configfiles.trees import FileMissing, Tree, Unreadable
from sealane.findings import Finding, Place, did_you_mean, not_utf8
from sealane.formations.model import Formation, Patch
from sealane.stencils.placeholders import Source
from sealane.stencils.sources import PatchSource, Stencil

MOST_OPERATIONS = 1000
"""Most operations of one JSON patch."""


def gather(tree: Tree, formation: Formation) -> tuple[list[PatchSource], list[Finding]]:
    """The formation's patches in their order, and what is wrong with their files."""
    sources: list[PatchSource] = []
    findings: list[Finding] = []
    for index, patch in enumerate(formation.patches):
        place = formation.at("patches", index, "path")
        stencils, problems = _stencils(tree, patch, place)
        findings += problems
        sources.append(PatchSource(patch=patch, place=place, documents=tuple(stencils)))
    return sources, findings


def _stencils(tree: Tree, patch: Patch, place: Place) -> tuple[list[Stencil], list[Finding]]:
    try:
        text = tree.read(patch.path).decode("utf-8-sig")
    except Unreadable as error:
        near = did_you_mean(patch.path, trees.beside(tree, patch.path)) if isinstance(error, FileMissing) else None
        return [], [Finding(message=f"can't read {patch.path}: {error.message}", place=place, hint=near)]
    except UnicodeDecodeError as error:
        return [], [not_utf8(error, patch.path)]
    read, findings = documents.read(text, patch.path)
    if not read and not findings:
        findings.append(Finding(message="the patch is empty", place=Place(file=patch.path), hint="take it away"))
    source = Source(text)
    findings += [problem for document in read if (problem := _problem(document, patch))]
    return [Stencil(document=document, source=source) for document in read], findings


def _problem(document: documents.Document, patch: Patch) -> Finding | None:
    """Why a document is no patch."""
    place = document.place(())
    if isinstance(document.value, list):
        if patch.target is None:
            hint = "give the patch a target, for example target: {kind: Deployment, name: web}"
            return Finding(message="nothing says which objects these operations change", place=place, hint=hint)
        if len(document.value) > MOST_OPERATIONS:
            return Finding(message=f"a patch has at most {MOST_OPERATIONS} operations", place=place)
        return None
    if not isinstance(document.value, dict):
        hint = "write an object in part, or a list of JSON Patch operations"
        return Finding(message="this is no patch", place=place, hint=hint)
    if patch.target is None and not _names_its_object(document.value):
        hint = "write all three as the object has them, or give the patch a target"
        message = "nothing says which object this changes: it needs apiVersion, kind and metadata.name"
        return Finding(message=message, place=place, hint=hint)
    return None


def _names_its_object(value: dict[str, object]) -> bool:
    metadata = value.get("metadata")
    return (
        isinstance(value.get("apiVersion"), str)
        and isinstance(value.get("kind"), str)
        and isinstance(metadata, dict)
        and isinstance(metadata.get("name"), str)
    )
