"""Linux capabilities of steps and services: only those that package managers and databases need. Pure."""

from __future__ import annotations

import re

from sealane.clients.engine.model import Confinement

DEFAULT = (
    *("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID"),  # unpacking packages as root
    *("SETGID", "SETUID", "KILL"),  # `su`, `gosu`, apt's own user, ending their processes
    "SETFCAP",  # packages whose programs have capabilities of their own
    "SYS_CHROOT",  # `dpkg --root`, debootstrap
    "NET_BIND_SERVICE",  # a service at port 80
)
"""Docker's default without MKNOD, NET_RAW, SETPCAP and AUDIT_WRITE; Podman's without SETPCAP."""
USUAL = Confinement(capabilities=DEFAULT, new_privileges=False)

_KNOWN = frozenset(
    [
        *("AUDIT_CONTROL", "AUDIT_READ", "AUDIT_WRITE", "BLOCK_SUSPEND", "BPF", "CHECKPOINT_RESTORE", "CHOWN"),
        *("DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "IPC_LOCK", "IPC_OWNER", "KILL", "LEASE"),
        *("LINUX_IMMUTABLE", "MAC_ADMIN", "MAC_OVERRIDE", "MKNOD", "NET_ADMIN", "NET_BIND_SERVICE", "NET_BROADCAST"),
        *("NET_RAW", "PERFMON", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYSLOG", "SYS_ADMIN", "SYS_BOOT"),
        *("SYS_CHROOT", "SYS_MODULE", "SYS_NICE", "SYS_PACCT", "SYS_PTRACE", "SYS_RAWIO", "SYS_RESOURCE", "SYS_TIME"),
        *("SYS_TTY_CONFIG", "WAKE_ALARM"),
    ]
)
"""From capabilities(7)."""
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([kmgt]?)(?:i?b)?", re.IGNORECASE)
_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}
_LEAST_MEMORY = 16 * 1024**2


def capability(written: str) -> str:
    """The capability in the engines' form, from `CAP_CHOWN` or `chown`. Raises ValueError for an unknown one."""
    name = written.upper().removeprefix("CAP_")
    if name not in _KNOWN:
        message = f"{written!r} is no capability of Linux, such as NET_RAW"
        raise ValueError(message)
    return name


def memory(written: str, machine: int) -> int:
    """The bytes of `512m`, `4g`, or `75%` of the machine. Raises ValueError."""
    if written.endswith("%") and written[:-1].isdigit() and 0 < int(written[:-1]) <= 100:
        return machine * int(written[:-1]) // 100
    match = _SIZE.fullmatch(written.strip())
    if match is None:
        message = "is no amount of memory: write 512m, 4g, or a share of the machine such as 75%"
        raise ValueError(message)
    size = int(float(match[1]) * _UNITS[match[2].lower()])
    if size < _LEAST_MEMORY:
        message = "is less than 16m, with which no shell starts"
        raise ValueError(message)
    return size
