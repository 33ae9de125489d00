"""Folders of other repositories as sources of a formation: fetched by git at one commit, and only from where it is allowed."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sealane.clients.git_access import Access
from sealane.clients.git_bases import Bases
from sealane.clients.helm import Helm
from sealane.configfiles.trees import FolderTree, StoredTree
from sealane.stencils import base_trees, helm_template, render_inputs, rendering
from sealane.stencils.model import Revision
from tests import git_host, serving

SHARED = {
    "k8s/stencils/limits.yaml": "apiVersion: v1\nkind: LimitRange\nmetadata: {name: limits}\nspec: {limits: []}\n",
    "k8s/stencils/sub/account.yaml": "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: '${app}'}\n",
    "k8s/web/kustomization.yaml": "resources: [web.yaml]\n",
    "k8s/web/web.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n",
    "k8s/patch.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: own-web}\nspec: {type: NodePort}\n",
    "README.md": "shared",
}
FORMATION = """formation: dev
environment: dev
destination: here
namespace: shop
bases:
  deploy/stencils/shared: {repository: URL, commit: COMMIT, path: k8s/stencils}
  vendor/platform: {repository: URL, commit: COMMIT, path: k8s}
kustomize: [deploy/dev]
patches: [{path: vendor/platform/patch.yaml}]
"""
OWN = {"deploy/dev/kustomization.yaml": "namePrefix: own-\nresources: [../../vendor/platform/web]\n"}


class Shared:
    """A host with a repository that others take files from, and what is kept of it."""

    def __init__(self, host: git_host.GitHost, folder: Path) -> None:
        self.host, self.folder = host, folder
        self.work = serving.repository(folder / "shared", SHARED)
        bare = folder / "remote/libs/shared.git"
        bare.parent.mkdir(parents=True, exist_ok=True)
        serving.git(self.work, "init", "-q", "--bare", "-b", "main", str(bare))
        serving.git(self.work, "push", "-q", str(bare), "HEAD:main")
        self.commit = serving.git(self.work, "rev-parse", "HEAD").stdout.strip()
        self.url = f"{host.url}/libs/shared.git"
        self.bases = Bases(folder=folder / "kept")

    def files(self, formation: str = FORMATION, **more: str) -> dict[str, bytes]:
        text = formation.replace("URL", self.url).replace("COMMIT", self.commit)
        return {path: file.encode() for path, file in {**OWN, "deploy/formations/dev.yaml": text, **more}.items()}

    async def render(self, files: dict[str, bytes], bases: Bases | None = None) -> tuple[Revision | None, list[str]]:
        tree, findings = await base_trees.based(StoredTree(files), "dev", bases or self.bases)
        revision = None
        if not findings:
            sources, findings = render_inputs.gather(tree, "dev")
            assert sources, findings
            revision, more = await helm_template.render(sources, rendering.Inputs(app="shop", images={}), Helm())
            findings = [*findings, *more]
        return revision, [str(finding) for finding in findings]


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Shared]:
    with git_host.serving(tmp_path / "remote") as host:
        yield Shared(host, tmp_path)


async def test_stencils_kustomizations_and_patches_come_from_the_commit(shared: Shared) -> None:
    """Also when its branch has gone on, and when the host is away once the commit is kept."""
    revision, findings = await shared.render(shared.files())
    assert (revision is not None, findings) == (True, [])
    assert revision is not None
    assert {(item.kind, item.name): str(item.origin.place()) for item in revision.objects} == {
        ("LimitRange", "limits"): "deploy/stencils/shared/limits.yaml:1:1",
        ("ServiceAccount", "shop"): "deploy/stencils/shared/sub/account.yaml:1:1",
        ("Service", "own-web"): "vendor/platform/web/web.yaml:2:1",
    }
    assert "NodePort" in json.dumps([item.object for item in revision.objects])
    serving.commit(shared.work, {"k8s/patch.yaml": "broken"}, "Go on")
    serving.git(shared.work, "push", "-q", str(shared.folder / "remote/libs/shared.git"), "HEAD:main")
    asked = len(shared.host.seen)
    again, _ = await shared.render(shared.files())
    assert again is not None
    assert (again.id, len(shared.host.seen)) == (revision.id, asked)


async def test_a_server_takes_only_what_operators_list(shared: Shared) -> None:
    """Also of a commit that is kept; the password goes to that host alone."""
    here = shared.host.url.removeprefix("http://")
    shared.host.password = "kim:token"
    access = Access(passwords={shared.host.url: "kim:token"})
    listed = replace(shared.bases, allowed=(f"{here}/libs/*",), access=access)
    revision, findings = await shared.render(shared.files(), listed)
    assert (revision is not None, findings) == (True, [])
    others = replace(listed, allowed=(f"{here}/others/*",))
    revision, findings = await shared.render(shared.files(), others)
    place = "deploy/formations/dev.yaml:6:40"
    refused = f"{place}: the base deploy/stencils/shared can't be taken: bases may not come from {here}/libs/shared"
    assert (revision, findings[0]) == (None, f"{refused} (operators list it in SEALANE_GIT__BASES)")


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("path: k8s/stencils", "path: nowhere", "has no files in nowhere"),
        ("URL", "ssh://-oProxyCommand=x/a", "its host or user can't be one"),
        ("URL", "https://a:b@example.com/a.git", "it holds a password"),
        ("COMMIT", "a" * 40, "is not in"),
        ("libs/shared", "libs/none", "can't be taken"),
    ],
)
async def test_a_base_that_can_t_be_taken_is_told_with_its_line(
    shared: Shared, before: str, after: str, words: str
) -> None:
    files = shared.files(FORMATION.replace(before, after, 1).replace("URL", shared.url).replace(before, after, 1))
    revision, findings = await shared.render(files)
    assert revision is None
    assert findings[0].startswith("deploy/formations/dev.yaml:6:")
    assert words in findings[0]


async def test_files_of_its_own_are_not_hidden(shared: Shared) -> None:
    own = {"deploy/stencils/shared/own.yaml": "kind: Own\n"}
    _, findings = await shared.render(shared.files(**own))
    assert findings[0].endswith(
        "the repository has files of its own in deploy/stencils/shared (name another folder for the base)"
    )


async def test_what_nobody_took_for_long_is_forgotten(shared: Shared) -> None:
    await shared.render(shared.files())
    [kept] = shared.bases.folder.iterdir()
    long_ago = time.time() - 30 * 24 * 3600
    os.utime(kept, (long_ago, long_ago))
    serving.commit(shared.work, {"more": "x"}, "More")
    shared.commit = serving.git(shared.work, "rev-parse", "HEAD").stdout.strip()
    serving.git(shared.work, "push", "-q", str(shared.folder / "remote/libs/shared.git"), "HEAD:main")
    await shared.render(shared.files())
    assert [path.name.endswith(f"{shared.commit}.git") for path in shared.bases.folder.iterdir()] == [True]


def test_a_command_takes_them_too(shared: Shared, tmp_path: Path) -> None:
    folder = tmp_path / "app"
    for path, content in shared.files().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    tree, findings = base_trees.based_now(FolderTree(folder), "dev", shared.bases)
    assert findings == []
    assert tree.files("vendor") == tuple(
        sorted(f"vendor/platform/{path[4:]}" for path in SHARED if path != "README.md")
    )
