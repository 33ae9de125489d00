"""The files of a kubeconfig: where they are, whether they were rewritten, and what is wrong with them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml

from sealane.clients.kubernetes import errors
from sealane.configfiles import yaml_errors
from sealane.findings import did_you_mean, not_utf8

_PUT_THERE = (
    "the server's operators have to put it where `kubeconfig` in the environment's file says, seen from that file"
)


def paths(explicit: Path | None) -> list[Path]:
    """The files to merge, in order: the given one, else `KUBECONFIG`, else `~/.kube/config`."""
    if explicit is not None:
        return [explicit]
    if named := os.environ.get("KUBECONFIG"):
        return [Path(part).expanduser() for part in named.split(os.pathsep) if part]
    return [Path.home() / ".kube" / "config"]


def state(path: Path) -> tuple[int, ...] | None:
    """Device, inode, size and time of a file: they change when somebody rewrites it. None without one."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def check(paths: list[Path], *, context: str | None, called: str) -> None:
    """Raises NoSignIn for what the library reports badly: no file, an invalid one, and a context that no file has.

    `called` is the kubeconfig's name for readers who should not see its path; empty: its path.
    """
    if not any(path.is_file() for path in paths):
        if called:
            raise errors.NoSignIn(f"there is no {called}", hint=_PUT_THERE)
        names = ", ".join(map(str, paths))
        raise errors.NoSignIn(f"no kubeconfig at {names}", hint="name one with --kubeconfig or KUBECONFIG")
    contexts: list[str] = []
    current = ""
    for path in filter(Path.is_file, paths):
        name = called or str(path)
        content = _content(path, name)
        if not isinstance(content, dict) or not {"clusters", "contexts", "users", "current-context"} & content.keys():
            hint = None if called else "name one with --kubeconfig or KUBECONFIG"
            raise errors.NoSignIn(f"{name} is not a kubeconfig: it names no cluster, user or context", hint=hint)
        current = current or str(content.get("current-context") or "")
        named = content.get("contexts")
        contexts += (
            [str(entry.get("name")) for entry in named if isinstance(entry, dict)] if isinstance(named, list) else []
        )
    wanted, files = context or current, called or ", ".join(map(str, paths))
    if not wanted:
        raise errors.NoSignIn(f"{files} has no current-context", hint=f"name a context; {did_you_mean('', contexts)}")
    if wanted not in contexts:
        raise errors.NoSignIn(f"{files} has no context {wanted}", hint=did_you_mean(wanted, contexts))


def _content(path: Path, name: str) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except UnicodeDecodeError as error:
        raise errors.NoSignIn(str(not_utf8(error, name))) from error
    except yaml.YAMLError as error:
        raise errors.NoSignIn(str(yaml_errors.finding(error, yaml_errors.lines(text), name))) from None
    except OSError as error:
        raise errors.NoSignIn(f"{name} can't be read: {error.strerror}") from error
