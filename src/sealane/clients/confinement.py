"""Runs a program that a pushed commit controls, in namespaces of Linux of its own. Nothing of the server can be read there.

It sees programs and libraries of the machine, certificates, and the folders that it is given; neither the server's data
nor its keys, other processes, or their variables. It has the machine's network, because providers call clouds.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sealane.errors import UsageError

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64")
_FILES = ("ssl", "pki", "ca-certificates", "resolv.conf", "hosts", "nsswitch.conf", "alternatives")
_DEVICES = ("null", "zero", "full", "random", "urandom")
_BEGINNING = """
set -eu
PATH=$PATH:/usr/sbin:/sbin  # of pivot_root and chroot; a service's own may lack them
show() {{  # a folder or file of the machine, at the same path
  if [ -d "$1" ]; then mkdir -p "$root$1"
  elif [ ! -e "$root$1" ]; then mkdir -p "$root$(dirname "$1")"; : > "$root$1"; fi  # nobody may write a program that runs
  mount --rbind "$1" "$root$1"
}}
root={root}
hostname {name} || :
mount --make-rprivate /
mount -t tmpfs -o size=256m,mode=755,nosuid,nodev tmpfs "$root"
mkdir -p "$root/proc" "$root/tmp" "$root/dev" "$root/.old"
mount -t proc proc "$root/proc" 2>/dev/null || :  # where the machine hides parts of its own, there is none
"""
_END = """
cd "$root"
pivot_root . .old
chroot /.old umount -l /  # from there, because umount reads /proc, and there may be none here
cd {work}
# Without capabilities nobody in there can undo what is read-only; in namespaces made from here it is locked.
exec setpriv --bounding-set=-all --inh-caps=-all --no-new-privs -- "$@"
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Confinement:
    """What a confined program sees beside the machine's programs and libraries; all paths are absolute."""

    work: Path
    """The folder that it runs in, and may write to."""
    root: Path
    """An empty folder, over which its own root is mounted."""
    name: str
    """The name of the machine that it believes to be on: locks that it takes have it."""
    reads: tuple[Path, ...] = ()
    writes: tuple[Path, ...] = ()

    def command(self, program: Sequence[str]) -> list[str]:
        """The command that runs the program so. Raises UsageError where the machine has no `unshare`."""
        unshare = shutil.which("unshare")
        if unshare is None:
            raise UsageError("programs can't be confined on this machine", hint="it needs Linux and util-linux")
        script = "".join([self._beginning(), *self._shown(), _END.format(work=shlex.quote(str(self.work)))])
        spaces = ("--user", "--map-root-user", "--mount", "--pid", "--fork", "--uts", "--ipc")
        return [unshare, *spaces, "/bin/sh", "-c", script, "sh", *program]

    def _beginning(self) -> str:
        return _BEGINNING.format(root=shlex.quote(str(self.root)), name=shlex.quote(self.name))

    def _shown(self) -> list[str]:
        system = [path for path in (*_SYSTEM, *(f"/etc/{name}" for name in _FILES)) if Path(path).exists()]
        lines = [f"show {shlex.quote(path)}\n" for path in (*system, *map(str, self.reads))]
        # Only what is read-only can't be changed by a server that runs as root.
        lines += [
            f'mount -o remount,bind,ro,nosuid,nodev "$root"{shlex.quote(path)}\n'
            for path in (*system, *map(str, self.reads))
        ]
        lines += [f"show /dev/{name}\n" for name in _DEVICES]
        lines += [f"show {shlex.quote(str(path))}\n" for path in (self.work, *self.writes)]
        return lines


def variables(given: Mapping[str, str], home: Path) -> dict[str, str]:
    """The whole environment of a confined program: nothing of this process's own but a path to programs."""
    return {
        **given,
        "HOME": str(home),
        "TMPDIR": str(home),
        "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        "LANG": "C.UTF-8",
    }
