"""Repositories, submodules and files of LFS by SSH, from a real sshd: known hosts, keys of one host, and no other host asked."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from sealane.clients import git, git_history, git_lfs, git_submodules
from sealane.clients.addresses import NotListed
from sealane.clients.git_access import OPEN, Access
from sealane.clients.git_ssh import Keys
from sealane.egress import Allowlist, Patience
from sealane.errors import Unavailable, UsageError
from tests import git_host, serving, ssh_host
from tests.integration.test_clones import add_submodule, publish
from tests.serving import until

LOOPBACK = (ip_network("127.0.0.0/8"),)


class Team:
    """`team/shop` and `libs/colors` at a host that is asked by SSH, and what a server knows of the host."""

    def __init__(self, host: ssh_host.SshHost, key: Path, folder: Path) -> None:
        self.host, self.key, self.folder = host, key, folder
        self.work = serving.repository(folder / "shop", {"README.md": "shop"})
        self.colors = serving.repository(folder / "colors", {"colors.txt": "red"})
        publish(self.colors, host.repositories / "libs/colors.git")
        self.known = folder / "known hosts"
        self.known.write_text(host.known_as("127.0.0.1", "localhost"))
        self.url = host.url("team/shop.git")

    @property
    def access(self) -> Access:
        return Access(
            keys=Keys(by_host={f"127.0.0.1:{self.host.port}": self.key}, known_hosts=self.known),
            allowed=Allowlist(
                hosts=(), names=(f"127.0.0.1:{self.host.port}",), networks=LOOPBACK, listed_in="SEALANE_GIT__HOSTS"
            ),
            patience=Patience(silence=20, whole=60),
        )

    async def clone(self, access: Access | None = None, url: str = "") -> tuple[Path, str]:
        commit = publish(self.work, self.host.repositories / "team/shop.git")
        into = self.folder / f"clone-{len(list(self.folder.iterdir()))}"
        await git.checkout(url or self.url, commit, into, access=access or self.access)
        return into, commit

    def rules(self, *allowed: str) -> git_submodules.Rules:
        return git_submodules.Rules(base=self.url, allowed=allowed, hint="list it", access=self.access)


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    key = ssh_host.new_key(tmp_path / "key")
    with ssh_host.serving(tmp_path / "host", tmp_path / "repositories", key) as host:
        yield Team(host, key, tmp_path)


async def test_a_repository_its_history_and_submodules_come_by_ssh(team: Team) -> None:
    """The key signs in at its own host, also for a submodule there; another host is offered none, nor is an agent's."""
    add_submodule(team.work, "../../libs/colors", "colors", team.colors)
    clone, commit = await team.clone()
    await git_history.complete(clone, team.url, commit, access=team.access)
    assert serving.git(clone, "rev-list", "--count", "HEAD").stdout.strip() == "2"
    await git_submodules.fetch(clone, commit, team.rules("**"), recursive=True)
    assert (clone / "colors" / "colors.txt").read_text() == "red"
    assert "Failed publickey" not in team.host.log


async def test_no_other_host_is_offered_a_key(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not one that a commit names and operators let be asked, though an agent has a key that would do there."""
    agent = team.folder / "agent"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(agent)], stdout=subprocess.DEVNULL)
    try:
        until("the agent listens", agent.exists)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(agent))
        subprocess.run(["ssh-add", "-q", str(team.key)], check=True, capture_output=True)
        add_submodule(team.work, team.host.url("libs/colors.git", "localhost"), "colors", team.colors)
        clone, commit = await team.clone()
        before = team.host.log.count("publickey")
        with pytest.raises(UsageError, match=r"localhost:\d+ wants a key, and none is listed for it") as caught:
            await git_submodules.fetch(clone, commit, team.rules("localhost*/libs/*"), recursive=True)
    finally:
        process.terminate()
        process.wait()
    assert "SEALANE_GIT__SSH_KEYS" in str(caught.value.hint)
    assert team.host.log.count("publickey") == before, "a key was offered"


async def test_a_host_shows_the_key_that_is_known(team: Team) -> None:
    """One that is not known, and one that is known by another key, are told apart, and neither is signed in to."""
    team.known.write_text("")
    with pytest.raises(UsageError, match=r"the host key of 127\.0\.0\.1:\d+ is not known") as caught:
        await team.clone()
    assert f"ssh-keyscan -p {team.host.port} 127.0.0.1" in str(caught.value.hint)
    assert str(team.known) in str(caught.value.hint)
    ssh_host.new_key(team.host.folder / "other")
    team.known.write_text(team.host.known_as("127.0.0.1", key="other"))
    with pytest.raises(UsageError, match="shows another host key than the one that is known"):
        await team.clone()
    assert "publickey" not in team.host.log
    assert team.host.commands == []


async def test_what_keeps_a_server_out_is_told(team: Team) -> None:
    """A key that the host does not take, one that can't be read, and a host that is away, which may come back."""
    port = team.host.port
    stranger = ssh_host.new_key(team.folder / "stranger")
    team.key.chmod(0o644)
    for key, words in ((stranger, "lets nobody in with the key"), (team.key, "Load key .*bad permissions")):
        keys = Keys(by_host={f"127.0.0.1:{port}": key}, known_hosts=team.known)
        with pytest.raises(UsageError, match=words):
            await team.clone(replace(team.access, keys=keys))
    free = serving.free_port()
    allowed = Allowlist(hosts=(), names=(f"127.0.0.1:{free}",), networks=LOOPBACK, listed_in="x")
    with pytest.raises(Unavailable, match=r"can't be reached by SSH: .*refused"):
        await team.clone(replace(team.access, allowed=allowed), f"ssh://git@127.0.0.1:{free}/team/shop.git")


HOSTS = (
    "localhost",
    "127.0.0.2",
    "-oProxyCommand=touch${IFS}OWNED",
    "[::ffff:127.0.0.1]",
    "2130706433",
    "0.0.0.0",
    "127.1",
)


async def test_a_host_that_is_not_listed_is_not_connected_to(team: Team) -> None:
    """In whatever form it is written; neither is an option taken for a host."""
    owned = team.folder / "owned"
    for host in HOSTS:
        url = team.host.url("team/shop.git", host.replace("OWNED", str(owned)))
        with pytest.raises(NotListed, match="SEALANE_GIT__HOSTS"):
            await git.checkout(url, "ab" * 20, team.folder / "clone", access=team.access)
    assert "Connection from" not in team.host.log
    assert not owned.exists()


URLS = (
    "ssh://-oProxyCommand=touch${IFS}OWNED/x",
    "ssh://-oProxyCommand=touch${IFS}OWNED@127.0.0.1:PORT/libs/colors",
    "-oProxyCommand=touch${IFS}OWNED:libs/colors",
    "-oProxyCommand=touch@127.0.0.1:libs/colors",
    "ssh://git@127.0.0.1:PORT/libs/$(touch${IFS}OWNED)/../colors",
    "ext::ssh://127.0.0.1:PORT/libs/colors",
    "git+ssh://127.0.0.1:PORT/libs/colors",
)


async def test_urls_of_submodules_are_no_commands(team: Team) -> None:
    """Each is refused before anybody is asked."""
    owned = team.folder / "owned"
    for written in URLS:
        meant = written.replace("OWNED", str(owned)).replace("PORT", str(team.host.port))
        work = serving.repository(team.folder / f"work-{URLS.index(written)}", {"a": "b"})
        add_submodule(work, meant, "colors", team.colors)
        commit = serving.git(work, "rev-parse", "HEAD").stdout.strip()
        with pytest.raises(UsageError, match="the submodule colors is not fetched"):
            await git_submodules.fetch(work, commit, team.rules("**"), recursive=True)
    assert "Connection from" not in team.host.log
    assert not owned.exists()


async def test_a_path_is_one_word_to_the_host(team: Team) -> None:
    """It goes to a shell there."""
    path = "team/it's $(id) ;shop.git"
    commit = publish(team.work, team.host.repositories / path)
    await git.checkout(team.host.url(path), commit, team.folder / "odd", access=team.access)
    assert shlex.split(team.host.commands[-1]) == ["git-upload-pack", f"/{path}"]
    with pytest.raises(UsageError):
        await git.checkout(team.host.url("team/nowhere.git"), commit, team.folder / "none", access=team.access)


async def test_files_of_lfs_are_where_the_host_says_by_ssh_and_operators_let_them_be(team: Team) -> None:
    """With what the host gives to sign in; whatever `.lfsconfig` says."""
    with git_host.serving(team.folder / "media") as media:
        files = {
            ".gitattributes": "*.bin filter=lfs\n",
            ".lfsconfig": "[lfs]\n\turl = ssh://-oProxyCommand=false/x\n\tpushurl = http://127.0.0.1:9\n",
            "a.bin": media.keep(b"the content"),
        }
        serving.commit(team.work, files)
        clone, _ = await team.clone()
        header = {"Authorization": "Basic bGZzOnNob3J0LWxpdmVk"}
        team.host.answer_lfs(json.dumps({"href": f"{media.url}/team/shop.git/info/lfs", "header": header}))
        with pytest.raises(NotListed, match="SEALANE_GIT__HOSTS"):
            await git_lfs.fetch(clone, team.url, access=team.access)
        assert media.asked == []
        assert team.access.allowed is not None
        listed = replace(team.access.allowed, hosts=(media.url.removeprefix("http://"),))
        await git_lfs.fetch(clone, team.url, access=replace(team.access, allowed=listed))
    assert media.seen == [("/team/shop.git/info/lfs/objects/batch", header["Authorization"])]
    assert (clone / "a.bin").read_bytes() == b"the content"
    assert team.host.commands[-1] == "git-lfs-authenticate team/shop.git download"


ANSWERS = (
    ('{"href": "http://169.254.7.7/lfs"}', NotListed, "169.254.7.7"),
    ('{"href": "http://localhost:9/lfs", "header": {"Authorization": "x"}}', NotListed, "localhost:9"),
    ('{"href": "file:///etc/passwd"}', UsageError, "is no address of HTTP"),
    ('{"href": "http://[::1"}', UsageError, "is no address of HTTP"),
    ("{}", NotListed, "don't let 127.0.0.1 be asked"),
    ("[]", UsageError, "does not say where"),
    ("[" * 30_000, UsageError, "does not say where"),
    ('{"href": "', UsageError, "does not say where"),
    ('{"href": "https://h", "header": [1]}', UsageError, "does not say where"),
)


async def test_a_host_may_say_what_it_likes_of_its_lfs(team: Team) -> None:
    serving.commit(team.work, {".gitattributes": "*.bin filter=lfs\n", "a.bin": POINTER})
    clone, _ = await team.clone()
    for answer, kind, words in ANSWERS:
        team.host.answer_lfs(answer)
        with pytest.raises(kind, match=words):
            await git_lfs.fetch(clone, team.url, access=team.access)
        assert (clone / "a.bin").read_text() == POINTER


POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'ab' * 32}\nsize 5\n"


async def test_a_person_s_own_machine_signs_in_as_it_does(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    """By their agent, which a clean clone asks as their `git` does."""
    monkeypatch.setenv("SSH_AUTH_SOCK", "/run/agent")
    async with git.speaking(OPEN, team.url) as environment:
        assert environment["SSH_AUTH_SOCK"] == "/run/agent"
    async with git.speaking(team.access, team.url) as environment:
        assert "SSH_AUTH_SOCK" not in environment
