"""Turns a pipeline's steps and services into specifications for a runner. Pure."""

from __future__ import annotations

import base64
import json
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from sealane.errors import UsageError
from sealane.events.model import Event
from sealane.pipelines import variable_expansion
from sealane.pipelines.checks import containers
from sealane.pipelines.model import Image, Kind, Service, Step
from sealane.runners import ci_variables
from sealane.runners.model import WORKSPACE, RunContext, ServiceSpec, StepSpec

_STANDS_IN = "from_secret"
"""The key of a mapping that stands for a secret in a structure."""
_LATER = dict.fromkeys(("CI_WORKSPACE", "DRONE_WORKSPACE", "CI_PIPELINE_STATUS", "DRONE_BUILD_STATUS"), "")
"""Variables that are not known when images are checked; no image may depend on them."""
_IMAGE_WORD = re.compile(r"\$\{image\.([^}]+)\}")


def step(work: RunContext, key: str, step: Step, attempt: int) -> StepSpec:
    """One attempt at a step. `work` must have its secrets and the images it names."""
    ci = ci_variables.of(work, step) if work.pipeline.variables else {}
    expand = _expand(ci)
    commands = tuple(map(expand, step.commands))
    if step.entrypoint and commands:
        ci["CI_SCRIPT"] = base64.b64encode("\n".join(commands).encode()).decode()
    return StepSpec(
        key=key,
        image=_image(image(work, step), work),
        commands=() if step.entrypoint else commands,
        entrypoint=tuple(map(expand, step.entrypoint)),
        environment=with_trust(
            {
                **_given(work),
                **ci,
                "SEALANE_STEP": step.name,
                "SEALANE_ATTEMPT": str(attempt),
                **{name: expand(value) for name, value in step.environment.items()},
                **_structures(work, step, expand, secret=False),
            }
        ),
        workdir=posixpath.join(work.workspace.workdir, expand(step.directory)) if step.directory else None,
        user=step.user,
        secrets={**_secrets(work, step), **_structures(work, step, expand, secret=True)},
        timeout=step.timeout,
        attempt=attempt,
    )


def _expand(variables: Mapping[str, str]) -> Callable[[str], str]:
    """What replaces `${NAME}` in a part's texts: nothing, where its file knows no such words."""
    return variable_expansion.expander(variables) if variables else str


def too_large(work: RunContext, part: Step | Service) -> str | None:
    """Why a container can't be given the part's texts, once `${NAME}` is replaced in them; None if it can."""
    if not work.pipeline.variables:
        return None
    expand = _expand(ci_variables.of(work, part))
    commands = (*part.commands, *part.entrypoint, part.directory or "") if isinstance(part, Step) else part.command
    try:
        for text in commands:
            expand(text)
        values = {name: expand(value) for name, value in {**part.environment, **part.structures}.items()}
    except UsageError as error:
        return str(error)
    sizes = {name: len(f"{name}={value}".encode()) for name, value in values.items()}
    name = max(sizes, key=sizes.__getitem__, default="")
    if name and sizes[name] > containers.MOST_IN_ONE:
        return f"{name} has {sizes[name]:,} bytes; a program can be given {containers.MOST_IN_ONE:,} in one variable"
    return None


def image(work: RunContext, part: Step | Service) -> str:
    """The image of a step or service, which may still be `${image.NAME}`; the same whenever it is asked for.

    Whether the app may use it is checked before the run has a workspace, so nothing of that may be in it, and nothing of
    what happens later.
    """
    if not work.pipeline.variables:
        return part.image
    variables = ci_variables.of(replace(work, failed=()), part)
    return variable_expansion.expanded(part.image, {**variables, **_LATER})


def with_trust(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment, with a setting that lets git work in folders of other users, such as the workspace.

    Git reads it from there since 2.38; it comes after settings that the step itself passes in this way.
    """
    count = environment.get("GIT_CONFIG_COUNT", "0")
    if not count.isdigit():
        return dict(environment)
    trust = {f"GIT_CONFIG_KEY_{count}": "safe.directory", f"GIT_CONFIG_VALUE_{count}": "*"}
    return {**environment, "GIT_CONFIG_COUNT": str(int(count) + 1), **trust}


def service(work: RunContext, service: Service) -> ServiceSpec:
    """A service. `work` must have its secrets."""
    expand = _expand(ci_variables.of(work, service) if work.pipeline.variables else {})
    return ServiceSpec(
        name=service.name,
        host=service.name.removeprefix(f"{service.workflow}.") if service.workflow else "",
        image=_image(image(work, service), work),
        command=tuple(map(expand, service.command)),
        environment={
            **{name: expand(value) for name, value in service.environment.items()},
            **_structures(work, service, expand, secret=False),
        },
        secrets={**_secrets(work, service), **_structures(work, service, expand, secret=True)},
        healthcheck=service.healthcheck,
        ready_within=service.ready_within,
    )


def wanted_secrets(work: RunContext) -> dict[str, list[str]]:
    """Names of the secrets that this run needs, each with what asks for it: "step test", "image web"."""
    wanted: dict[str, list[str]] = {}
    for planned in work.plan.steps:
        if planned.skip or planned.kind not in {Kind.STEP, Kind.IMAGE}:
            continue
        asks = work.pipeline.step(planned.name) if planned.kind is Kind.STEP else work.pipeline.image(planned.name)
        for name in _names(asks):
            wanted.setdefault(name, []).append(f"{planned.kind} {planned.name}")
    for service in services(work):
        for name in _names(service):
            wanted.setdefault(name, []).append(f"service {service.name}")
    return wanted


def _names(part: Step | Service | Image) -> tuple[str, ...]:
    """The secrets that a part asks for, each once."""
    more: list[str] = []
    if isinstance(part, Step | Service):
        more += part.secret_variables.values()
        more += [name for text in part.structures.values() for name in _secrets_in(json.loads(text))]
    return tuple(dict.fromkeys((*getattr(part, "secrets", ()), *more)))


def _secrets(work: RunContext, part: Step | Service) -> dict[str, str]:
    """The values of a container's secrets, by variable."""
    variables = {**{name: name for name in part.secrets}, **part.secret_variables}
    return {variable: work.secrets[name] for variable, name in variables.items()}


def _structures(
    work: RunContext, part: Step | Service, expand: Callable[[str], str], *, secret: bool
) -> dict[str, str]:
    """The variables that hold JSON: those with secrets in it, or those without."""

    def filled(value: Any) -> Any:
        if isinstance(value, dict) and _STANDS_IN in value:
            return work.secrets[value[_STANDS_IN]]
        if isinstance(value, dict):
            return {key: filled(item) for key, item in value.items()}
        if isinstance(value, list):
            return [filled(item) for item in value]
        return expand(value) if isinstance(value, str) else value

    read = {variable: json.loads(text) for variable, text in part.structures.items()}
    return {
        variable: json.dumps(filled(value), separators=(",", ":"), ensure_ascii=False)
        for variable, value in read.items()
        if secret is any(_secrets_in(value))
    }


def _secrets_in(value: Any) -> Iterator[str]:
    """The names of secrets in plain data."""
    if isinstance(value, dict) and _STANDS_IN in value:
        yield value[_STANDS_IN]
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _secrets_in(item)


def services(work: RunContext) -> tuple[Service, ...]:
    """The services that will be started: those beside a step whose container will run."""
    going = {planned.workflow for planned in work.plan.steps if planned.kind is Kind.STEP and not planned.skip}
    return tuple(service for service in work.pipeline.services if service.workflow in going)


def _image(image: str, work: RunContext) -> str:
    return _IMAGE_WORD.sub(lambda word: work.images[word.group(1)], image)


def _given(work: RunContext) -> dict[str, str]:
    """Variables about the run for every step; unknown ones are left out."""
    event: Event = work.event
    given = {
        "CI": "true",
        "SEALANE": "true",
        "SEALANE_RUN": work.run.value,
        "SEALANE_APP": work.pipeline.app,
        "SEALANE_EVENT": event.kind.value,
        "SEALANE_COMMIT": event.commit,
        "SEALANE_BRANCH": event.branch,
        "SEALANE_REF": event.ref,
        "SEALANE_AUTHOR": event.author,
        "SEALANE_REPOSITORY": event.repository,
        "SEALANE_DEPLOY_TAG": work.deploy_tag,
        "SEALANE_WORKSPACE": WORKSPACE,
    }
    return {name: value for name, value in given.items() if value}
