"""Trees: a commit is the same to whoever reads it, as a folder or from git's objects, and nothing leads out of it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sealane.clients import git_tree
from sealane.configfiles.trees import MAX_FILE, FolderTree, Tree, Unreadable
from sealane.errors import NotThere, UsageError
from sealane.formations import formation_names
from tests.serving import commit, git

FILES = {
    "deploy/stencils/a.yaml": "a: 1",
    "deploy/stencils/sub/b.yaml": "b: 1",
    "deploy/stencils/.hidden/c.yaml": "c: 1",
    "deploy/formations/dev.yaml": "formation: dev\nenvironment: dev\ndestination: bed\nnamespace: shop\n",
    "conf/a": "a",
    "conf/ü b": "an odd name",
    "conf/huge": "x" * (MAX_FILE + 1),
    "apps/web/.sealane.yml": "app: web",
}
Make = Callable[[str], Tree]


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("trees")
    (top / "outside").write_text("secret")
    folder = top / "work"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    commit(folder, FILES)
    (folder / "conf/link").symlink_to("../../outside")
    (folder / "conf/inside").symlink_to("a")
    (folder / "way").symlink_to("..")
    (folder / "deploy/stencils/folder.yaml").symlink_to("/etc")
    commit(folder, {}, "links")
    asyncio.run(kept(folder, top / "kept"))
    return folder


@pytest.fixture
def work(committed: Path, tmp_path: Path) -> Path:
    """A repository of the test's own."""
    return shutil.copytree(committed, tmp_path / "work", symlinks=True)


@pytest.fixture(params=["folder", "git"])
def make(request: pytest.FixtureRequest, committed: Path) -> Make:
    if request.param == "folder":
        return lambda root: FolderTree(committed, root)
    return lambda root: asyncio.run(kept(committed, committed.with_name("kept"), root))


async def kept(work: Path, folder: Path, root: str = "") -> Tree:
    head = git(work, "rev-parse", "HEAD").stdout.strip()
    await git_tree.keep(str(work), head, folder)
    return await git_tree.tree(folder, head, root)


def test_files_are_listed_sorted_links_too_and_without_hidden_ones(make: Make) -> None:
    tree = make("")
    listed = ("deploy/stencils/a.yaml", "deploy/stencils/folder.yaml", "deploy/stencils/sub/b.yaml")
    assert tree.files("deploy/stencils") == tree.files("deploy//stencils/") == listed
    assert (tree.files("nothing"), tree.files("conf/a")) == ((), ())
    assert formation_names.names(tree) == ("dev",)


def test_a_file_is_read_as_often_as_one_likes(make: Make) -> None:
    tree = make("")
    assert [tree.read("conf/a"), tree.read("conf//./a"), tree.read("conf/ü b")] == [b"a", b"a", b"an odd name"]
    assert make("apps/web").read(".sealane.yml") == b"app: web"
    with pytest.raises(Unreadable, match="no such file"):
        make("apps/web").read("conf/a")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("../outside", "leads upwards"),
        ("conf/../../outside", "leads upwards"),
        ("/etc/passwd", "machine's root"),
        ("", "no path"),
        ("conf", "not a plain file"),
        ("conf/none", "no such file"),
        ("conf/a/b", "not a directory"),
        ("a\0b", "no path"),
        ("conf/link", "symbolic link"),
        ("conf/inside", "symbolic link"),
        ("way/outside", "symbolic link"),
        ("deploy/stencils/folder.yaml", "symbolic link"),
        ("conf/huge", f"at most {MAX_FILE}"),
    ],
)
def test_what_is_not_read_is_told(make: Make, path: str, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        make("").read(path)


def test_a_linked_folder_is_refused_by_its_name(make: Make) -> None:
    """Not followed, and not taken for an empty one."""
    for folder in ("way", "way/work/deploy"):
        with pytest.raises(Unreadable, match=r"way: a symbolic link is not followed"):
            make("").files(folder)


@pytest.mark.parametrize("root", ["../work", "way/work", "way", "/etc", "apps/../../work"])
async def test_an_apps_folder_is_in_the_commit(work: Path, tmp_path: Path, root: str) -> None:
    with pytest.raises(UsageError, match=r"leads (out of the repository|through a symbolic link)"):
        await kept(work, tmp_path / "kept", root)


async def test_what_is_kept_stays_whatever_becomes_of_where_it_came_from(work: Path, tmp_path: Path) -> None:
    """Kept once; when the folder is lost it is brought again, and a commit that nobody has is told."""
    head = git(work, "rev-parse", "HEAD").stdout.strip()
    tree = await kept(work, tmp_path / "kept")
    moved = work.rename(tmp_path / "moved")
    (moved / "conf/a").write_text("changed")
    assert tree.read("conf/a") == b"a"
    await git_tree.keep(str(work), head, tmp_path / "kept")
    shutil.rmtree(tmp_path / "kept")
    await git_tree.keep(str(moved), head, tmp_path / "kept")
    assert (await git_tree.tree(tmp_path / "kept", head)).read("conf/a") == b"a"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "moved"]
    with pytest.raises(NotThere, match=r"commit 1111111111"):
        await git_tree.keep(str(moved), "1" * 40, tmp_path / "other")


async def test_submodules_and_files_of_lfs_are_kept_with_their_commit(work: Path, tmp_path: Path) -> None:
    """As far as the clone was given them; of others it is told where they would be."""
    library = tmp_path / "library"
    library.mkdir()
    git(library, "init", "-q", "-b", "main")
    commit(library, {"deep/x.yaml": "x: 1"})
    git(work, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library), "deploy/stencils/lib")
    named = "ab" * 32
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{named}\nsize 5\n"
    commit(work, {"conf/large": pointer, "conf/lost": pointer.replace("ab", "cd")})
    head = git(work, "rev-parse", "HEAD").stdout.strip()
    before = await kept(work, tmp_path / "kept")
    assert not [path for path in before.files("deploy/stencils") if "lib" in path]
    with pytest.raises(Unreadable, match="in a submodule that is not fetched"):
        before.read("deploy/stencils/lib/deep/x.yaml")

    clone = tmp_path / "clone"
    shutil.copytree(work, clone, symlinks=True)
    shutil.rmtree(clone / "deploy/stencils/lib")
    shutil.copytree(library, clone / "deploy/stencils/lib")
    objects = clone / ".git/lfs/objects" / named[:2] / named[2:4]
    objects.mkdir(parents=True)
    (objects / named).write_bytes(b"large")
    for _ in range(2):
        await git_tree.keep_submodules(clone, head, tmp_path / "kept")
        await git_tree.keep_lfs(clone, tmp_path / "kept")
    shutil.rmtree(clone)
    tree = await git_tree.tree(tmp_path / "kept", head)
    assert "deploy/stencils/lib/deep/x.yaml" in tree.files("deploy/stencils")
    assert tree.read("deploy/stencils/lib/deep/x.yaml") == b"x: 1"
    assert tree.read("conf/large") == b"large"
    assert tree.read("conf/lost").startswith(b"version https")
