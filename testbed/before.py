"""What the machine was like before the bed came up, so that `down` leaves it so."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from testbed import cgroups
from testbed.layout import Layout

# Kubelet and the network plugins set these.
_SETTINGS: Final = (
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxbytes",
    "kernel/keys/root_maxkeys",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "net/ipv4/ip_forward",
    "net/ipv4/ip_local_reserved_ports",
)
# Folders that kubelet, CNI and containerd make at fixed places.
_FOLDERS: Final = (
    "/var/lib/kubelet",
    "/var/lib/kubelet/device-plugins",
    "/var/log/containers",
    "/var/lib/cni",
    "/var/lib/cni/results",
    "/run/containerd",
    "/run/containerd/s",
)
_SYSCTL: Final = Path("/proc/sys")


@dataclass(frozen=True, kw_only=True)
class Before:
    """The state of shared things when nothing of the bed ran."""

    settings: dict[str, str] = field(default_factory=dict)
    folders: list[str] = field(default_factory=lambda: list(_FOLDERS))
    """Those of the fixed folders that were there."""
    engine_group: bool = True
    """Whether there was the cgroup that all Podmans of the machine share."""
    rules: list[str] | None = None
    """The packet filter's tables and iptables chains, or None when nobody looked."""


def remember(layout: Layout) -> None:
    """Write down the state of now, unless an earlier start of which something may be left did."""
    if _file(layout).exists():
        return
    before = Before(
        settings={name: text for name in _SETTINGS if (text := _setting(name)) is not None},
        folders=[folder for folder in _FOLDERS if Path(folder).exists()],
        engine_group=cgroups.engine_group_exists(),
        rules=sorted(tables() | {f"{table} {chain}" for table, chain in iptables_chains()}),
    )
    _file(layout).with_suffix(".new").write_text(json.dumps(asdict(before), indent=1))
    _file(layout).with_suffix(".new").replace(_file(layout))


def recall(layout: Layout) -> Before:
    """What `remember` wrote; where it did not, everything counts as someone else's."""
    try:
        return Before(**json.loads(_file(layout).read_text()))
    except (OSError, ValueError, TypeError):
        return Before()


def restore(layout: Layout, *, forwarding: bool) -> None:
    """Put the kernel's settings and the fixed folders back; `forwarding` only when nobody else may need it."""
    before = recall(layout)
    for name, text in before.settings.items():
        if name == "net/ipv4/ip_forward" and not forwarding:
            continue
        if _setting(name) != text:
            # The line end matters: nothing at all would leave a list as it is.
            (_SYSCTL / name).write_text(f"{text}\n")
    for folder in reversed(_FOLDERS):
        if folder not in before.folders:
            _remove_if_empty(Path(folder))
    if not before.engine_group:
        cgroups.remove_engine_group()
    _file(layout).unlink(missing_ok=True)


def tables() -> set[str]:
    """The packet filter's tables, each as family and name."""
    listed = subprocess.run(["nft", "list", "tables"], capture_output=True, text=True, check=False).stdout
    return {line.removeprefix("table ") for line in listed.splitlines()}


def iptables_chains() -> set[tuple[str, str]]:
    """The chains that iptables made, each with its table."""
    saved = subprocess.run(["iptables-save"], capture_output=True, text=True, check=False).stdout
    found, table = set(), ""
    for line in saved.splitlines():
        if line.startswith("*"):
            table = line[1:]
        elif line.startswith(":"):
            found.add((table, line[1:].split()[0]))
    return found


def _setting(name: str) -> str | None:
    try:
        return (_SYSCTL / name).read_text().strip()
    except OSError:
        return None


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return  # gone already, or in use by someone else since


def _file(layout: Layout) -> Path:
    return layout.home / "before.json"
