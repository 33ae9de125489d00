"""The files of an app with those of its formation's bases among them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from sealane.adapters import SHIPPED, Adapters
from sealane.clients.git_bases import Bases
from sealane.configfiles import trees
from sealane.configfiles.trees import Tree, Unreadable
from sealane.errors import SealaneError
from sealane.findings import Finding
from sealane.formations.model import Base, Formation
from sealane.stencils import render_inputs


@dataclass(frozen=True, kw_only=True, slots=True)
class BasedTree:
    """An app's own files, and in some folders those of bases. Fulfils `trees.Tree`."""

    own: Tree
    bases: Mapping[str, Tree] = field(default_factory=dict)
    """By the folder where their files seem to be, which has none of its own."""

    def files(self, folder: str) -> tuple[str, ...]:
        listed = {path for tree in (self.own, *self.bases.values()) for path in tree.files(folder)}
        return tuple(sorted(listed))

    def read(self, path: str) -> bytes:
        inside = "/".join(trees.parts(path)) + "/"
        tree = next((tree for folder, tree in self.bases.items() if inside.startswith(f"{folder}/")), self.own)
        return tree.read(path)


async def based(tree: Tree, name: str, bases: Bases, adapters: Adapters = SHIPPED) -> tuple[Tree, list[Finding]]:
    """The app's files with those of the formation's bases, and why one can't be taken.

    Raises what tells that trying again may help, such as errors.Unavailable.
    """
    formation = _formation(tree, name, adapters)
    return await _with_bases(tree, formation, bases) if formation else (tree, [])


def based_now(tree: Tree, name: str, bases: Bases, adapters: Adapters = SHIPPED) -> tuple[Tree, list[Finding]]:
    """The same for callers without an event loop."""
    formation = _formation(tree, name, adapters)
    return asyncio.run(_with_bases(tree, formation, bases)) if formation else (tree, [])


def _formation(tree: Tree, name: str, adapters: Adapters) -> Formation | None:
    """The formation if it has bases; what is wrong with its file is told where it is rendered."""
    formation, _ = render_inputs.read_formation(tree, name, adapters)
    return formation if formation and formation.bases else None


async def _with_bases(tree: Tree, formation: Formation, bases: Bases) -> tuple[Tree, list[Finding]]:
    taken: dict[str, Tree] = {}
    findings: list[Finding] = []
    for base in formation.bases:
        place = formation.at("bases", base.folder, "repository")
        try:
            if tree.files(base.folder) or trees.has(tree, base.folder):
                message = f"the repository has files of its own in {base.folder}"
                findings.append(Finding(message=message, place=place, hint="name another folder for the base"))
                continue
            taken[base.folder] = await bases.tree(base.repository, base.commit, base.path, at=base.folder)
        except Unreadable as error:
            findings.append(Finding(message=f"{base.folder}: {error.message}", place=place))
        except SealaneError as error:
            if error.retry:
                raise
            findings.append(Finding(message=_said(base, error), place=place, hint=error.hint))
    return BasedTree(own=tree, bases=taken), findings


def _said(base: Base, error: SealaneError) -> str:
    return f"the base {base.folder} can't be taken: {error.message}"
