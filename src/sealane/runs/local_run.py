"""A run on this machine: everything it works with, made from a folder and the command's arguments."""

from __future__ import annotations

import asyncio
import re
import secrets as randomness
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sealane import findings
from sealane.adapters import SHIPPED, Adapters
from sealane.clients import git
from sealane.configfiles.trees import FolderTree
from sealane.errors import InvalidFiles, NotThere, SealaneError, UsageError
from sealane.events.model import Event, EventKind
from sealane.findings import Finding
from sealane.images import tags
from sealane.pipelines import pipeline_files, planning, reading
from sealane.pipelines.model import ImageRetag, Kind, Pipeline, Plan, PlannedStep
from sealane.runners import specs, workspaces
from sealane.runners.model import RunContext, RunKey
from sealane.secrets import files, masking, revealed


@dataclass(frozen=True, kw_only=True, slots=True)
class RunRequest:
    """What was asked for on the command line."""

    path: Path
    """A folder, or a pipeline file in it."""
    clean: Path | None = None
    """Where to put a fresh clone of HEAD; None for running in the working tree."""
    steps: tuple[str, ...] = ()
    """Only these; empty for all."""
    event: EventKind = EventKind.PUSH
    branch: str | None = None
    ref: str | None = None
    secrets_file: Path | None = None
    adapters: Adapters = SHIPPED


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalRun:
    """A run, ready to go."""

    work: RunContext
    warnings: tuple[Finding, ...] = ()


async def assemble(asked: RunRequest, *, now: datetime) -> LocalRun:
    """Reads and checks everything for the run; starts nothing.

    Raises InvalidFiles with every finding, NotThere without a pipeline file, UsageError for what is not valid.
    """
    file = asked.path
    if file.is_dir() and file.resolve().name not in reading.folders(asked.adapters):
        file /= next((name for name in reading.sources(asked.adapters) if (file / name).exists()), reading.FILE)
    own = Path(reading.root_of(file.resolve(), asked.adapters))
    inside = file.resolve().relative_to(own)
    checked_out = asyncio.gather(git.checked_out(own), _branch(asked, own))
    try:
        if asked.clean is not None:
            read = await _cloned(inside, own, (await checked_out)[0], asked.clean, asked.adapters)
        else:
            await asyncio.sleep(0)  # git begins, and works while the file is read
            read = _read(file, own, own.name, asked.adapters)
        (workspace, warnings), (head, branch) = await asyncio.gather(
            workspaces.local(read.folder / inside.parts[0], own=asked.clean is not None), checked_out
        )
    finally:
        await asyncio.gather(checked_out, return_exceptions=True)  # git outlives no file that is invalid
    pipeline, problems = read.pipeline, read.problems
    event = _event(asked, pipeline, head, branch, now)
    plan = _local(_chosen(planning.plan(pipeline, event), asked.steps))
    work = RunContext(
        run=RunKey(value=f"{_slug(pipeline.app)}-{now:%H%M%S}-{randomness.token_hex(3)}"),
        pipeline=pipeline,
        plan=plan,
        event=event,
        workspace=workspace,
        images={image.name: image.source for image in pipeline.images if isinstance(image, ImageRetag)},
        deploy_tag=tags.deploy_tag(now, head or ""),
    )
    given = _secrets(asked.secrets_file, asked.adapters)
    revealed.note(given.values())
    return LocalRun(
        work=replace(work, secrets=_wanted(work, given, asked.secrets_file)),
        warnings=tuple(finding for finding in (*problems, *warnings) if finding not in findings.errors(problems)),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Read:
    """A pipeline, the folder that its steps work in, and warnings."""

    pipeline: Pipeline
    folder: Path
    problems: tuple[Finding, ...]


def _read(file: Path, folder: Path, name: str, adapters: Adapters) -> _Read:
    """Reads a file, or a folder of files that are one pipeline. Raises InvalidFiles, NotThere, UsageError."""
    around = file.parent.parent if file.parent.name in reading.folders(adapters) else file.parent
    prefix = "" if around == Path() else f"{around}/"
    beside = pipeline_files.gather(FolderTree(folder), adapters, prefix=prefix)
    pipeline: Pipeline | None
    if file.is_dir():
        whole = reading.read_folder(beside, adapters, app=_slug(name), chosen=file.resolve().name)
        pipeline, problems = whole.pipeline, list(whole.findings)
    else:
        pipeline, problems = reading.read(_text(file, adapters), str(file), adapters, app=_slug(name), beside=beside)
    if pipeline is None:
        raise InvalidFiles(problems)
    return _Read(pipeline=pipeline, folder=folder, problems=tuple(problems))


async def _cloned(inside: Path, own: Path, head: str | None, into: Path, adapters: Adapters) -> _Read:
    """The pipeline of a fresh clone, which gets all that the pipeline asks for."""
    from sealane.runners import clean_clone  # most runs need none, and start sooner without this import

    folder = await clean_clone.make(own, head, into)
    read = _read(folder / inside, folder, own.name, adapters)
    if head is None:
        return read
    return replace(read, problems=(*read.problems, *await clean_clone.complete(own, head, into, read.pipeline.clone)))


def _text(file: Path, adapters: Adapters) -> str:
    try:
        return file.read_text("utf-8-sig")
    except FileNotFoundError as error:
        if file.name not in reading.files(adapters):
            raise NotThere(f"there is no {file}", hint="name a folder, or a pipeline's file") from error
        hint = reading.beginning({path.name for path in file.resolve().parent.iterdir()}, adapters)
        raise NotThere(f"there is no {file.name} in {file.resolve().parent}", hint=hint) from error
    except UnicodeDecodeError as error:
        raise InvalidFiles([findings.not_utf8(error, str(file))]) from error
    except OSError as error:
        raise UsageError(f"{file} can't be read: {error.strerror}") from error


async def _branch(asked: RunRequest, folder: Path) -> str | None:
    """The branch asked for, or the one checked out, before its first commit too; None without one, and without git."""
    if asked.branch is not None or asked.event is EventKind.TAG:
        return asked.branch
    try:
        return (await git.run("-C", str(folder), "symbolic-ref", "--quiet", "--short", "HEAD")).decode().strip()
    except SealaneError:
        return None


def _event(asked: RunRequest, pipeline: Pipeline, head: str | None, branch: str | None, now: datetime) -> Event:
    return Event(
        kind=asked.event,
        app=pipeline.app,
        commit=head,
        branch=branch,
        ref=asked.ref or (f"refs/heads/{branch}" if branch else None),
        received=now,
    )


def _chosen(plan: Plan, names: tuple[str, ...]) -> Plan:
    """The plan with only the steps that were asked for; the others are taken as done."""
    if not names:
        return plan
    known = {planned.name for planned in plan.steps if planned.kind is not Kind.DELIVER}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UsageError(f"there is no step {unknown[0]}", hint=findings.did_you_mean(unknown[0], known))
    return Plan(steps=tuple(_left_out(planned, "not asked for", planned.name not in names) for planned in plan.steps))


def _local(plan: Plan) -> Plan:
    """The plan without what only a server does."""
    return Plan(
        steps=tuple(
            _left_out(
                _left_out(planned, "delivering is the server's: push the commit", planned.kind is Kind.DELIVER),
                "ready-made, and only the server gives it this run's tag",
                planned.kind is Kind.RETAG,
            )
            for planned in plan.steps
        )
    )


def _left_out(planned: PlannedStep, why: str, yes: bool) -> PlannedStep:  # noqa: FBT001 - reads as a sentence where used
    return replace(planned, skip=why) if yes and not planned.skip else planned


def _secrets(file: Path | None, adapters: Adapters) -> Mapping[str, str]:
    if file is None:
        return {}
    values, problems = files.read(_text(file, adapters), str(file))
    if problems:
        raise InvalidFiles(problems)
    return values


def _wanted(work: RunContext, given: Mapping[str, str], file: Path | None) -> dict[str, str]:
    """The secrets this run needs. Raises UsageError naming all that are missing, TooShort."""
    wanted = specs.wanted_secrets(work)
    missing = [f"{name} (for {', '.join(users)})" for name, users in wanted.items() if name not in given]
    if missing:
        raise UsageError(
            f"missing secrets: {'; '.join(missing)}",
            hint=f"add NAME=value lines to {file}" if file else "give them with --secrets-file FILE, NAME=value a line",
        )
    values = {name: given[name] for name in wanted}
    masking.check(values)
    return values


def _slug(app: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", app.lower()).strip("-")[:40] or "run"
