"""Sealane's own format: a checked `.sealane.yml` becomes the model. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from sealane import findings
from sealane.configfiles import documents, fields, validation
from sealane.configfiles.documents import Document, Path
from sealane.findings import Finding, Place
from sealane.pipelines import checks, condition_files, delivery_files, files, notices, partial
from sealane.pipelines.dialect import Dialect, Texts
from sealane.pipelines.model import (
    NO_CHECK,
    Approval,
    Clone,
    Delivery,
    FailureClass,
    Healthcheck,
    Image,
    ImageBuild,
    ImageRetag,
    Outcome,
    Patterns,
    Pipeline,
    ReleaseGroup,
    Retry,
    Service,
    Step,
    StepsFrom,
    When,
)

FILE = ".sealane.yml"
ELSEWHERE = {
    "depends_on": "needs",
    "requires": "needs",
    "run": "commands",
    "script": "commands",
    "cmd": "command",
    "entrypoint": "command",
    "env": "environment",
    "variables": "environment",
    "docker": "image",
    "uses": "image",
    "only": "when",
    "if": "when",
    "on": "when",
    "trigger": "when",
    "filters": "when",
    "jobs": "steps",
    "stages": "steps",
    "pipeline": "steps",
    "include_paths": "paths",
    "path": "paths",
    "branches": "branch",
    "events": "event",
    "context": "build",
    "health": "healthcheck",
    "retries": "retry",
    "team": "owner",
    "project": "app",
    "groups": "by",
    "approvers": "by",
}
"""Keys of other tools' files, and Sealane's names for the same thing."""

SHELL_FORM = "CMD-SHELL"
EXEC_FORM = "CMD"


def read(texts: Texts) -> tuple[Pipeline | None, list[Finding]]:
    """The pipeline, unless it has findings of severity error; all findings at once, by place."""
    [(file, text)] = texts.items()
    parsed, wrong = documents.read(text, file)
    if not parsed:
        return None, wrong if findings.errors(wrong) else [*wrong, _nothing(file)]
    document, *more = parsed
    checked, shape = validation.validate(document, files.PipelineFile, elsewhere=ELSEWHERE)
    wrong = [*wrong, *shape, *checks.check(partial.draft(document))]
    for number, rule in enumerate((checked.notices if checked else None) or ()):
        wrong += notices.rule_problems(rule, document, ("notices", number))
    wrong += [_second(extra) for extra in more]
    wrong = sorted(set(wrong), key=lambda finding: (finding.place, finding.message))
    if checked is None or findings.errors(wrong):
        return None, wrong
    return pipeline(checked, document), wrong


def pipeline(file: files.PipelineFile, document: Document) -> Pipeline:
    """The pipeline of a file; `document` is the parsed file, for places."""
    return Pipeline(
        app=file.app,
        owner=file.owner,
        clone=_clone(file.clone),
        services=tuple(
            _service(name, service, document.key_place(("services", name)))
            for name, service in (file.services or {}).items()
        ),
        steps=tuple(_step(step, document.place(("steps", index))) for index, step in enumerate(file.steps or ())),
        steps_from=_steps_from(file.steps_from, document.place(("steps_from",))),
        images=tuple(
            _image(name, image, document.key_place(("images", name))) for name, image in (file.images or {}).items()
        ),
        deliver=tuple(
            delivery
            for index, written in enumerate(file.deliver or ())
            for delivery in _deliveries(written, document, ("deliver", index))
        ),
        notices=tuple(notices.rule(rule, document.place(("notices", n))) for n, rule in enumerate(file.notices or ())),
        place=document.place(()),
    )


def _steps_from(written: str | None, place: Place) -> StepsFrom | None:
    return StepsFrom(source=written.rstrip("/"), place=place) if written else None


def _clone(file: files.CloneFile | None) -> Clone:
    if file is None:
        return Clone()
    return Clone(
        depth=file.depth,
        submodules=None if file.submodules is None else bool(file.submodules),
        recursive=file.submodules == "recursive",
        lfs=file.lfs,
    )


def _step(file: files.StepFile, place: Place) -> Step:
    return Step(
        name=file.name,
        image=file.image,
        commands=_texts(file.commands),
        environment=dict(file.environment or {}),
        secrets=tuple(file.secrets or ()),
        user=file.user,
        needs=None if file.needs is None else tuple(file.needs),
        when=_when(file.when),
        retry=_retry(file.retry),
        reports={"junit": _texts(file.reports.junit)} if file.reports and file.reports.junit else {},
        place=place,
        **_given(timeout=_time(file.timeout)),
    )


def _service(name: str, file: files.ServiceFile, place: Place) -> Service:
    healthcheck = _healthcheck(file.healthcheck) if file.healthcheck else None
    return Service(
        name=name,
        image=file.image,
        command=_texts(file.command) if isinstance(file.command, list) else _shell(file.command),
        environment=dict(file.environment or {}),
        secrets=tuple(file.secrets or ()),
        healthcheck=healthcheck,
        ready_within=_time(file.ready_within) or _patience(healthcheck),
        place=place,
    )


def _patience(check: Healthcheck | None) -> timedelta:
    """As long as the health check itself may take until it fails, but at least a minute."""
    allowed = check.start_period + check.retries * (check.interval + check.timeout) if check else timedelta(0)
    return max(timedelta(minutes=1), allowed)


def _healthcheck(file: files.HealthcheckFile) -> Healthcheck:
    test: tuple[str, ...]
    match file.test:
        case "NONE" | ["NONE"]:
            test = (NO_CHECK,)
        case str():
            test = (SHELL_FORM, file.test)
        case ["CMD" | "CMD-SHELL", _, *_]:  # the format of compose files
            test = tuple(file.test)
        case _:
            test = (EXEC_FORM, *file.test)
    times = _given(
        interval=_time(file.interval),
        timeout=_time(file.timeout),
        retries=file.retries,
        start_period=_time(file.start_period),
    )
    return Healthcheck(test=test, **times)


def _image(name: str, file: files.BuildFile | files.RetagFile, place: Place) -> Image:
    if isinstance(file, files.RetagFile):
        return ImageRetag(name=name, source=file.retag, when=_when(file.when), place=place)
    folder = file.build.rstrip("/")
    beside = "Dockerfile" if folder == "." else f"{folder}/Dockerfile"
    return ImageBuild(
        name=name,
        context=folder,
        dockerfile=file.dockerfile or beside,
        target=file.target,
        args=dict(file.args or {}),
        secrets=tuple(file.secrets or ()),
        needs=None if file.needs is None else tuple(file.needs),
        when=_when(file.when),
        place=place,
    )


def _deliveries(
    file: str | delivery_files.DeliveryFile | delivery_files.ReleaseGroupFile, document: Document, path: Path
) -> Iterator[Delivery]:
    """One delivery, or one for each member of a release group."""
    place = document.place(path)
    if isinstance(file, str):
        yield Delivery(formation=file, place=place)
        return
    asked = file.approval
    approval = Approval(by=_texts(asked.by), count=asked.count or 1) if asked else None
    when = _when(file.when)
    if isinstance(file, delivery_files.DeliveryFile):
        yield Delivery(formation=file.formation, approval=approval, when=when, place=place)
        return
    members = [
        delivery_files.MemberFile(formation=formation) if isinstance(formation, str) else formation
        for formation in file.formations
    ]
    release_group = ReleaseGroup(formations=tuple(member.formation for member in members), parallel=file.parallel)
    for index, member in enumerate(members):
        yield Delivery(
            formation=member.formation,
            approval=approval,
            release_group=release_group,
            keep=member.keep,
            when=when,
            place=document.place((*path, "formations", index)),
        )


def _when(file: condition_files.WhenFile | None) -> When:
    if file is None:
        return When()
    status = file.status if isinstance(file, condition_files.StepWhenFile) else None
    return When(
        event=_patterns(file.event),
        branch=_patterns(file.branch),
        ref=_patterns(file.ref),
        paths=_patterns(file.paths),
        **_given(status=tuple(Outcome(name) for name in _texts(status)) or None),
    )


def _patterns(
    written: str | Iterable[str] | condition_files.EventPatterns | condition_files.GlobPatterns | None,
) -> Patterns | None:
    match written:
        case None:
            return None
        case condition_files.EventPatterns() | condition_files.GlobPatterns():
            return Patterns(include=_texts(written.include), exclude=_texts(written.exclude))
        case _:
            return Patterns(include=_texts(written))


def _retry(file: files.RetryFile | None) -> Retry:
    if file is None:
        return Retry()
    return Retry(limit=file.limit, **_given(on=tuple(FailureClass(name) for name in file.on or ()) or None))


def _texts(written: str | Iterable[str] | None) -> tuple[str, ...]:
    """One or several texts, as a tuple."""
    return (written,) if isinstance(written, str) else tuple(written or ())


def _shell(command: str | None) -> tuple[str, ...]:
    return ("sh", "-c", command) if command else ()


def _time(text: str | None) -> timedelta | None:
    return fields.duration(text) if text else None


def _given(**values: Any) -> Mapping[str, Any]:
    """The values that were written; all others keep the model's own default."""
    return {key: value for key, value in values.items() if value is not None}


def _nothing(file: str) -> Finding:
    return Finding(message="the file is empty", place=Place(file=file), hint="`sealane init` writes one to begin with")


def _second(document: documents.Document) -> Finding:
    hint = "one file is one pipeline: take out the line ---"
    return Finding(message="a second document begins here", place=document.place(()), hint=hint)


ADAPTER = Dialect(files=(FILE,), misnamed=(".sealane.yaml", "sealane.yml", "sealane.yaml"), read=read)
