"""Kustomize, which builds directories: the program itself, or the one within kubectl. A directory is hostile input.

It runs in a temporary folder of its own that holds the files of the commit which the directory names, without plugins,
Helm, git and variables of this process, and with limits for time, memory and output. A proxy where nothing listens
keeps it from fetching what escaped the check of addresses.
"""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from sealane.clients import program_folder, programs
from sealane.clients.program_folder import MOST_PRINTED
from sealane.kustomize import layout
from sealane.kustomize.model import BuildResult, Kustomization

PATIENCE = 60.0
"""Seconds that building one directory may take."""
_PROGRAMS = (("kustomize", ("build",)), ("kubectl", ("kustomize",)))
"""The first that is on the PATH is taken."""
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
    async with program_folder.temporary("sealane-kustomize-") as home:
        problem = await asyncio.to_thread(program_folder.lay_out, home / _FILES, layout.files(asked))
        (home / "nothing").mkdir()
        return BuildResult(problem=problem) if problem else await _run((program, *verb), home, asked, patience)


async def _run(command: tuple[str, ...], home: Path, asked: Kustomization, patience: float) -> BuildResult:
    try:
        ended = await programs.run(
            *program_folder.bounded(*command, str(home / _FILES / asked.folder)),
            within=patience,
            environment=_environment(home),
            most=MOST_PRINTED,
        )
    except TimeoutError:
        return BuildResult(problem=(f"Kustomize took longer than {patience:g} s to build it", "simplify it"))
    if ended.code:
        said = ended.problem.replace(f"{home / _FILES}/", "").replace(str(home), "")
        return BuildResult(complaint=said or f"it ended with {ended.code} and said nothing")
    if len(ended.out) >= MOST_PRINTED:
        return BuildResult(problem=(f"it builds more than {MOST_PRINTED} bytes", "build less"))
    return BuildResult(printed=ended.out.decode(errors="replace"))


def _environment(home: Path) -> dict[str, str]:
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), _NOWHERE)
    nothing = str(home / "nothing")
    return {**proxies, "HOME": nothing, "XDG_CONFIG_HOME": nothing, "KUBECONFIG": f"{nothing}/none", "PATH": nothing,
            "TMPDIR": str(home), "GOMEMLIMIT": "1GiB"}  # fmt: skip
