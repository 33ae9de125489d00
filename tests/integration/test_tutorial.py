"""The tutorial, word for word: its files are written and its commands run as they stand on the page, in an empty folder.

Only what is said to be the reader's own is replaced: the registry, the namespace, the port, and where operators' files are.
What a person types when asked (two tokens) is typed here, and a command that follows a push waits until that has ended.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from testbed.record import Bed
from tests.bed import Kubectl
from tests.serving import SEALANE, free_port, until

PAGE = Path(__file__).parents[2] / "docs" / "tutorial.md"
BLOCK = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BASE = "docker.io/library/busybox:1.37"
"""What the page's project starts from; the bed has no way to Docker Hub and lends it its own."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """A piece of the page: a file to write, or commands to run."""

    kind: str
    title: str
    text: str


def blocks(words: dict[str, str]) -> list[Block]:
    """All of the page's, in order, with the reader's own words; each word must stand on the page."""
    page = PAGE.read_text()
    for word, own in words.items():
        assert word in page, f"the tutorial does not say {word} any more"
        page = page.replace(word, own)
    blocks_read = [Block(kind=kind, title=title or "", text=text) for kind, title, text in BLOCK.findall(page)]
    assert page.count("\n```") == 2 * len(blocks_read), "a block of the tutorial is not read"
    return blocks_read


@dataclass
class Shell:
    """A shell that a person has open: where it stands and what it exported lasts from one block to the next."""

    folder: Path
    environment: dict[str, str]
    children: list[int] = field(default_factory=list)
    printed: str = ""

    def run(self, commands: str, typed: str = "") -> str:
        """Runs a block; gives what it printed."""
        state, log = self.folder / ".state", self.folder / ".log"
        before = f"set -e\n. {state}\n" if state.exists() else "set -e\n"
        after = f"\nset +e\n{{ export -p; echo cd $(printf %q \"$PWD\"); jobs -p | sed 's/^/#job /'; }} > {state}\n"
        with log.open("wb") as out:
            done = subprocess.run(
                ["bash", "-c", before + commands + after],
                cwd=self.folder,
                env=self.environment,
                input=typed.encode(),
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                timeout=180,
                check=False,
            )
        if state.exists():
            self.children += [
                int(line.split()[1]) for line in state.read_text().splitlines() if line.startswith("#job")
            ]
        self.log = log.rename(self.folder / f".log-{len(self.printed)}")
        printed = self.log.read_text()
        self.printed += printed
        assert done.returncode == 0, f"{commands}\nended with {done.returncode}:\n{printed}"
        return printed

    def write(self, title: str, text: str) -> None:
        """Writes a file of the page, as an editor would in the folder where the shell stands."""
        self.run(f"mkdir -p $(dirname {title})\ncat > {title} <<'END-OF-FILE'\n{text}END-OF-FILE\n")

    def end(self) -> None:
        """Ends what it left in the background."""
        for child in self.children:
            os.kill(child, signal.SIGTERM)


@pytest.fixture
def shell(bed: Bed, tmp_path: Path) -> Iterator[Shell]:
    """On the tutorial's machine: sealane, kubectl, git, and a `docker` that is Podman, as Debian's podman-docker has it."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "sealane").symlink_to(SEALANE)
    (programs / "docker").write_text('#!/bin/sh\nexec podman --remote --url "$DOCKER_HOST" "$@"\n')
    (programs / "askpass").write_text(f"#!/bin/sh\ncat {tmp_path}/push-token\n")
    for name in ("docker", "askpass"):
        (programs / name).chmod(0o755)
    environment = {
        "PATH": f"{programs}:{Path(bed.kubectl).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path / "home"),
        "KUBECONFIG": bed.admin_kubeconfig,
        "DOCKER_HOST": bed.docker_host,
        "GIT_ASKPASS": str(programs / "askpass"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "PYTHONUNBUFFERED": "1",
        **{f"GIT_{who}_{what}": "kim@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }
    for name in ("home", "empty"):
        (tmp_path / name).mkdir()
    opened = Shell(tmp_path / "empty", environment)
    opened.run(f"docker image exists {BASE} || docker tag {shlex.quote(bed.busybox_image)} {BASE}")
    try:
        yield opened
    finally:
        opened.end()


@pytest.fixture
def own_namespace(namespace: str, kubectl: Kubectl) -> str:
    """A namespace that isn't there any more, but is tidied away after the test all the same."""
    kubectl("delete", "namespace", namespace)
    return namespace


def settled(url: str, token: str) -> Callable[[], list[dict[str, Any]] | None]:
    """Every deployment, the newest first, once nothing runs any more."""

    def look() -> list[dict[str, Any]] | None:
        with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
            runs = client.get("/api/runs").json()
            views = [client.get(f"/api/runs/{run['id']}").json() for run in runs]
        deployments = [deployment for view in views for deployment in view["deployments"]]
        done = all(run["ended"] for run in runs) and all(deployment["state"] == "ended" for deployment in deployments)
        assert all(run["status"] in {"waiting", "running", "passed"} for run in runs), runs
        return deployments if done else None

    return look


@pytest.mark.timeout(600)
def test_the_tutorial_does_what_it_says(shell: Shell, bed: Bed, own_namespace: str, tmp_path: Path) -> None:
    """From the empty folder to the release that was rolled back."""
    url = f"http://127.0.0.1:{free_port()}"
    shell.environment["SEALANE_HTTP__PORT"] = url.rpartition(":")[2]
    words = {
        "http://127.0.0.1:8080": url,
        "http://shop@127.0.0.1:8080": url.replace("//", "//shop@"),
        "registry.example.com": f"{bed.registry}/{own_namespace}",
        "/etc/sealane": str(tmp_path / "operators"),
        "shop-dev": own_namespace,
    }
    printed: dict[str, str] = {}
    token, deployments = "", []
    for block in blocks(words):
        if block.kind != "sh":
            shell.write(block.title, block.text)
            continue
        printed[block.text] = said = shell.run(block.text, typed=f"{token}\n")
        if "sealane init" in block.text:  # the formation's namespace is the reader's own, too
            shell.run(f"sed -i s/shop-dev/{own_namespace}/ deploy/formations/dev.yaml")
        if block.text.rstrip().endswith("&"):
            until("the server to answer", lambda log=shell.log: "serves at" in log.read_text())
            token = next(word for word in shell.log.read_text().split() if word.startswith("sln_"))
        if match := re.search(r"push token\s+(\S+)", said):
            (tmp_path / "push-token").write_text(match[1])
        if "git push" in block.text:
            deployments = until("the push to end", settled(url, token), within=180)
    whole = "".join(printed.values())
    assert "web@unbuilt" in whole
    assert [deployment["verdict"]["kind"] for deployment in deployments] == ["rolled_back", "deployed"]
    last = list(printed.values())[-1]
    assert "rolled back" in last, last
    assert "no-such-program" in last, last
