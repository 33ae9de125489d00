"""The owner of a run: the process on this machine that started it, identified by its id and start time."""

from __future__ import annotations

import os
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Owner:
    """A process of a machine. Ids are reused, so the start time is part of it."""

    host: str
    pid: int
    began: str

    def __str__(self) -> str:
        return f"{self.host}/{self.pid}/{self.began}"


def this_process() -> Owner:
    """The current process."""
    return Owner(host=socket.gethostname(), pid=os.getpid(), began=_began(os.getpid()) or "")


def parse(text: str) -> Owner | None:
    """The owner from a label; None if it is not valid."""
    parts = text.split("/")
    if len(parts) != 3 or not parts[1].isdigit():
        return None
    return Owner(host=parts[0], pid=int(parts[1]), began=parts[2])


def is_gone(owner: Owner) -> bool:
    """Whether the owner has certainly ended; processes of other machines count as alive."""
    return owner.host == socket.gethostname() and _began(owner.pid) != owner.began


def _began(pid: int) -> str | None:
    """When a process began, in this system's format; None without such a process."""
    if Path("/proc/self/stat").exists():
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return None
        fields = stat.rpartition(")")[2].split()  # the name before may contain anything, even brackets
        return None if fields[0] in "ZX" else f"{fields[19]}-{_boot()}"
    listing = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return "-".join(listing.stdout.replace(":", "-").split()) or None


def _boot() -> str:
    """The id of the machine's current boot, from which ticks are counted."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()[:8]
