"""Reads environments: text to values and findings. Pure: takes text, knows nothing about files on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import partial
from pathlib import PurePosixPath

from sealane.adapters import SHIPPED, Adapters
from sealane.configfiles import globs, single_document, variants
from sealane.configfiles.documents import Document, Path
from sealane.environments import calendars, files, patterns
from sealane.environments.model import (
    AppLimits,
    DestinationConfig,
    DestinationShape,
    Environment,
    ObservedPlace,
    PolicyChoice,
    Waiver,
)
from sealane.findings import Finding, Place, did_you_mean
from sealane.pipelines.model import Approval
from sealane.stencils import platform
from sealane.stencils.platform import ClaimKind

_ELSEWHERE = {"name": "environment", "clusters": "destinations", "approval": "approvals", "namespace": "namespaces"}


def read(text: str, file: str, adapters: Adapters = SHIPPED) -> tuple[Environment | None, list[Finding]]:
    """The environment in the file's text, or everything that is wrong with it."""
    shape, hint = files.environment_file(adapters), "an environment's file is one document"
    content, findings = single_document.read(
        text, file, shape, partial(_problems, adapters=adapters), elsewhere=_ELSEWHERE, hint=hint
    )
    return (_environment(*content, adapters) if content else None), findings


def _environment(written: files.EnvironmentFile, document: Document, adapters: Adapters) -> Environment:
    policies = written.policies or files.PoliciesFile()
    destinations = {
        name: _destination(name, destination, adapters, document.key_place(("destinations", name)))
        for name, destination in written.destinations.items()
    }
    denied = _denied(destinations, adapters)
    return Environment(
        name=written.environment,
        production=written.production,
        destinations=destinations,
        apps={
            name: _limits(app, denied, document.key_place(("apps", name))) for name, app in (written.apps or {}).items()
        },
        policies=PolicyChoice(
            packs=PolicyChoice().packs if policies.packs is None else tuple(policies.packs),
            waivers=tuple(
                Waiver(policy=waiver.policy, app=waiver.app, reason=waiver.reason, until=_day(waiver.until))
                for waiver in policies.waivers or ()
            ),
        ),
        delete_budget=written.delete_budget,
        gate_hosts=tuple((written.gates.hosts if written.gates else None) or ()),
        windows=calendars.windows(written.windows, document),
        fixes_drift=written.drift == "fix",
        allow_outdated=written.rollback.allow_outdated if written.rollback else False,
        observed=tuple(
            ObservedPlace(
                environment=written.environment,
                app=observed_file.app,
                formation=observed_file.formation or written.environment,
                destination=observed_file.destination,
                namespace=observed_file.namespace,
                owner=observed_file.owner or "",
            )
            for observed_file in written.observed or ()
        ),
        place=document.place(()),
        adapters=adapters,
    )


def _destination(name: str, written: files.DestinationFile, adapters: Adapters, place: Place) -> DestinationConfig:
    kind = variants.key_of(written, adapters.destinations.keys)
    return DestinationConfig(name=name, kind=kind, written=getattr(written, kind), place=place)


def _denied(destinations: Mapping[str, DestinationConfig], adapters: Adapters) -> tuple[str, ...]:
    """The default kinds that an app may not have: those without a namespace."""
    platforms = [
        platform.of(kind, adapters) for kind in sorted({destination.kind for destination in destinations.values()})
    ]
    return tuple(sorted({kind for platform in platforms for _, kind in platform.of_no_namespace(())}))


def _limits(written: files.AppFile, denied: tuple[str, ...], place: Place) -> AppLimits:
    return AppLimits(
        namespaces=tuple(written.namespaces),
        secrets=tuple(written.secrets or ()),
        registries=tuple(written.registries or ()),
        claims={ClaimKind.ARTIFACT: tuple(written.artifacts or ()), ClaimKind.ROLE: tuple(written.roles or ())},
        approvals=_approval(written.approvals) if written.approvals else None,
        deny_kinds=denied if written.deny_kinds is None else tuple(written.deny_kinds),
        place=place,
    )


def _approval(written: files.ApprovalsFile) -> Approval:
    return Approval(by=_groups(written.by), count=written.count or 1, unknown_pusher=written.unknown_pusher)


def _groups(by: str | list[str]) -> tuple[str, ...]:
    return (by,) if isinstance(by, str) else tuple(by)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _problems(written: files.EnvironmentFile, document: Document, adapters: Adapters) -> list[Finding]:
    """Problems that the shape can't express."""
    findings = []
    stem = PurePosixPath(document.file).stem
    if stem != written.environment:
        message = f"the file is called {stem} and the environment {written.environment}"
        place = document.place(("environment",))
        findings.append(Finding(message=message, place=place, hint="call both the same"))
    for name, destination in written.destinations.items():
        kind = variants.key_of(destination, adapters.destinations.keys)
        shape = adapters.destinations.get(kind, DestinationShape)
        findings.extend(shape.problems(getattr(destination, kind), document, ("destinations", name, kind)))
    for name, app in (written.apps or {}).items():
        path: Path = ("apps", name)
        findings.extend(_pattern_problems(app.secrets, patterns.secret_problem, document, (*path, "secrets")))
        findings.extend(_pattern_problems(app.registries, patterns.registry_problem, document, (*path, "registries")))
        findings.extend(_pattern_problems(app.artifacts, globs.problem, document, (*path, "artifacts")))
        findings.extend(_pattern_problems(app.roles, globs.problem, document, (*path, "roles")))
    for index, waiver in enumerate((written.policies or files.PoliciesFile()).waivers or ()):
        try:
            _day(waiver.until)
        except ValueError:
            place = document.place(("policies", "waivers", index, "until"))
            findings.append(Finding(message=f"there is no day {waiver.until}", place=place))
    findings.extend(calendars.problems(written.windows, document))
    findings.extend(_observed_problems(written, document))
    return findings


def _observed_problems(written: files.EnvironmentFile, document: Document) -> Iterator[Finding]:
    seen: set[tuple[str, str]] = set()
    for index, observed in enumerate(written.observed or ()):
        if observed.destination not in written.destinations:
            hint = did_you_mean(observed.destination, written.destinations)
            place = document.place(("observed", index, "destination"))
            yield Finding(message=f"there is no destination {observed.destination}", place=place, hint=hint)
        name = (observed.app, observed.formation or written.environment)
        if name in seen:
            message = f"{'/'.join(name)} is there twice"
            yield Finding(message=message, place=document.place(("observed", index)), hint="give it a formation")
        seen.add(name)


def _pattern_problems(
    listed: list[str] | None, problem: Callable[[str], str | None], document: Document, path: Path
) -> list[Finding]:
    return [
        Finding(message=f"{pattern} is not valid: {reason}", place=document.place((*path, index)))
        for index, pattern in enumerate(listed or ())
        if (reason := problem(pattern))
    ]
