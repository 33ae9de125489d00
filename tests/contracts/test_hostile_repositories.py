"""Repositories that a stranger wrote, their settings included: nothing of them is run, and nothing beside them is read."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sealane.clients import git, git_history, git_http_backend, git_lfs, git_lineage, git_submodules, git_tree
from sealane.clients.git_access import Access
from sealane.egress import Allowlist
from sealane.errors import NotSignedIn, Refused, SealaneError, UsageError
from tests import git_host
from tests.serving import commit, repository
from tests.serving import git as of_person

PERSON = ("-c", "user.name=Kim", "-c", "user.email=kim@example.com")
PROGRAMS = {
    "core.fsmonitor": "RUN",
    "core.sshCommand": "RUN",
    "core.askPass": "RUN",
    "core.editor": "RUN",
    "core.pager": "RUN",
    "core.gitProxy": "RUN",
    "core.alternateRefsCommand": "RUN",
    "credential.helper": "!RUN",
    "diff.external": "RUN",
    "diff.own.command": "RUN",
    "diff.own.textconv": "RUN",
    "filter.own.smudge": "RUN",
    "filter.own.clean": "RUN",
    "filter.own.process": "RUN",
    "filter.lfs.smudge": "RUN",
    "filter.lfs.process": "RUN",
    "gpg.program": "RUN",
    "log.showSignature": "true",
    "interactive.diffFilter": "RUN",
    "merge.own.driver": "RUN",
    "pager.log": "RUN",
    "pager.diff": "RUN",
    "remote.origin.uploadpack": "RUN",
    "remote.origin.vcs": "ext",
    "uploadpack.packObjectsHook": "RUN",
    "protocol.ext.allow": "always",
    "fetch.recurseSubmodules": "true",
    "submodule.own.update": "!RUN",
}
"""All settings of a repository that name a program (git-config(1)); RUN leaves a file behind."""
HOOKS = ("post-checkout", "post-index-change", "reference-transaction", "pre-receive", "update", "post-update")
ATTRIBUTES = "* filter=own diff=own merge=own\n*.bin filter=lfs\n"


class Trap:
    """A repository whose settings, hooks and attributes name a program wherever git has a place for one."""

    def __init__(self, original: Path, folder: Path) -> None:
        self.folder = folder
        self.work = shutil.copytree(original, folder / "work")
        self.first, self.head = self.git("rev-parse", "HEAD~1", "HEAD").split()
        self.marks = folder / "marks"
        self.marks.mkdir()
        program = folder / "program"
        program.write_text(f"#!/bin/sh\ntouch {self.marks}/$(basename $0)-$$\nexit 1\n")
        program.chmod(0o755)
        self.program = program

    def git(self, *words: str) -> str:
        return of_person(self.work, *PERSON, *words).stdout.strip()

    def arm(self, repository: Path) -> Path:
        """Writes the settings and hooks into a repository's own folder."""
        inside = repository / ".git" if (repository / ".git").is_dir() else repository
        with (inside / "config").open("a") as settings:
            for key, value in PROGRAMS.items():
                section, _, name = key.rpartition(".")
                title = " ".join((kind := section.partition("."))[:1] + ((f'"{kind[2]}"',) if kind[2] else ()))
                settings.write(f'[{title}]\n\t{name} = "{value.replace("RUN", str(self.program))}"\n')
        (inside / "hooks").mkdir(exist_ok=True)
        for hook in HOOKS:
            (inside / "hooks" / hook).unlink(missing_ok=True)
            (inside / "hooks" / hook).symlink_to(self.program)
        (inside / "objects" / "info").mkdir(exist_ok=True)
        other = shutil.copytree(self.work, repository.with_name(f"{repository.name}.other"))
        (inside / "objects" / "info" / "alternates").write_text(f"{other / '.git' / 'objects'}\n")
        return repository

    @property
    def ran(self) -> list[str]:
        return sorted(path.name for path in self.marks.iterdir())


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    work = repository(tmp_path_factory.mktemp("original") / "work", {"a": "1", "b.bin": "2"})
    return commit(work, {"a": "2", ".gitattributes": ATTRIBUTES})


@pytest.fixture
def trap(original: Path, tmp_path: Path) -> Trap:
    return Trap(original, tmp_path)


def test_the_trap_snaps(trap: Trap) -> None:
    """Git as it is runs what the repository names: the tests below can fail."""
    trap.arm(trap.work)
    of_person(trap.work, "status", check=False)
    of_person(trap.work, "diff", trap.first, trap.head, check=False)
    of_person(trap.work, "checkout", "--force", "HEAD~1", check=False)
    assert trap.ran


async def swallow(asked: Awaitable[object]) -> None:
    """What an armed repository lets git do at all is not the question."""
    with suppress(SealaneError):
        await asked


Look = Callable[[Trap, Path], Awaitable[object]]
LOOKS: dict[str, Look] = {
    "its head": lambda trap, at: git.head(at),
    "its commit": lambda trap, at: git.checked_out(at),
    "its files": lambda trap, at: git_tree.tree(at, trap.head),
    "its sizes": lambda trap, at: git.size(at, trap.head),
    "its submodules": lambda trap, at: git_submodules.links(at, trap.head),
    "its pointers": lambda trap, at: git_lfs.pointers(at),
    "its history": lambda trap, at: git_history.commits(at, trap.head, most=10),
    "what changed": lambda trap, at: git_history.changed(at, trap.first, trap.head),
    "its authors": lambda trap, at: git_lineage.authors(at, trap.head, since=[trap.first]),
    "another commit for it": lambda trap, at: git_history.bring(at, str(trap.work), trap.first),
    "all commits for it": lambda trap, at: git_history.complete(at, str(trap.work), trap.head),
    "its origin": lambda trap, at: git_history.name_origin(at, "https://git.example.com/shop.git"),
    "a clone of it": lambda trap, at: git.checkout(str(at), trap.head, trap.folder / "made"),
    "a kept copy of it": lambda trap, at: git_tree.keep(str(at), trap.head, trap.folder / "kept"),
}


async def test_no_program_of_a_repository_is_run(trap: Trap) -> None:
    """Steps may write all of their clone: even there nothing that looks at a repository would run theirs."""
    at = trap.folder / "armed"
    await git.checkout(str(trap.work), trap.head, at)
    trap.arm(at)
    for name, look in LOOKS.items():
        await swallow(look(trap, at))
        assert (name, trap.ran) == (name, [])


async def test_no_program_is_run_when_a_host_asks_for_a_password(trap: Trap) -> None:
    """A helper of the repository would be told which host asks, and could answer for it."""
    at = trap.folder / "armed"
    await git.checkout(str(trap.work), trap.head, at)
    trap.arm(at)
    with git_host.serving(trap.folder) as host:
        host.password = "kim:right"
        for access in (Access(), Access(passwords={host.url: "kim:wrong"})):
            await swallow(git_history.bring(at, f"{host.url}/work", "e" * 40, access=access))
        assert host.seen
    await swallow(git_history.bring(at, "ssh://127.0.0.1:9/work", "e" * 40))
    assert trap.ran == []


async def test_no_program_of_a_repository_is_run_when_it_is_served(trap: Trap) -> None:
    served = git_http_backend.Repositories(trap.folder / "served")
    trap.arm(await served.create("shop"))
    for path in ("git-upload-pack", "git-receive-pack"):
        answer = await served.serve("shop", asking("info/refs", f"service={path}"), sent())
        assert answer.status == 200
        _ = [part async for part in answer.body]
    order = f"{'0' * 40} {trap.head} refs/heads/main\0 report-status".encode()
    packed = ["git", "-C", str(trap.work), "pack-objects", "--stdout", "--revs", "-q"]
    pack = subprocess.run(packed, input=f"{trap.head}\n".encode(), capture_output=True, check=True).stdout
    push = asking("git-receive-pack", "", method="POST", kind="application/x-git-receive-pack-request")
    answer = await served.serve("shop", push, sent(b"%04x%s0000" % (len(order) + 4, order), pack))
    assert b"ok refs/heads/main" in b"".join([part async for part in answer.body])
    assert (await served.refs("shop"))["refs/heads/main"] == trap.head
    await served.tips("shop", {})
    assert trap.ran == []


def asking(path: str, query: str, *, method: str = "GET", kind: str = "") -> git_http_backend.Request:
    return git_http_backend.Request(method=method, path=path, query=query, headers={"content-type": kind}, user="kim")


async def sent(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


PLAIN = (
    ("objects/info/alternates", ""),
    ("objects/info/http-alternates", ""),
    ("objects/info/packs", ""),
    ("HEAD", ""),
    ("config", ""),
    ("info/refs", ""),
    ("info/refs", "service=git-upload-archive"),
    ("info/refs", "like=service=git-upload-pack"),
    ("info/refs", "service=git-upload-pack&service=git-receive-pack"),
    ("../other.git/info/refs", "service=git-upload-pack"),
    ("git-upload-archive", ""),
    ("x/git-upload-pack", ""),
)


async def test_nothing_but_the_smart_protocol_is_served(tmp_path: Path) -> None:
    """Otherwise a repository's files could be had one by one, those that say where other objects are among them."""
    served = git_http_backend.Repositories(tmp_path)
    for app in ("shop", "other"):
        await served.create(app)
    for path, query in PLAIN:
        with pytest.raises(Refused, match="only git's smart protocol"):
            await served.serve("shop", asking(path, query), sent())


async def test_whoever_may_not_push_any_more_is_told_so_and_git_ends(tmp_path: Path) -> None:
    """Whatever git makes of a request whose rest never came."""
    served = git_http_backend.Repositories(tmp_path)
    await served.create("shop")

    async def revoked() -> AsyncIterator[bytes]:
        yield b"00"
        raise NotSignedIn("the token is not known here, or was revoked")

    push = asking("git-receive-pack", "", method="POST", kind="application/x-git-receive-pack-request")
    with pytest.raises(NotSignedIn):
        await served.serve("shop", push, revoked())


class PlainHost:
    """A host that has the files of a repository and no more: git asks it by the dumb protocol."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[str] = []
        host = self

        class Handler(SimpleHTTPRequestHandler):
            def __init__(self, *arguments: object) -> None:
                super().__init__(*arguments, directory=str(folder))  # type: ignore[arg-type]

            def do_GET(self) -> None:
                host.asked.append(self.path)
                super().do_GET()

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.place = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[Callable[[str], PlainHost]]:
    made: list[PlainHost] = []

    def make(name: str) -> PlainHost:
        (tmp_path / name).mkdir()
        made.append(PlainHost(tmp_path / name))
        return made[-1]

    yield make
    for host in made:
        host.server.shutdown()
        host.server.server_close()


@pytest.mark.parametrize("listed", ["one host listed", "both hosts listed"])
@pytest.mark.parametrize("file", ["alternates", "http-alternates"])
async def test_a_host_sends_git_nowhere_else_for_objects(
    listed: str, file: str, trap: Trap, hosts: Callable[[str], PlainHost], tmp_path: Path
) -> None:
    """To another host, or to another repository of its own: neither is asked, and what is on this disk is not read."""
    evil, victim = hosts("evil"), hosts("victim")
    of_person(tmp_path, "clone", "-q", "--bare", str(trap.work), str(tmp_path / "victim" / "secret.git"))
    of_person(tmp_path, "clone", "-q", "--bare", str(trap.work), str(tmp_path / "evil" / "beside.git"))
    of_person(tmp_path, "init", "-q", "--bare", "-b", "main", str(tmp_path / "evil" / "shop.git"))
    for bare in ("victim/secret.git", "evil/beside.git"):
        of_person(tmp_path / bare, "update-server-info")
    shop = tmp_path / "evil" / "shop.git"
    (shop / "info" / "refs").write_text(f"{trap.head}\trefs/heads/main\n")
    elsewhere = (
        f"http://{victim.place}/secret.git/objects",
        f"file://{tmp_path}/victim/secret.git/objects",
        "/beside.git/objects",
        "../../beside.git/objects",
        f"{tmp_path}/victim/secret.git/objects",
    )
    (shop / "objects" / "info" / file).write_text("".join(f"{line}\n" for line in elsewhere))
    allowed = (evil.place, victim.place) if listed.startswith("both") else (evil.place,)
    access = Access(allowed=Allowlist(hosts=allowed, listed_in="SEALANE_GIT__HOSTS"))
    for take in (git.checkout, git_tree.keep):
        with pytest.raises(SealaneError):
            await take(f"http://{evil.place}/shop.git", trap.head, tmp_path / "taken", access=access)
        assert not (tmp_path / "taken").exists()
    assert evil.asked
    assert victim.asked == []
    assert [path for path in evil.asked if path.startswith("/beside.git")] == []


TREES = {
    "its own settings": (".git", "invalid path"),
    "its own settings, in capitals": (".GIT", "invalid path"),
    "a folder above": ("..", "invalid path"),
    "a folder of its settings": ("a/.git", "invalid path"),
}


@pytest.mark.parametrize("name", TREES)
async def test_a_submodule_lies_inside_its_repository(name: str, trap: Trap, tmp_path: Path) -> None:
    """Git makes no clone where a submodule would be put over what git keeps, or beside the clone."""
    path, says = TREES[name]
    tree, inner = trap.head, ""
    for part in reversed(path.split("/")):
        line = f"160000 commit {tree}\t{part}\n" if not inner else f"040000 tree {inner}\t{part}\n"
        made = subprocess.run(
            ["git", "-C", str(trap.work), "mktree", "--missing"], input=line, capture_output=True, text=True, check=True
        )
        inner = made.stdout.strip()
    bad = trap.git("commit-tree", inner, "-m", "bad")
    trap.git("branch", "bad", bad)
    with pytest.raises(UsageError, match=says):
        await git.checkout(str(trap.work), bad, tmp_path / "runs" / "clone")
    assert not (tmp_path / "runs" / "clone").exists()


async def test_a_submodule_is_not_put_through_a_link(trap: Trap, tmp_path: Path) -> None:
    """A step's folder, a link of the same commit, or a file in its place."""
    outside = tmp_path / "outside"
    (outside / "sub").mkdir(parents=True)
    for made in (
        lambda place: place.symlink_to(outside / "sub"),
        lambda place: place.write_text("a file"),
    ):
        clone = tmp_path / f"clone-{os.urandom(4).hex()}"
        with git_host.serving(tmp_path / "remote") as host:
            (trap.work / ".gitmodules").write_text(f'[submodule "s"]\n\tpath = sub\n\turl = {host.url}/work/.git\n')
            trap.git("update-index", "--add", "--cacheinfo", f"160000,{trap.first},sub")
            trap.git("add", ".gitmodules")
            trap.git("commit", "-q", "--allow-empty", "-m", "submodule")
            head = trap.git("rev-parse", "HEAD")
            await git.checkout(str(trap.work), head, clone)
            (clone / "sub").rmdir()
            made(clone / "sub")
            rules = git_submodules.Rules(base=f"{host.url}/shop.git", allowed=("**",), hint="")
            with pytest.raises(UsageError, match="its place is not a folder of the repository"):
                await git_submodules.fetch(clone, head, rules, recursive=True)
            assert host.asked == []
        assert list((outside / "sub").iterdir()) == []


DESCRIBED = {
    "it includes a file of this machine": '[include]\n\tpath = OUTSIDE\n[submodule "s"]\n\tpath = sub\n',
    "it includes one if": '[includeIf "gitdir:**"]\n\tpath = OUTSIDE\n[submodule "s"]\n\tpath = sub\n',
    "its name leads elsewhere": '[submodule "../../x"]\n\tpath = ../sub\n\turl = HOST/work/.git\n',
    "its path leads elsewhere": '[submodule "s"]\n\tpath = ./sub/../../sub\n\turl = HOST/work/.git\n',
}


@pytest.mark.parametrize("name", DESCRIBED)
async def test_only_the_commit_describes_its_submodules(name: str, trap: Trap, tmp_path: Path) -> None:
    outside = tmp_path / "described"
    with git_host.serving(tmp_path) as host:
        outside.write_text(f'[submodule "s"]\n\tpath = sub\n\turl = {host.url}/work/.git\n')
        text = DESCRIBED[name].replace("OUTSIDE", str(outside)).replace("HOST", host.url)
        (trap.work / ".gitmodules").write_text(text)
        trap.git("update-index", "--add", "--cacheinfo", f"160000,{trap.first},sub")
        trap.git("add", ".gitmodules")
        trap.git("commit", "-q", "-m", "submodule")
        head, clone = trap.git("rev-parse", "HEAD"), tmp_path / "clone"
        await git.checkout(str(trap.work), head, clone)
        rules = git_submodules.Rules(base=f"{host.url}/shop.git", allowed=("**",), hint="")
        with pytest.raises(UsageError, match="says no url for the submodule sub"):
            await git_submodules.fetch(clone, head, rules, recursive=True)
        assert host.asked == []
