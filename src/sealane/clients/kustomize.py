"""Kustomize, which builds directories: the program itself, or the one within kubectl. A directory is hostile input.

It runs in a temporary folder of its own that holds the files of the commit which the directory names, without plugins,
Helm, git and variables of this process, and with limits for time, memory and output. A proxy where nothing listens
keeps it from fetching what escaped the check of addresses.
"""

from __future__ import annotations

import asyncio
import errno
import shutil
import tempfile
from pathlib import Path

from sealane.clients import programs
from sealane.kustomize import layout
from sealane.kustomize.model import BuildResult, Kustomization

PATIENCE = 60.0
"""Seconds that building one directory may take."""
_PROGRAMS = (("kustomize", ("build",)), ("kubectl", ("kustomize",)))
"""The first that is on the PATH is taken."""
_MOST_PRINTED = 32 * 1024 * 1024
_MOST_MEMORY = 2 * 1024 * 1024
"""Kilobytes of address space: Go reserves a gigabyte from the start."""
_NO_FILES = {errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG}
_BOUNDED = 'ulimit -v "$0" 2>/dev/null; exec "$@"'
"""Runs without a limit if the system does not support one, as macOS."""
_NONE = (
    "there is neither kustomize nor kubectl on this machine, which build kustomizations",
    "install Kustomize 5 or kubectl 1.27, or newer",
)
_FILES = "files"
_NOWHERE = "http://127.0.0.1:1"


async def build(asked: Kustomization, *, patience: float = PATIENCE) -> BuildResult:
    """What the directory builds to, or why it can't be built; nothing of it stays on this machine."""
    found = next(((path, verb) for name, verb in _PROGRAMS if (path := shutil.which(name))), None)
    if found is None:
        return BuildResult(problem=_NONE)
    program, verb = found
    home = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="sealane-kustomize-"))
    try:
        problem = await asyncio.to_thread(_lay_out, home, asked)
        return BuildResult(problem=problem) if problem else await _run((program, *verb), home, asked, patience)
    finally:
        await asyncio.to_thread(shutil.rmtree, home, ignore_errors=True)


async def _run(command: tuple[str, ...], home: Path, asked: Kustomization, patience: float) -> BuildResult:
    try:
        ended = await programs.run(
            *("/bin/sh", "-c", _BOUNDED, str(_MOST_MEMORY), *command, str(home / _FILES / asked.folder)),
            within=patience,
            environment=_environment(home),
            most=_MOST_PRINTED,
        )
    except TimeoutError:
        return BuildResult(problem=(f"Kustomize took longer than {patience:g} s to build it", "simplify it"))
    if ended.code:
        said = ended.problem.replace(f"{home / _FILES}/", "").replace(str(home), "")
        return BuildResult(complaint=said or f"it ended with {ended.code} and said nothing")
    if len(ended.out) >= _MOST_PRINTED:
        return BuildResult(problem=(f"it builds more than {_MOST_PRINTED} bytes", "build less"))
    return BuildResult(printed=ended.out.decode(errors="replace"))


def _lay_out(home: Path, asked: Kustomization) -> tuple[str, str] | None:
    """Writes the files, or returns the one that can't be written: commits may use any names."""
    for path, content in layout.files(asked):
        file = home / _FILES / path
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        except (OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno not in _NO_FILES:
                raise
            return f"{path[:100]!r} can't be a file: {error}"[:300], "rename it, or leave it out"
    (home / "nothing").mkdir()
    return None


def _environment(home: Path) -> dict[str, str]:
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), _NOWHERE)
    nothing = str(home / "nothing")
    return {**proxies, "HOME": nothing, "XDG_CONFIG_HOME": nothing, "KUBECONFIG": f"{nothing}/none", "PATH": nothing,
            "TMPDIR": str(home), "GOMEMLIMIT": "1GiB"}  # fmt: skip
