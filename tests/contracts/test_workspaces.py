"""Whose the files of a workspace are, and where git finds its repository, on every engine."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from sealane.pipelines.model import StepStatus
from sealane.runners import repositories, specs, workspaces
from sealane.runners.model import RunKey, Workspace
from tests.contracts.sides import Side

OTHER = 4321
"""A user of this machine that no image knows."""


@pytest.fixture
async def image(side: Side) -> AsyncIterator[str]:
    """An image that runs as a user of its own, by name."""
    folder = side.folder.parent / f"image-{secrets.token_hex(4)}"
    folder.mkdir()
    lines = [
        f"FROM {side.image}",
        "RUN echo 'maker:x:1234:1234::/home/maker:/bin/sh' >>/etc/passwd; mkdir -p /home/maker; chown 1234 /home/maker",
        "USER maker",
    ]
    (folder / "Dockerfile").write_text("\n".join(lines) + "\n")
    name = f"localhost/{side.run}-user:1"
    await asyncio.to_thread(side.client, "build", "--tag", name, str(folder))
    yield name
    await side.runner.destroy(side.run)
    await asyncio.to_thread(side.client, "rmi", "--force", name)


def made_by(user: int, folder: Path) -> Path:
    """Files of a user, as a clone or a developer's folder holds them."""
    (folder / "deep" / "er").mkdir(parents=True)
    for name in ("file", ".hidden", "deep/er/file", "it's"):
        (folder / name).write_text("x")
    (folder / "link").symlink_to("/etc/hostname")
    for path in (folder, *folder.rglob("*"), folder / ".hidden"):
        os.chown(path, user, user, follow_symlinks=False)
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)
    return folder


async def test_no_step_exchanges_the_folders_on_the_way_to_an_apps(side: Side) -> None:
    """A later step would be given what lies on this machine where a link leads to. What is in them stays the step's own."""
    clone = side.folder / "clone"
    (clone / "apps/web/src").mkdir(parents=True)
    run = RunKey(value=f"h-{secrets.token_hex(4)}")
    workspace = Workspace(folder=clone / "apps/web", repository=clone, own=True)
    await side.runner.prepare(run, workspace)
    other = replace(side, run=run)
    tries = [
        *("mv /repository/apps /repository/gone", "mv /repository/apps/web /repository/apps/gone"),
        *("rm -rf /repository/apps", "rmdir /repository/apps/web", "mv /repository/apps/web /repository/web"),
    ]
    try:
        for command in tries:
            (clone / "apps/web/src").mkdir(exist_ok=True)
            await other.step(f"{command}; ln -s /etc /repository/apps; ln -s /etc /repository/apps/web; true")
            await workspaces.hold(workspace)
        result, said = await other.step("mkdir -p src/new && mv src gone && touch ../../top && pwd")
        assert (result.status, said.decode().strip()) == (StepStatus.PASSED, "/repository/apps/web"), said
        assert (clone / "apps/web/gone/new").is_dir()
    finally:
        await side.runner.destroy(run)


WRITES = 'id -u; echo y >>file; echo y >>.hidden; echo y >>deep/er/file; echo y >>"it\'s"; echo z >new; mkdir sub; echo >sub/x'


@pytest.mark.parametrize("user", [None, "maker", "7"])
async def test_a_clone_is_writable_for_the_user_of_a_step(side: Side, image: str, user: str | None) -> None:
    """The image's own, or the one that the step names; and then for root and another one."""
    folder = made_by(OTHER, side.folder / "clone")
    run = RunKey(value=f"{side.run}-u")
    await side.runner.prepare(run, Workspace(folder=folder, own=True))
    here = Side(client=side.client, engine=side.engine, runner=side.runner, image=image, run=run, folder=folder)
    result, said = await here.step(WRITES, user=user)
    assert (result.status, said) == (StepStatus.PASSED, b"7\n" if user == "7" else b"1234\n")
    assert (folder / "link").lstat().st_uid == (7 if user == "7" else 1234)
    assert Path("/etc/hostname").stat().st_uid == 0
    for again in ("root", "99"):
        result, said = await here.step("echo a >>new; echo a >>sub/x; touch by-$(id -u)", user=again)
        assert result.status is StepStatus.PASSED, said
    await side.runner.destroy(run)


async def test_a_developers_folder_stays_the_developers(
    side: Side, image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What root left is given back, by this process where it may, else through the engine; nothing else is touched."""
    folder = made_by(OTHER, side.folder / "work")
    (folder / "of-root").write_text("x")
    os.utime(folder / "of-root")
    await asyncio.sleep(1.2)  # what was there before the run is told by its time, which is coarse
    for powerful in (True, False):
        monkeypatch.setattr(os, "geteuid", lambda powerful=powerful: 0 if powerful else OTHER)
        run = RunKey(value=f"{side.run}-d{int(powerful)}")
        await side.runner.prepare(run, Workspace(folder=folder))
        here = Side(client=side.client, engine=side.engine, runner=side.runner, image=image, run=run, folder=folder)
        result, said = await here.step('id -u; echo y >>file; touch "as $(id -u)"')
        assert (result.status, said.splitlines()[-1]) == (StepStatus.PASSED, str(OTHER).encode())
        result, said = await here.step(
            "mkdir -p a/b; echo >a/b/c; echo >'of root'; chmod 700 a; echo >deep/er/new", user="root"
        )
        assert result.status is StepStatus.PASSED, said
        await side.runner.destroy(run)
        others = [path for path in folder.rglob("*") if path.lstat().st_uid != OTHER]
        assert [path.name for path in others] == ["of-root"]
        for path in (folder / "a", folder / "of root", folder / "deep/er/new"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        errands = await side.engine.containers("sealane.errand")
        assert [one for one in errands if one.labels.get("sealane.run") == run.value] == []


@pytest.fixture(scope="module")
def git_image(python_image: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The folder of an image with this machine's git in the Python image, which is of the same Debian."""
    folder = tmp_path_factory.mktemp("git")
    linked = subprocess.run(["ldd", "/usr/bin/git"], capture_output=True, text=True, check=True).stdout
    libraries = [line.split()[2] for line in linked.splitlines() if "=>" in line and "libc.so" not in line]
    for path in ["/usr/bin/git", *libraries]:
        shutil.copy(path, folder)
    lines = [f"FROM {python_image}", "COPY git /usr/bin/git", "COPY lib* /usr/lib/", "RUN ldconfig; git --version"]
    (folder / "Dockerfile").write_text("\n".join(lines) + "\n")
    return folder, lines


@pytest.mark.parametrize("kind", ["repository", "worktree", "app of a worktree", "clone's app"])
async def test_git_works_in_every_kind_of_folder(side: Side, git_image: tuple[Path, list[str]], kind: str) -> None:
    """Though it is another user's; what lies outside of the folder can only be read."""
    name = f"localhost/{side.client.name}-git:1"
    await asyncio.to_thread(side.client, "build", "--tag", name, str(git_image[0]))
    root = side.folder / "repo"
    git("init", "-q", "-b", "main", str(root))
    (root / "apps" / "shop").mkdir(parents=True)
    (root / "apps" / "shop" / "file").write_text("x")
    git("-C", str(root), "add", "-A")
    git("-C", str(root), "commit", "-qm", "the one")
    if "worktree" in kind:
        git("-C", str(root), "worktree", "add", "-q", "-b", "aside", str(side.folder / "aside"))
        root = side.folder / "aside"
    for path in [side.folder / "repo", root, *root.rglob("*")]:
        os.chown(path, OTHER, OTHER, follow_symlinks=False)
    folder = root / "apps" / "shop" if "app" in kind else root
    repository_found = repositories.find(folder)
    assert repository_found.problem is None
    own = kind == "clone's app"
    run = RunKey(value=f"{side.run}-g")
    await side.runner.prepare(
        run, Workspace(folder=folder, own=own, repository=repository_found.root, elsewhere=repository_found.elsewhere)
    )
    here = Side(client=side.client, engine=side.engine, runner=side.runner, image=name, run=run, folder=folder)
    command = "git log --format=%s -- .; git status --short .; echo new >file; git status --short .; git rev-parse --show-prefix"
    result, said = await here.step(command, environment=specs.with_trust({}))
    prefix = "apps/shop/\n" if "app" in kind else "\n"
    changed = " M file\n" if "app" in kind else "?? file\n"
    assert (result.status, said.decode()) == (StepStatus.PASSED, f"the one\n{changed}{prefix}")
    assert (folder / "file").read_text() == "new\n"
    _, said = await here.step("touch /repository/outside 2>/dev/null && echo could || echo could not")
    assert said.decode().strip() == ("could" if own else "could not")
    await side.runner.destroy(run)


def git(*words: str) -> None:
    who = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "safe.directory=*"]
    subprocess.run(["git", *who, *words], check=True, capture_output=True)
