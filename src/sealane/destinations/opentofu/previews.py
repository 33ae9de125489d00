"""Plans of pull requests: made apart from what is deployed, in a folder that goes afterwards. Nothing is kept or applied.

A pull request's configuration is what its author says, so it gets what operators give to plans of pull requests, and a copy
of a state that Sealane keeps. It can't write where the state is, and it takes no lock of it.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sealane import descriptors
from sealane.destinations.opentofu import folders, model, plan_text, planner, program_output
from sealane.destinations.opentofu.folders import ConfigurationFolder, HeldLock
from sealane.destinations.opentofu.model import STATE, Manifest
from sealane.destinations.opentofu.program_output import Diagnostic
from sealane.destinations.opentofu.workbench import NotPlanned, Programs, Workbench
from sealane.destinations.port import Preview, Previewer
from sealane.findings import Finding
from sealane.stencils.model import Rendered, Revision

_WAIT = 600.0
"""Seconds to wait for a plan or an apply of the same configuration before its state is copied."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TofuPreviewer(Previewer):
    """See the port."""

    programs: Programs
    """With the variables of plans of pull requests."""

    async def preview(self, revision: Revision, *, deletes: int) -> Preview:
        objects: list[Rendered] = []
        findings: list[Finding] = []
        lines: list[str] = []
        every: list[model.Change] = []
        for rendered in revision.objects:
            objects.append(rendered)
            if not model.is_configuration(rendered.object):
                continue
            if problem := planner.foreign(self.programs, rendered, revision):
                findings.append(problem)
                continue
            try:
                async with _apart(self.programs, rendered.object, revision.namespace) as bench:
                    changes = await bench.plan(lock=False)
            except NotPlanned as refused:
                findings += [planner.finding(rendered, complaint) for complaint in refused.complaints]
                continue
            manifests = [program_output.manifest(change, rendered.name, revision.namespace) for change in changes]
            objects += [Rendered(object=dict(manifest), origin=rendered.origin) for manifest in manifests]
            findings += planner.over_budget(changes, rendered, deletes)
            lines += plan_text.lines(rendered.name, changes)
            every += changes
        return Preview(
            revision=replace(revision, objects=tuple(objects)),
            findings=tuple(findings),
            summary=plan_text.summary(every),
            lines=tuple(lines),
        )


@asynccontextmanager
async def _apart(programs: Programs, manifest: Manifest, namespace: str) -> AsyncIterator[Workbench]:
    """The configuration beside a copy of its state. Raises NotPlanned, Unavailable."""
    name = str(manifest["metadata"]["name"])
    deployed = programs.folder(namespace, name)
    host = f"sealane-{secrets.token_hex(8)}"
    with _folder(programs.root) as root:
        apart = ConfigurationFolder(root=root, namespace=namespace, name=name, mask=programs.mask)
        async with deployed.locked(_WAIT, host):
            record = deployed.record()
            if record and record.result and record.result.kept:
                raise NotPlanned((Diagnostic(summary="the last state is not stored yet"),))
            await asyncio.to_thread(_copy_state, deployed.state, apart.state)
        lock = HeldLock(descriptor=-1, former=())
        bench = Workbench(tofu=programs.tofu(apart, host), folder=apart, manifest=manifest, lock=lock)
        await bench.ready()
        yield bench


def _copy_state(there: Path, here: Path) -> None:
    """Copies the state, and nothing else that code of commits has left beside it. Raises NotPlanned when it is no plain file."""
    here.mkdir(mode=0o700)
    try:
        descriptors.write(here, STATE, descriptors.read(there, STATE, most=folders.LARGEST))
    except FileNotFoundError:
        return
    except OSError as error:
        problem = Diagnostic(summary=f"{STATE} can't be read", detail=error.strerror or "")
        raise NotPlanned((problem,)) from error


@contextmanager
def _folder(root: Path) -> Iterator[Path]:
    """A folder of its own. Those that killed processes left are removed: nobody holds their locks."""
    above = root / "previews"
    above.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = secrets.token_hex(8)
    with _locked(above / ".lock"):
        for lock in above.glob("*.lock"):
            if lock.name != ".lock" and not _is_held(lock):
                folders.remove(lock.with_suffix(""))
                lock.unlink(missing_ok=True)
        held = _descriptor(above / f"{name}.lock")
        fcntl.flock(held, fcntl.LOCK_EX)
    folder = above / name
    try:
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        folders.remove(folder)
        (above / f"{name}.lock").unlink(missing_ok=True)
        os.close(held)


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    descriptor = _descriptor(file)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _is_held(file: Path) -> bool:
    descriptor = _descriptor(file)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _descriptor(file: Path) -> int:
    return os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
