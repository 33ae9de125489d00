"""Turns a pipeline's steps and services into specifications for a runner. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sealane.events.model import Event
from sealane.pipelines.model import Kind, Service, Step
from sealane.runners.model import WORKSPACE, RunContext, ServiceSpec, StepSpec

_IMAGE_WORD = re.compile(r"\$\{image\.([^}]+)\}")


def step(work: RunContext, key: str, step: Step, attempt: int) -> StepSpec:
    """One attempt at a step. `work` must have its secrets and the images it names."""
    return StepSpec(
        key=key,
        image=_image(step.image, work),
        commands=step.commands,
        environment=with_trust(
            {**_given(work), "SEALANE_STEP": step.name, "SEALANE_ATTEMPT": str(attempt), **step.environment}
        ),
        user=step.user,
        secrets={name: work.secrets[name] for name in step.secrets},
        timeout=step.timeout,
        attempt=attempt,
    )


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
    return ServiceSpec(
        name=service.name,
        image=_image(service.image, work),
        command=service.command,
        environment=service.environment,
        secrets={name: work.secrets[name] for name in service.secrets},
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
        for name in getattr(asks, "secrets", ()):
            wanted.setdefault(name, []).append(f"{planned.kind} {planned.name}")
    if has_steps(work):
        for service in work.pipeline.services:
            for name in service.secrets:
                wanted.setdefault(name, []).append(f"service {service.name}")
    return wanted


def has_steps(work: RunContext) -> bool:
    """Whether any step's container will run; services are only for those."""
    return any(planned.kind is Kind.STEP and not planned.skip for planned in work.plan.steps)


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
