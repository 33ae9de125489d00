"""Workspaces: what is mounted where, whose files they are, and where git finds their repository."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from sealane.errors import UsageError
from sealane.runners import ownership, repositories, specs, workspaces
from sealane.runners.model import Workspace
from sealane.runners.ownership import Owner

PASSWD = "root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1001::/home/node:/bin/sh\n\nbroken\nodd:x:no:no::/:/bin/sh\n"


@pytest.mark.parametrize(
    ("user", "owner"),
    [
        ("node", Owner(uid=1000, gid=1001)),
        ("1000", Owner(uid=1000, gid=1001)),
        ("node:7", Owner(uid=1000, gid=7)),
        ("5", Owner(uid=5, gid=0)),
        ("5:6", Owner(uid=5, gid=6)),
        ("nobody-knows", None),
        ("odd", None),
    ],
)
def test_a_user_of_an_image_has_numbers(user: str, owner: Owner | None) -> None:
    assert ownership.in_passwd(PASSWD, user) == owner


@pytest.mark.parametrize(("user", "root"), [(None, True), ("", True), ("0:5", True), ("root", True), ("roots", False)])
def test_root_is_known_by_every_name(user: str | None, root: bool) -> None:
    assert ownership.is_root(user) is root


@pytest.mark.parametrize(
    ("user", "known"), [("0", True), ("99999:7", True), ("nobody-here", False), ("nobody-here:1", False)]
)
def test_only_a_name_that_an_image_has_can_be_known(user: str, known: bool) -> None:
    """What is wrong with any other is the engine's to tell; a hint at chown would mislead."""
    assert ownership.knows(PASSWD, user) is known
    listed = PASSWD.splitlines()[-1].partition(":")[0]
    assert ownership.knows(PASSWD, f"{listed}:any")


def test_an_app_of_a_repository_is_found_at_its_place_and_the_rest_is_only_read() -> None:
    given = {"folder": Path("/r/apps/a"), "repository": Path("/r")}
    local, clone = Workspace(**given), Workspace(**given, own=True)  # type: ignore[arg-type]
    assert local.workdir == clone.workdir == "/repository/apps/a"
    assert local.binds == ("/r/apps/a:/workspace", "/r:/repository:ro", "/r/apps/a:/repository/apps/a")
    assert clone.binds == (
        "/r/apps/a:/workspace",
        "/r:/repository",
        "/r/apps:/repository/apps",
        "/r/apps/a:/repository/apps/a",
    )
    alone = Workspace(folder=Path("/r"), elsewhere=((Path("/m/.git"), "/m/.git"),))
    assert (alone.workdir, alone.top, alone.binds) == (
        "/workspace",
        "/workspace",
        ("/r:/workspace", "/m/.git:/m/.git:ro"),
    )


async def test_a_workspace_that_became_a_link_is_not_mounted(tmp_path: Path) -> None:
    """At the app's folder or above it; the same for one that is gone."""
    (tmp_path / "clone/apps/web").mkdir(parents=True)
    (tmp_path / "clone/apps/linked").symlink_to(tmp_path)
    (tmp_path / "clone/way").symlink_to("apps")
    for inside in (".", "apps/web"):
        await workspaces.hold(Workspace(folder=tmp_path / "clone" / inside, repository=tmp_path / "clone", own=True))
    for inside in ("apps/linked", "way/web", "apps/gone"):
        with pytest.raises(UsageError, match=f"the app's folder {inside} is not the clone's any more"):
            await workspaces.hold(Workspace(folder=tmp_path / "clone" / inside, repository=tmp_path / "clone"))


@pytest.mark.parametrize(
    ("given", "count"),
    [({}, "1"), ({"GIT_CONFIG_COUNT": "2", "GIT_CONFIG_KEY_0": "a"}, "3"), ({"GIT_CONFIG_COUNT": "0"}, "1")],
)
def test_git_trusts_the_workspace_beside_what_a_step_says_itself(given: dict[str, str], count: str) -> None:
    made = specs.with_trust(given)
    last = int(count) - 1
    assert made["GIT_CONFIG_COUNT"] == count
    assert made[f"GIT_CONFIG_KEY_{last}"] == "safe.directory"
    assert {name: value for name, value in given.items() if name != "GIT_CONFIG_COUNT"}.items() <= made.items()
    assert specs.with_trust({"GIT_CONFIG_COUNT": "many"}) == {"GIT_CONFIG_COUNT": "many"}


def git(*words: str) -> None:
    who = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "protocol.file.allow=always"]
    subprocess.run(["git", *who, *words], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repo"
    git("init", "-q", str(root))
    (root / "app").mkdir()
    (root / "app" / "file").write_text("x")
    git("-C", str(root), "add", "-A")
    git("-C", str(root), "commit", "-qm", "one")
    return root


def test_a_repository_is_found_where_it_is(repository: Path, tmp_path: Path) -> None:
    git("-C", str(repository), "worktree", "add", "-q", "--detach", str(tmp_path / "aside"))
    there = ((repository / ".git", str(repository / ".git")),)
    assert repositories.find(repository) == repositories.GitLocation()
    assert repositories.find(repository / "app") == repositories.GitLocation(root=repository)
    assert repositories.find(tmp_path / "aside") == repositories.GitLocation(elsewhere=there)
    assert repositories.find(tmp_path / "aside" / "app") == repositories.GitLocation(
        root=tmp_path / "aside", elsewhere=there
    )
    assert repositories.find(tmp_path) == repositories.GitLocation()


def test_a_worktree_named_relatively_is_mounted_where_that_leads(repository: Path, tmp_path: Path) -> None:
    aside = tmp_path / "aside"
    git("-C", str(repository), "worktree", "add", "-q", "--detach", str(aside))
    (aside / ".git").write_text("gitdir: ../repo/.git/worktrees/aside\n")
    (repository / ".git/worktrees/aside/gitdir").write_text("../../../../aside/.git\n")
    assert repositories.find(aside).elsewhere == ((repository / ".git", "/repo/.git"),)


def test_a_file_that_names_a_folder_of_the_machine_mounts_nothing(repository: Path, tmp_path: Path) -> None:
    """A folder from a stranger may hold such a file; only git makes the way back."""
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "HEAD").write_text("ref: refs/heads/main\n")
    (tmp_path / "strange").mkdir()
    for target in (tmp_path / "private", repository / ".git", tmp_path / "nothing", Path("/")):
        (tmp_path / "strange" / ".git").write_text(f"gitdir: {target}\n")
        location = repositories.find(tmp_path / "strange")
        assert (location.root, location.elsewhere) == (None, ())
        assert location.problem is not None


def test_a_submodule_is_told(repository: Path, tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    git("init", "-q", str(outer))
    git("-C", str(outer), "submodule", "add", "-q", str(repository), "inner")
    location = repositories.find(outer / "inner")
    assert location.elsewhere == ()
    assert location.problem is not None
    assert "is a submodule" in location.problem
    assert "--clean" in location.problem
