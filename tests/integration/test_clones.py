"""Clones of a run, made by git itself from repositories on disk: their history, and what changed in them."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sealane.clients import git, git_history, git_http_backend, git_lfs, git_submodules
from sealane.clients.addresses import NotListed
from sealane.clients.git_access import Access
from sealane.egress import Allowlist
from sealane.errors import UsageError
from sealane.events.model import Event, EventKind
from sealane.runs import local_run
from sealane.workflows.checkouts import Source
from sealane.workflows.steps import changed_paths
from tests import git_host, serving

AT = datetime(2026, 5, 4, tzinfo=UTC)


@dataclass
class Host:
    """A repository that is pushed to, and clones of it as runs have them."""

    folder: Path
    commits: int = 0

    def __post_init__(self) -> None:
        serving.repository(self.work, {"README.md": "first", "src/app.py": "1"})
        serving.git(self.folder, "init", "-q", "--bare", "-b", "main", "host.git")
        self.push("main")

    @property
    def work(self) -> Path:
        return self.folder / "work"

    @property
    def url(self) -> str:
        return str(self.folder / "host.git")

    def git(self, *words: str) -> str:
        return serving.git(self.work, "-c", "user.name=Kim", "-c", "user.email=k@example.com", *words).stdout.strip()

    def commit(self, *paths: str) -> str:
        """A commit that changes these files, each on its own."""
        self.commits += 1
        serving.commit(self.work, {path: f"{path} of commit {self.commits}" for path in paths})
        return self.git("rev-parse", "HEAD")

    def push(self, *what: str) -> None:
        self.git("push", "-q", "--force", self.url, *what)

    def branch(self, name: str, at: str = "HEAD") -> None:
        self.git("checkout", "-q", "-B", name, at)

    async def clone(self, commit: str, *, ref: str | None = None, depth: int | None = None) -> Path:
        into = self.folder / f"clone-{len(list(self.folder.iterdir()))}"
        await git.checkout(self.url, commit, into)
        await git_history.complete(into, self.url, commit, ref=ref, depth=depth)
        return into

    async def changed(self, event: Event, *, depth: int | None = None) -> tuple[str, ...] | None:
        clone = await self.clone(event.commit or "", ref=event.ref, depth=depth)
        changes = await changed_paths.of(event, clone, Source(url=self.url))
        return None if changes is None else tuple(sorted(changes.paths))


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def pushed(commit: str, *, before: str | None, branch: str = "main", kind: EventKind = EventKind.PUSH) -> Event:
    ref = f"refs/heads/{branch}"
    return Event(kind=kind, app="shop", commit=commit, before=before, branch=branch, trunk="main", ref=ref, received=AT)


async def test_a_push_of_several_commits(host: Host) -> None:
    """What ends as it was, is not changed; names may be any; both sides of a rename are."""
    before = host.commit("moves.txt", "comes.txt")
    host.commit("Ünïcode \n name", "twice.txt")
    host.git("rm", "-q", "twice.txt", "comes.txt")
    host.git("mv", "moves.txt", "moved.txt")
    host.git("commit", "-q", "-m", "Move")
    host.push("main")
    changes = await host.changed(pushed(host.git("rev-parse", "HEAD"), before=before))
    assert changes == ("comes.txt", "moved.txt", "moves.txt", "Ünïcode \n name")


async def test_a_forced_push_changes_what_it_drops(host: Host) -> None:
    """The host's list has no commit then, and nobody's branch has the former one any more."""
    kept = host.commit("kept.txt")
    dropped = host.commit("src/dropped.py")
    host.push("main")
    host.git("reset", "-q", "--hard", kept)
    host.push("main")
    assert await host.changed(pushed(kept, before=dropped)) == ("src/dropped.py",)
    assert await host.changed(pushed(kept, before=dropped), depth=1) == ("src/dropped.py",)


async def test_more_files_than_a_host_lists(host: Host) -> None:
    before = host.git("rev-parse", "HEAD")
    after = host.commit(*(f"docs/{number}.md" for number in range(3100)), "src/z.py")
    host.push("main")
    changes = await host.changed(pushed(after, before=before))
    assert changes is not None
    assert (len(changes), changes[-1]) == (3101, "src/z.py")


async def test_a_new_branch_changes_what_it_has_and_the_default_branch_had_not_where_it_left(host: Host) -> None:
    host.branch("topic")
    host.commit("one.txt")
    tip = host.commit("two.txt")
    host.branch("main", "main")
    host.commit("main-goes-on.txt")
    host.push("main", "topic")
    assert await host.changed(pushed(tip, before=None, branch="topic")) == ("one.txt", "two.txt")
    assert await host.changed(pushed(tip, before="e" * 40, branch="topic")) == ("one.txt", "two.txt")
    assert await host.changed(pushed(tip, before=None, branch="topic"), depth=1) is None


async def test_a_pull_request_changes_only_its_own_files(host: Host) -> None:
    """Against the branch it wants into, wherever that is by now."""
    host.branch("release")
    host.commit("release.txt")
    host.branch("fix")
    tip = host.commit("fix.txt")
    host.branch("release", "release")
    host.commit("later.txt")
    host.push("release", "fix")
    asked = pushed(tip, before=None, branch="release", kind=EventKind.PULL_REQUEST)
    assert await host.changed(asked) == ("fix.txt",)
    assert await host.changed(replace(asked, branch="nowhere")) is None


async def test_the_first_push_and_a_branch_of_its_own_are_all_new(host: Host) -> None:
    first = host.git("rev-parse", "HEAD")
    assert await host.changed(pushed(first, before=None)) == ("README.md", "src/app.py")
    host.git("checkout", "-q", "--orphan", "pages")
    host.git("rm", "-rfq", ".")
    tip = host.commit("index.html")
    host.push("pages")
    assert await host.changed(pushed(tip, before=None, branch="pages")) == ("index.html",)


async def test_an_empty_commit_changes_nothing(host: Host) -> None:
    before = host.git("rev-parse", "HEAD")
    after = host.commit()
    host.push("main")
    assert await host.changed(pushed(after, before=before)) == ()


@pytest.mark.parametrize("kind", [EventKind.TAG, EventKind.MANUAL, EventKind.SCHEDULE, EventKind.PROMOTE])
async def test_where_nothing_is_compared_nobody_can_tell(host: Host, kind: EventKind) -> None:
    assert await host.changed(pushed(host.git("rev-parse", "HEAD"), before=None, kind=kind)) is None


async def test_what_the_default_branch_was_and_nobody_has_any_more(host: Host) -> None:
    assert await host.changed(pushed(host.git("rev-parse", "HEAD"), before="e" * 40)) is None


async def test_a_tag_that_was_pushed_is_in_the_clone_and_describes_it(host: Host) -> None:
    """Annotated or not, however far back the newest one is, and with a depth the one that was pushed."""
    host.git("tag", "-a", "v1", "-m", "One")
    for number in range(60):
        host.commit(f"file-{number}")
    far = host.commit("last.txt")
    host.git("tag", "v2-light")
    host.push("main", "v1", "v2-light")

    whole = await host.clone(far)
    assert serving.git(whole, "describe").stdout.strip() == f"v1-61-g{far[:7]}"
    assert serving.git(whole, "describe", "--tags").stdout.strip() == "v2-light"
    assert serving.git(whole, "rev-list", "--count", "HEAD").stdout.strip() == "62"
    assert "origin/main" in serving.git(whole, "branch", "-r").stdout

    tagged = await host.clone(host.git("rev-parse", "v1^{commit}"), ref="refs/tags/v1", depth=1)
    assert serving.git(tagged, "describe", "--exact-match").stdout.strip() == "v1"
    assert serving.git(tagged, "rev-list", "--count", "HEAD").stdout.strip() == "1"
    assert (await host.clone(far, depth=7)).joinpath("last.txt").exists()
    again = tagged.with_name(whole.name)
    await git_history.complete(again, host.url, far)  # as a worker does that takes over
    assert serving.git(again, "describe").stdout.strip() == f"v1-61-g{far[:7]}"


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[git_host.GitHost]:
    """A git host with the repositories `libs/colors`, which has the submodule `libs/deep`, and `team/shop`."""
    folder = tmp_path / "remote"
    with git_host.serving(folder) as host:
        for name, files in (("libs/deep", {"deep.txt": "deep"}), ("libs/colors", {"colors.txt": "red"})):
            work = serving.repository(tmp_path / name, files)
            if name == "libs/colors":
                add_submodule(work, "../deep.git", "below", tmp_path / "libs/deep")
            publish(work, folder / f"{name}.git")
        yield host


def add_submodule(work: Path, url: str, path: str, source: Path) -> None:
    """A submodule as a commit has it: a link, and what `.gitmodules` says."""
    head = serving.git(source, "rev-parse", "HEAD").stdout.strip()
    with (work / ".gitmodules").open("a") as file:
        file.write(f'[submodule "{path}"]\n\tpath = {path}\n\turl = {url}\n')
    serving.git(work, "update-index", "--add", "--cacheinfo", f"160000,{head},{path}")
    serving.git(work, "add", ".gitmodules")
    identity = ("-c", "user.name=Kim", "-c", "user.email=k@example.com")
    serving.git(work, *identity, "commit", "-q", "-m", f"Add {path}")


def publish(work: Path, bare: Path) -> str:
    """Pushes to a bare repository of a host; gives the commit."""
    bare.parent.mkdir(parents=True, exist_ok=True)
    serving.git(work, "init", "-q", "--bare", "-b", "main", str(bare))
    serving.git(work, "push", "-q", str(bare), "HEAD:main")
    return serving.git(work, "rev-parse", "HEAD").stdout.strip()


class Shop:
    """`team/shop` at the remote host, and clones of it."""

    def __init__(self, remote: git_host.GitHost, folder: Path) -> None:
        self.work = serving.repository(folder / "shop", {"README.md": "shop"})
        self.remote = remote
        self.folder = folder

    async def clone(self) -> tuple[Path, str]:
        bare = self.remote.folder / "team" / "shop.git"
        commit = publish(self.work, bare)
        into = self.folder / "clone"
        await git.checkout(self.url, commit, into)
        return into, commit

    @property
    def url(self) -> str:
        return f"{self.remote.url}/team/shop.git"

    def rules(self, *allowed: str) -> git_submodules.Rules:
        here = self.remote.url.removeprefix("http://")
        globs = [rule.replace("HERE", here) for rule in allowed]
        return git_submodules.Rules(base=self.url, allowed=globs, hint="list it", access=self.access)

    @property
    def access(self) -> Access:
        return Access(passwords={self.remote.url: "kim:token"})


@pytest.fixture
def shop(remote: git_host.GitHost, tmp_path: Path) -> Shop:
    return Shop(remote, tmp_path)


@pytest.mark.parametrize(("recursive", "deep"), [(False, False), (True, True)])
async def test_submodules_are_fetched_at_their_commits(shop: Shop, tmp_path: Path, recursive: bool, deep: bool) -> None:
    """Also relative ones and those of submodules; twice is as once; who signs in at the host does so there too."""
    add_submodule(shop.work, f"{shop.remote.url}/libs/colors.git", "vendor/colors", tmp_path / "libs/colors")
    add_submodule(shop.work, "../../libs/deep", "vendor/deep", tmp_path / "libs/deep")
    clone, commit = await shop.clone()
    assert await git_submodules.links(clone, commit) != {}
    assert list((clone / "vendor" / "colors").iterdir()) == []
    shop.remote.password = "kim:token"
    for _ in range(2):
        await git_submodules.fetch(clone, commit, shop.rules("HERE/libs/*"), recursive=recursive)
    assert (clone / "vendor" / "colors" / "colors.txt").read_text() == "red"
    assert (clone / "vendor" / "deep" / "deep.txt").read_text() == "deep"
    assert (clone / "vendor" / "colors" / "below" / "deep.txt").exists() is deep
    assert serving.git(clone, "status", "--porcelain").stdout == ""
    assert {who for path, who in shop.remote.seen if path.startswith("/libs/")} == {None, git_header("kim:token")}
    assert sorted(folder.name for folder in tmp_path.iterdir() if folder.name.startswith("clone")) == ["clone"]


def git_header(credentials: str) -> str:
    return f"Basic {base64.b64encode(credentials.encode()).decode()}"


@pytest.mark.parametrize(
    ("url", "allowed", "words"),
    [
        ("HOST/libs/colors.git", (), "submodules may not come from .*/libs/colors .list it"),
        ("HOST/libs/colors.git", ("HERE/team/*",), "submodules may not come from"),
        ("file:///etc", ("**",), "vendor/colors is not fetched from 'file:///etc': it is not by HTTPS or SSH"),
        ("ext::sh -c touch% /tmp/owned", ("**",), "it is no URL"),
        ("-u./payload", ("**",), "take it for an option"),
        ("../../../colors", ("**",), "leads out of"),
        ("HOST/libs/nowhere.git", ("**",), "the submodule vendor/colors can't be fetched"),
    ],
)
async def test_submodules_from_elsewhere_are_refused(
    shop: Shop, tmp_path: Path, url: str, allowed: tuple[str, ...], words: str
) -> None:
    """With the submodule, the URL as it was written, and why."""
    written = url.replace("HOST", shop.remote.url)
    add_submodule(shop.work, written, "vendor/colors", tmp_path / "libs/colors")
    clone, commit = await shop.clone()
    with pytest.raises(UsageError, match=words):
        await git_submodules.fetch(clone, commit, shop.rules(*allowed), recursive=True)
    assert list((clone / "vendor" / "colors").iterdir()) == []


async def test_a_submodule_that_nothing_describes_is_told(shop: Shop, tmp_path: Path) -> None:
    add_submodule(shop.work, "../colors.git", "colors", tmp_path / "libs/colors")
    (shop.work / ".gitmodules").write_text("")
    serving.git(shop.work, "add", ".gitmodules")
    serving.git(shop.work, "-c", "user.name=K", "-c", "user.email=k@example.com", "commit", "-qm", "Forget")
    clone, commit = await shop.clone()
    with pytest.raises(UsageError, match=r"\.gitmodules says no url for the submodule colors"):
        await git_submodules.fetch(clone, commit, shop.rules("**"), recursive=False)


async def test_files_of_lfs_take_the_place_of_their_pointers(shop: Shop) -> None:
    """From the repository's own host, whatever `.lfsconfig` says; one that isn't there is told."""
    content = os.urandom(70_000)
    pointer = shop.remote.keep(content)
    files = {
        ".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n",
        ".lfsconfig": "[lfs]\n\turl = http://127.0.0.1:9/evil\n",
        "big.bin": pointer,
        "small.bin": "no pointer at all",
    }
    serving.commit(shop.work, files)
    clone, _ = await shop.clone()
    assert await git_lfs.pointers(clone) == {
        "big.bin": git_lfs.Pointer(oid=hashlib.sha256(content).hexdigest(), size=70_000)
    }
    shop.remote.password = "kim:token"
    for _ in range(2):
        await git_lfs.fetch(clone, shop.url, access=shop.access)
    shop.remote.password = None
    assert (clone / "big.bin").read_bytes() == content
    assert ("/team/shop.git/info/lfs/objects/batch", git_header("kim:token")) in shop.remote.seen

    serving.commit(shop.work, {"big.bin": shop.remote.keep(b"other")})
    shop.remote.files.clear()
    clone, _ = await shop.clone()
    with pytest.raises(UsageError, match=r"big\.bin|not here"):
        await git_lfs.fetch(clone, shop.url)


async def test_files_of_lfs_come_from_no_host_that_is_not_listed(shop: Shop, tmp_path: Path) -> None:
    """The repository's host says where the files are, and may say what it likes."""
    serving.commit(shop.work, {".gitattributes": "*.bin filter=lfs\n", "a.bin": shop.remote.keep(b"x")})
    clone, _ = await shop.clone()
    with git_host.serving(tmp_path) as other:
        other.files = shop.remote.files
        shop.remote.files_at = other.url
        for hosts, wanted in (((shop.remote.url,), False), ((shop.remote.url, other.url), True)):
            listed = tuple(host.removeprefix("http://") for host in hosts)
            access = Access(allowed=Allowlist(hosts=listed, listed_in="SEALANE_GIT__HOSTS"))
            with nullcontext() if wanted else pytest.raises(NotListed, match="SEALANE_GIT__HOSTS"):
                await git_lfs.fetch(clone, shop.url, access=access)
            assert bool(other.asked) is wanted


async def test_where_files_of_lfs_can_not_come_from_says_so(shop: Shop) -> None:
    """A repository on disk keeps none."""
    serving.commit(shop.work, {".gitattributes": "*.bin filter=lfs\n", "a.bin": shop.remote.keep(b"x")})
    clone, _ = await shop.clone()
    with pytest.raises(UsageError, match="a repository that Sealane serves keeps none"):
        await git_lfs.fetch(clone, "/srv/shop.git")


async def test_a_file_of_lfs_that_is_not_what_its_pointer_says_is_not_taken(shop: Shop) -> None:
    """Another content, a shorter or a longer one."""
    serving.commit(shop.work, {".gitattributes": "*.bin filter=lfs\n", "a.bin": shop.remote.keep(b"the content")})
    clone, _ = await shop.clone()
    pointer = (clone / "a.bin").read_text()
    for other in (b"a content!!", b"the", b"the content and more"):
        shop.remote.files = dict.fromkeys(shop.remote.files, other)
        with pytest.raises(UsageError, match="not what its pointer says"):
            await git_lfs.fetch(clone, shop.url)
        assert (clone / "a.bin").read_text() == pointer
    assert [path for path in (clone / git_lfs.OBJECTS).rglob("*") if path.is_file()] == []


PIPELINE = """app: shop
clone: {CLONE}
steps: [{name: a, image: busybox, commands: "true", when: {branch: trunk}}]
"""


async def test_a_repository_before_its_first_commit_has_a_branch(tmp_path: Path) -> None:
    """Here, and one that Sealane serves: what is pushed first is the branch that was cloned."""
    serving.git(tmp_path, "init", "-q", "-b", "trunk", "here")
    (tmp_path / "here" / ".sealane.yml").write_text(PIPELINE.replace("CLONE", ""))
    assembled = await local_run.assemble(local_run.RunRequest(path=tmp_path / "here"), now=AT)
    assert (assembled.work.event.branch, assembled.work.event.ref) == ("trunk", "refs/heads/trunk")
    assert assembled.work.plan.steps[0].skip is None

    bare = await git_http_backend.Repositories(tmp_path / "served").create("shop", trunk="trunk")
    serving.git(tmp_path, "clone", "-q", str(bare), "cloned")
    assert serving.git(tmp_path / "cloned", "symbolic-ref", "HEAD").stdout.strip() == "refs/heads/trunk"
    assert serving.git(bare, "symbolic-ref", "HEAD").stdout.strip() == "refs/heads/trunk"


async def test_a_clean_clone_on_a_person_s_machine_is_as_whole(host: Host, remote: git_host.GitHost) -> None:
    """Its history, its tags, its branch, and where `origin` is; what it lacks is a warning, or fetched where asked."""
    host.git("remote", "add", "origin", f"{remote.url}/team/shop.git")
    add_submodule(host.work, "../../libs/deep.git", "deep", remote.folder.parent / "libs/deep")
    host.git("tag", "v3")
    commits = host.git("rev-list", "--count", "HEAD")

    async def clean(clone: str) -> tuple[Path, local_run.LocalRun]:
        (host.work / ".sealane.yml").write_text(PIPELINE.replace("CLONE", clone))
        host.git("add", ".sealane.yml")
        host.git("commit", "-q", "-m", clone or "Nothing asked")
        into = host.folder / f"clean-{len(clone)}"
        asked = local_run.RunRequest(path=host.work, clean=into, branch="trunk")
        return into, await local_run.assemble(asked, now=AT)

    into, assembled = await clean("")
    assert serving.git(into, "describe", "--tags").stdout.startswith("v3-1-g")
    assert int(serving.git(into, "rev-list", "--count", "HEAD").stdout) == int(commits) + 1
    assert ["submodules" in finding.message for finding in assembled.warnings] == [True]
    into, assembled = await clean("submodules: true")
    assert (into / "deep" / "deep.txt").read_text() == "deep"
    assert assembled.warnings == ()
