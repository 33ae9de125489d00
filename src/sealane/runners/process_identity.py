"""Whose a run is: the process that started it on this machine, known again by its id and the moment it began."""

from __future__ import annotations

import os
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Owner:
    """A process of a machine. Ids are used again, so the moment it began belongs to it."""

    host: str
    pid: int
    began: str

    def __str__(self) -> str:
        return f"{self.host}/{self.pid}/{self.began}"


def this_process() -> Owner:
    """The process asking."""
    return Owner(host=socket.gethostname(), pid=os.getpid(), began=_began(os.getpid()) or "")


def parse(text: str) -> Owner | None:
    """The owner as written on a label; None for what is none."""
    parts = text.split("/")
    if len(parts) != 3 or not parts[1].isdigit():
        return None
    return Owner(host=parts[0], pid=int(parts[1]), began=parts[2])


def is_gone(owner: Owner) -> bool:
    """Whether the owner has surely ended; of another machine's processes nothing is known, so they count as alive."""
    return owner.host == socket.gethostname() and _began(owner.pid) != owner.began


def _began(pid: int) -> str | None:
    """When a process began, in whichever form this system says it; None when there is none."""
    if Path("/proc/self/stat").exists():
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return None
        fields = stat.rpartition(")")[2].split()  # the name before may hold anything, even brackets
        return None if fields[0] in "ZX" else f"{fields[19]}-{_boot()}"
    said = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return "-".join(said.stdout.replace(":", "-").split()) or None


def _boot() -> str:
    """Which start of the machine this is: ticks are counted from it."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()[:8]
