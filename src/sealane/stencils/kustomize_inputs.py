"""The Kustomize directories of a formation, out of the files of one commit or working tree."""

from __future__ import annotations

from sealane.configfiles.trees import Tree
from sealane.findings import Finding, Place
from sealane.formations.model import Formation
from sealane.kustomize import closure
from sealane.kustomize.fields import NAMES
from sealane.kustomize.model import Kustomization


def gather(tree: Tree, formation: Formation) -> tuple[list[Kustomization], list[Finding]]:
    """The directories in the formation's order, and what is wrong with them."""
    found: list[Kustomization] = []
    findings: list[Finding] = []
    for index, folder in enumerate(formation.kustomize):
        kustomization, problems = closure.read(tree, folder, formation.at("kustomize", index))
        findings += problems
        if kustomization:
            found.append(kustomization)
    return found, findings


def among_stencils(path: str) -> Finding | None:
    """The finding for a kustomization that is chosen as a stencil; None for other files."""
    folder, _, name = path.rpartition("/")
    if name not in NAMES:
        return None
    hint = f"write kustomize: [{folder}] in the formation: files that it takes are no stencils then"
    return Finding(message="a kustomization is no stencil", place=Place(file=path, line=1, column=1), hint=hint)
