"""A git host on this machine that is asked by SSH: a real sshd on a loopback port, with host key, accounts and log of its own."""

from __future__ import annotations

import getpass
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.serving import free_port, until

_SSHD = "/usr/sbin/sshd"
_SAYS = """#!/bin/sh
# What the host does for whoever is let in: git's own program for a repository, or the answer that LFS wants.
printf '%s\\n' "$SSH_ORIGINAL_COMMAND" >> "{folder}/commands"
eval "set -- $SSH_ORIGINAL_COMMAND"
case "$1" in
  git-upload-pack) exec git -c safe.directory='*' upload-pack "{repositories}/$2" ;;
  git-lfs-authenticate) cat "{folder}/lfs-answer" ;;
  *) exit 9 ;;
esac
"""
_CONFIG = """
ListenAddress 127.0.0.1
Port {port}
PidFile none
HostKey {folder}/host-key
AuthorizedKeysFile {folder}/authorized
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
LogLevel VERBOSE
ForceCommand {folder}/says
"""


@dataclass
class SshHost:
    """Serves every bare repository below a folder to whoever has one of its keys."""

    folder: Path
    repositories: Path
    port: int

    def url(self, repository: str, host: str = "127.0.0.1") -> str:
        return f"ssh://{getpass.getuser()}@{host}:{self.port}/{repository}"

    def known_as(self, *hosts: str, key: str = "host-key") -> str:
        """What `known_hosts` says of it."""
        public = (self.folder / f"{key}.pub").read_text()
        return "".join(f"[{host}]:{self.port} {public}" for host in hosts)

    def answer_lfs(self, text: str) -> None:
        """What it says where its files of LFS are."""
        (self.folder / "lfs-answer").write_text(text)

    @property
    def commands(self) -> list[str]:
        path = self.folder / "commands"
        return path.read_text().splitlines() if path.exists() else []

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()


def new_key(path: Path) -> Path:
    """A fresh pair of keys."""
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    return path


@contextmanager
def serving(folder: Path, repositories: Path, *authorized: Path) -> Iterator[SshHost]:
    """The host, for as long as this lasts."""
    folder.mkdir()
    host = SshHost(folder, repositories, free_port())
    new_key(folder / "host-key")
    (folder / "authorized").write_text("".join(key.with_suffix(".pub").read_text() for key in authorized))
    says = folder / "says"
    says.write_text(_SAYS.format(folder=folder, repositories=repositories))
    says.chmod(0o755)
    (folder / "config").write_text(_CONFIG.format(folder=folder, port=host.port))
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(
            mode=0o755, exist_ok=True
        )  # where it puts its unprivileged half; a service would make it
    command = [_SSHD, "-D", "-f", str(folder / "config"), "-E", str(folder / "log")]
    process = subprocess.Popen(command)
    try:
        until("sshd listens", lambda: (folder / "log").exists() and "Server listening" in host.log)
        yield host
    finally:
        process.terminate()
        process.wait()
