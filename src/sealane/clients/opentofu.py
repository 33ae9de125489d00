"""The program `tofu`, or `terraform`: plans and applies the configuration in one folder. A configuration is hostile input.

It runs without the variables of this process, and confined where it is told to, because planning runs the code of providers
that the configuration chooses, and reads whatever files it names. An apply goes on when this process is killed: its output
goes to files, and whoever comes next waits for the lock that it holds until its last process has ended.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sealane import descriptors
from sealane.clients import confinement, programs
from sealane.errors import Unavailable, UsageError

PROGRAMS = ("tofu", "terraform")
PATIENCE = 1800.0
"""Seconds for everything but an apply, which ends when it ends."""
_MOST_PRINTED = 64 * 1024 * 1024
_LOOK_EVERY = 0.05
_GRACE = 60.0
"""Seconds for an apply that is interrupted to store its state, before it is left to itself."""
_SETTINGS = "sealane.tfrc"


def find(program: str | None) -> str:
    """The path of the program: the named one, or the first on the `PATH`. Raises UsageError when there is none."""
    names = (program,) if program else PROGRAMS
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        raise UsageError(f"there is no {' or '.join(names)} on this machine", hint="install OpenTofu 1.8 or newer")
    return str(Path(found).resolve())


@dataclass(frozen=True, kw_only=True, slots=True)
class Printed:
    """How a command ended, and what it printed."""

    code: int
    out: str
    problem: str
    """Its error output."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenTofu:
    """The program in one folder."""

    program: str
    """Its path: see `find`."""
    work: Path
    """The folder with the configuration."""
    home: Path
    """A folder for what else it writes; also where its own root is mounted if it is confined."""
    host: str
    """The machine's name in locks that it takes, if it is confined."""
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What operators let it have."""
    mirror: Path | None = None
    """A folder with providers; they are installed from nowhere else then."""
    writes: tuple[Path, ...] = ()
    """More folders that it may write to."""
    confined: bool = True
    mask: Callable[[str], str] = field(default=str, repr=False)
    """Hides in all that it prints what nobody may read."""
    patience: float = PATIENCE

    async def init(self, backend: Mapping[str, Any]) -> Printed:
        """Installs providers and modules, and connects to the state."""
        await asyncio.to_thread(self._settle)
        options = [f"-backend-config={key}={_text(value)}" for key, value in backend.items()]
        return await self._run("init", "-input=false", "-no-color", "-reconfigure", *options)

    async def plan(self, out: str, *, destroy: bool = False, lock: bool = True) -> Printed:
        """Writes a plan to the file; prints messages in JSON."""
        options = (*(("-destroy",) if destroy else ()), *(() if lock else ("-lock=false",)))
        return await self._run("plan", "-input=false", "-json", f"-out={out}", *options)

    async def show(self, plan: str) -> Mapping[str, Any]:
        """The plan in JSON. Raises Unavailable when it can't be shown."""
        shown: Mapping[str, Any] = self._json(await self._run("show", "-json", plan), "show")
        return shown

    async def state(self) -> Mapping[str, Any] | None:
        """The state; None if there is none yet. Raises Unavailable."""
        pulled = await self._run("state", "pull")
        if not pulled.code and not pulled.out.strip():
            return None
        state: Mapping[str, Any] = self._json(pulled, "state pull")
        return state

    async def push(self, state: Path) -> Printed:
        """Stores a state where it belongs; refused by the program if that has moved on since."""
        return await self._run("state", "push", str(state))

    async def unlock(self, lock: str) -> Printed:
        """Frees the state's lock with this id."""
        return await self._run("force-unlock", "-force", lock)

    async def apply(self, plan: str, *, lock: int, log: Path) -> int:
        """Applies the plan to its end; gives the exit code. Messages in JSON are in the log.

        `lock` is a descriptor of a locked file: the lock is held until the last process has ended, whatever becomes of this
        one. When this task is cancelled, the program gets a minute to store its state, and then goes on alone.
        """
        command = self._command("apply", "-input=false", "-json", plan)
        with log.open("wb") as out:
            process = subprocess.Popen(  # noqa: ASYNC220 - asyncio would kill it with its loop
                command,
                cwd=self.work,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(lock,),
            )
        try:
            return await _ended(process)
        except asyncio.CancelledError:
            os.killpg(process.pid, signal.SIGINT)
            async with asyncio.timeout(_GRACE):
                await asyncio.shield(_ended(process))
            raise

    def _settle(self) -> None:
        mirror = f"  filesystem_mirror {{\n    path = {json.dumps(str(self.mirror))}\n  }}\n" if self.mirror else ""
        lines = "disable_checkpoint = true\n" + (f"provider_installation {{\n{mirror}}}\n" if mirror else "")
        descriptors.write(self.work, _SETTINGS, lines.encode())

    def _environment(self) -> dict[str, str]:
        own = {
            "TF_CLI_CONFIG_FILE": str(self.work / _SETTINGS),
            "TF_IN_AUTOMATION": "1",
            "TF_INPUT": "0",
            "CHECKPOINT_DISABLE": "1",
        }
        home = Path("/tmp") if self.confined else self.home  # noqa: S108 - its own, in memory
        return confinement.variables({**self.variables, **own}, home)

    def _command(self, *words: str) -> list[str]:
        if not self.confined:
            return [self.program, *words]
        reads = (Path(self.program), *((self.mirror,) if self.mirror else ()))
        place = confinement.Confinement(work=self.work, root=self.home, name=self.host, reads=reads, writes=self.writes)
        return place.command([self.program, *words])

    async def _run(self, *words: str) -> Printed:
        try:
            ended = await programs.run(
                *self._command(*words),
                within=self.patience,
                environment=self._environment(),
                most=_MOST_PRINTED,
                folder=self.work,
            )
        except TimeoutError as error:
            raise Unavailable(f"{words[0]} took longer than {self.patience:g} s") from error
        if ended.code < 0:
            raise Unavailable(f"{words[0]} was ended by signal {-ended.code}", hint="was there enough memory?")
        out = self.mask(ended.out.decode(errors="replace"))
        return Printed(code=ended.code, out=out, problem=self.mask(ended.problem))

    def _json(self, printed: Printed, what: str) -> Any:
        try:
            if not printed.code:
                return json.loads(printed.out)
        except ValueError:
            pass
        said = " ".join(printed.problem.split())[:300]
        raise Unavailable(f"{Path(self.program).name} {what} ended with {printed.code}: {said}")


async def _ended(process: subprocess.Popen[bytes]) -> int:
    while (code := process.poll()) is None:  # noqa: ASYNC110 - nothing tells of its end but asking
        await asyncio.sleep(_LOOK_EVERY)
    return code


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
