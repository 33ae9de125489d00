"""A configuration laid out in its folder and connected to its state, with nobody else at it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sealane import descriptors
from sealane.clients.opentofu import OpenTofu, Printed
from sealane.destinations.opentofu import attempts, program_output
from sealane.destinations.opentofu.folders import LARGEST, ConfigurationFolder, HeldLock
from sealane.destinations.opentofu.model import KEPT, OVERRIDE, PLAN, STATE, VARIABLES, Change, Manifest, StateVersion
from sealane.destinations.opentofu.program_output import Diagnostic
from sealane.errors import SealaneError, Unavailable
from sealane.secrets import parts
from sealane.secrets.masking import Masker

_MAY_SAY_WHERE = re.compile(r"\b(backend|cloud)\b")
_WAIT = 60.0
"""Seconds to wait for others at the same configuration."""


class NotPlanned(SealaneError):
    """The program refuses the configuration; the complaints say why."""

    def __init__(self, complaints: tuple[Diagnostic, ...]) -> None:
        super().__init__(complaints[0].sentence)
        self.complaints = complaints


@dataclass(frozen=True, kw_only=True, slots=True)
class Programs:
    """How programs are run at a destination."""

    root: Path
    program: str
    variables: Mapping[str, str]
    mirror: Path | None = None
    confined: bool = True

    def folder(self, namespace: str, name: str) -> ConfigurationFolder:
        """What is kept of a configuration."""
        return ConfigurationFolder(root=self.root, namespace=namespace, name=name, mask=self.mask)

    def mask(self, text: str) -> str:
        """The text without the values of variables whose name or look says that they are secret."""
        secret = [value for name, value in self.variables.items() if parts.is_secret(name, value)]
        return Masker.of(secret).whole(text) if secret else text

    def tofu(self, folder: ConfigurationFolder, host: str) -> OpenTofu:
        """The program in that folder, which may write its state; locks of the state name the host."""
        return OpenTofu(
            program=self.program,
            work=folder.work,
            home=folder.home,
            host=host,
            variables=self.variables,
            mirror=self.mirror,
            writes=(folder.state,),
            confined=self.confined,
            mask=self.mask,
        )

    @asynccontextmanager
    async def bench(self, manifest: Manifest, namespace: str) -> AsyncIterator[Workbench]:
        """The configuration, ready to be planned. Raises NotPlanned, Unavailable, Refused."""
        folder = self.folder(namespace, str(manifest["metadata"]["name"]))
        host = f"sealane-{secrets.token_hex(8)}"
        async with folder.locked(_WAIT, host) as lock:
            attempts.settle(folder)
            bench = Workbench(tofu=self.tofu(folder, host), folder=folder, manifest=manifest, lock=lock)
            await bench.ready()
            await bench.store_kept()
            yield bench


@dataclass(frozen=True, kw_only=True, slots=True)
class Workbench:
    """See the module."""

    tofu: OpenTofu
    folder: ConfigurationFolder
    manifest: Manifest
    lock: HeldLock

    @property
    def spec(self) -> Mapping[str, Any]:
        """What the configuration says."""
        spec: Mapping[str, Any] = self.manifest["spec"]
        return spec

    async def ready(self) -> None:
        """Lays out its files and installs what it needs. Raises NotPlanned."""
        files = dict(self.spec.get("files") or {})
        says_where = any(_MAY_SAY_WHERE.search(text) for text in files.values())
        if variables := self.spec.get("variables"):
            files[VARIABLES] = json.dumps(variables)
        if not says_where:
            files[OVERRIDE] = self._here()
        self.folder.lay_out(files)
        await self._init()
        if says_where and (backend := self._backend()) in {None, "local"}:
            if backend == "local":
                problem = Diagnostic(
                    summary='backend "local" is not possible here',
                    detail="leave it out: the state is kept in the destination's folder then",
                )
                raise NotPlanned((problem,))
            self.folder.write(OVERRIDE, self._here().encode())
            await self._init()

    async def _init(self) -> None:
        printed = await self.tofu.init(self.spec.get("backend") or {})
        if printed.code:
            raise NotPlanned((Diagnostic(summary=_first_words(printed.problem)),))

    def _here(self) -> str:
        path = str(self.folder.state / STATE)
        return json.dumps({"terraform": [{"backend": [{"local": [{"path": path}]}]}]})

    def _backend(self) -> str | None:
        """The kind of backend that the program found."""
        try:
            known = json.loads(self.folder.read(".terraform/terraform.tfstate"))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _not_plain(".terraform/terraform.tfstate", error) from error
        return str((known.get("backend") or {}).get("type") or "") or None

    async def version(self) -> StateVersion:
        """Which state there is now."""
        return program_output.state_version(await self.tofu.state())

    async def state(self) -> Mapping[str, Any] | None:
        """The state as the program gives it, sensitive values included. Raises Unavailable."""
        return await self.tofu.state()

    async def plan(self, *, lock: bool = True) -> tuple[Change, ...]:
        """Plans it; the plan is in the folder afterwards. Raises NotPlanned."""
        destroy = bool(self.spec.get("destroy"))
        printed = await self.tofu.plan(PLAN, destroy=destroy, lock=lock)
        if printed.code and await self.free(complaints(printed)):
            printed = await self.tofu.plan(PLAN, destroy=destroy, lock=lock)
        if printed.code:
            raise NotPlanned(complaints(printed))
        return program_output.changes(await self.tofu.show(PLAN))

    def planned(self) -> tuple[str, bytes]:
        """The hash and the content of the plan file. Raises NotPlanned when code of the configuration put something else there."""
        try:
            content = self.folder.read(PLAN)
        except OSError as error:
            raise _not_plain(PLAN, error) from error
        return hashlib.sha256(content).hexdigest(), content

    async def free(self, complaints: Sequence[Diagnostic]) -> bool:
        """Frees the state's lock if a program of ours left it; False if it is somebody else's, or none is in the way.

        The lock names the machine, and a confined program believes to be on one of its own name. We hold the folder's lock,
        which each such program held to its end: none of them lives.
        """
        holder = program_output.lock_holder(complaints)
        if holder is None or holder.host not in self.lock.former:
            return False
        freed = await self.tofu.unlock(holder.id)
        if freed.code:
            raise Unavailable(f"the state's lock {holder.id} can't be freed: {_first_words(freed.problem)}")
        return True

    async def store_kept(self) -> None:
        """Stores a state that could not be stored before: without it a plan would make everything a second time.

        Raises NotPlanned if it still can't be stored.
        """
        record = self.folder.record()
        if record is None or record.result is None or not record.result.kept:
            return
        if problem := await self.restore(Path(record.result.kept)):
            detail = f"it is kept in {record.result.kept}, and nothing is planned before: {problem}"
            raise NotPlanned((Diagnostic(summary="the last state is not stored yet", detail=detail),))
        self.folder.keep(replace(record, result=replace(record.result, kept="")))

    async def restore(self, state: Path) -> str:
        """Stores a state that could not be stored before; gives the complaint if that is not possible."""
        kept = await asyncio.to_thread(descriptors.read, state.parent, state.name, most=LARGEST)
        self.folder.write(KEPT, kept)
        pushed = await self.tofu.push(self.folder.work / KEPT)
        return _first_words(pushed.problem) if pushed.code else ""


def _not_plain(path: str, error: OSError) -> NotPlanned:
    """Code of the configuration put something else in the place of a file that the program writes."""
    return NotPlanned((Diagnostic(summary=f"{path} can't be read", detail=error.strerror or ""),))


def complaints(printed: Printed) -> tuple[Diagnostic, ...]:
    """What the program complains of; at least one complaint."""
    return program_output.diagnostics(printed.out) or (Diagnostic(summary=_first_words(printed.problem)),)


def _first_words(problem: str) -> str:
    lines = [line.strip(" │╷╵\t") for line in problem.splitlines()]
    said = " ".join(line for line in lines if line)
    return (said.removeprefix("Error: ") or "the program ended without a word")[:600]
