"""Limits: checks what a pushed commit asks for against the operators' file. Pure.

A commit is untrusted until this has passed. The current operators' file is compared with the objects as they would be
applied, so effects of stencils, values and strategies are all seen. A commit may only add requirements.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from sealane.configfiles import globs
from sealane.environments import egress_allowlist, manifest_images, patterns
from sealane.environments.model import AppLimits, Environment
from sealane.findings import Finding, Place, did_you_mean
from sealane.formations.model import Formation
from sealane.pipelines.model import Approval, Delivery
from sealane.stencils import platform
from sealane.stencils.model import Rendered, Revision
from sealane.stencils.platform import ClaimKind
from sealane.stencils.rendering import UNBUILT


def check(
    environment: Environment, formation: Formation, revision: Revision | None, delivery: Delivery | None, *, app: str
) -> list[Finding]:
    """Why the app may not do this in the environment: findings with the place in the app's own files.

    Without a revision, only the formation is checked; without a delivery (a deployment by hand), approvals are not.
    """
    limits = environment.apps.get(app)
    if limits is None:
        return [_unlisted(environment, app, formation.at("environment"))]
    case = _Case(environment=environment, limits=limits, app=app)
    findings = [*_formation_problems(case, formation), *(_delivery_problems(case, delivery) if delivery else ())]
    if revision is not None:
        findings.extend(
            finding for rendered in revision.everything for finding in _object_problems(case, rendered, revision)
        )
    return findings


def check_stored(environment: Environment, revision: Revision) -> list[Finding]:
    """Why a stored revision is not allowed now. It has everything that its formation's file asked for."""
    limits = environment.apps.get(revision.app)
    if limits is None:
        return [_unlisted(environment, revision.app, _at(revision))]
    case = _Case(environment=environment, limits=limits, app=revision.app)
    problems = (finding for rendered in revision.everything for finding in _object_problems(case, rendered, revision))
    return [*_formation_problems(case, revision), *problems]


def environment_of(
    formation: Formation, environments: Mapping[str, Environment]
) -> tuple[Environment | None, list[Finding]]:
    """The operators' environment that the formation names."""
    environment = environments.get(formation.environment)
    if environment is None:
        message = f"there is no environment {formation.environment}"
        hint = did_you_mean(formation.environment, environments)
        return None, [Finding(message=message, place=formation.at("environment"), hint=hint)]
    return environment, []


def approvals(limits: AppLimits, delivery: Delivery | None) -> tuple[Approval, ...]:
    """All approvals that a deployment needs, each separately: the operators' and those of the delivery."""
    asked = (limits.approvals, delivery.approval if delivery else None)
    return tuple(dict.fromkeys(approval for approval in asked if approval is not None))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Case:
    environment: Environment
    limits: AppLimits
    app: str

    @property
    def where(self) -> str:
        return f"{self.app} in {self.environment.name}"

    def finding(self, message: str, place: Place, wish: str) -> Finding:
        return Finding(message=message, place=place, hint=_ask(self.environment, wish, self.limits.place))


def _ask(environment: Environment, wish: str, place: Place | None = None) -> str:
    return f"operators can {wish} in {place or environment.place}"


def _unlisted(environment: Environment, app: str, place: Place) -> Finding:
    message = f"{app} may not come to {environment.name}"
    return Finding(message=message, place=place, hint=_ask(environment, "list it under apps:"))


def _at(asking: Formation | Revision, *path: str | int) -> Place:
    """Its place; for a stored revision, only the formation's file is known."""
    if isinstance(asking, Formation):
        return asking.at(*path)
    return Place(file=f"deploy/formations/{asking.formation}.yaml")


def _formation_problems(case: _Case, formation: Formation | Revision) -> list[Finding]:
    findings = []
    environment, limits = case.environment, case.limits
    if formation.destination not in environment.destinations:
        message = f"{environment.name} has no destination {formation.destination}"
        hint = did_you_mean(formation.destination, environment.destinations)
        findings.append(Finding(message=message, place=_at(formation, "destination"), hint=hint))
    if formation.namespace not in limits.namespaces:
        message = f"the namespace {formation.namespace} is not open to {case.where}: {_only(limits.namespaces)}"
        findings.append(case.finding(message, _at(formation, "namespace"), "list it under namespaces:"))
    for name, reference in formation.secrets.items():
        if not patterns.secret_allowed(limits.secrets, reference, environment.adapters):
            message = f"{reference} is not open to {case.where}: {_only(limits.secrets)}"
            findings.append(case.finding(message, _at(formation, "secrets", name), "list it under secrets:"))
    return [*findings, *_asking_problems(case, formation)]


def _asking_problems(case: _Case, formation: Formation | Revision) -> list[Finding]:
    """Findings for addresses that a pushed commit makes the server contact from inside the operators' network."""
    gates = [
        (f"gate {gate.name}", gate.url, gate.references, _at(formation, "strategy", "gates", index))
        for index, gate in enumerate(formation.strategy.gates)
    ]
    problems = [
        (f"annotation {annotation.name}", annotation.url, annotation.keys, _at(formation, "hooks", "annotate", index))
        for index, annotation in enumerate(formation.annotations)
    ]
    findings = []
    for name, url, references, place in (*gates, *problems):
        if url and (problem := egress_allowlist.refused(url, case.environment.gate_hosts)):
            message, hint = f"{name}: {problem}", "list the host under gates: hosts:"
            findings.append(Finding(message=message, place=place, hint=_ask(case.environment, hint)))
        for reference in references.values():
            if not patterns.secret_allowed(case.limits.secrets, reference, case.environment.adapters):
                message = f"{reference} is not open to {case.where}: {_only(case.limits.secrets)}"
                findings.append(case.finding(message, place, "list it under secrets:"))
    return findings


def _delivery_problems(case: _Case, delivery: Delivery) -> list[Finding]:
    """A delivery must ask for at least the environment's approvals; a commit that drops them gets a finding."""
    wanted, asked = case.limits.approvals, delivery.approval
    if wanted is None:
        return []
    needs = f"{case.environment.name} wants the approval of {wanted.count} of {_listed(wanted.by)}"
    hint = f"write approval: {{by: [{', '.join(wanted.by)}], count: {wanted.count}}}, or more"
    if asked is None:
        message = f"{needs}; this delivery asks for none"
    elif asked.count < wanted.count:
        message = f"{needs}; this delivery asks for {asked.count} only"
    elif not set(asked.by) & set(wanted.by):
        message = f"{needs}; this delivery asks {_listed(asked.by)} instead"
    else:
        return []
    return [Finding(message=message, place=delivery.place, hint=hint)]


def _object_problems(case: _Case, rendered: Rendered, revision: Revision) -> list[Finding]:
    place, limits = rendered.origin.place, case.limits
    findings = []
    if rendered.kind in limits.deny_kinds:
        message = f"{rendered}: objects of kind {rendered.kind} are denied to {case.where}"
        findings.append(case.finding(message, place(("kind",)), "take it from deny_kinds:"))
    elif rendered.namespace not in {None, revision.namespace}:
        message = f"{rendered} is for the namespace {rendered.namespace}, the formation for {revision.namespace}"
        findings.append(Finding(message=message, place=place(("metadata", "namespace"))))
    elif rendered.kind == "Namespace" and rendered.name != revision.namespace:
        message = f"{rendered} is not the formation's namespace {revision.namespace}"
        findings.append(Finding(message=message, place=place(("metadata", "name")), hint="write ${namespace}"))
    for claim in platform.of(case.environment.kind_of(revision.destination), case.environment.adapters).claims(
        rendered.object, case.app
    ):
        listed = limits.claims.get(claim.kind, ())
        if not any(globs.matches(pattern, claim.name) for pattern in listed):
            what = "role" if claim.kind is ClaimKind.ROLE else "artifact"
            message = f"{rendered}: the {what} {claim.name} is not open to {case.where}: {_only(listed)}"
            findings.append(case.finding(message, place(claim.path), f"list it under {claim.kind}:"))
    for path, image in manifest_images.images(rendered.object):
        if reason := _image_problem(case, image, revision):
            way = _way_to_list(case.limits.registries, image)
            findings.append(case.finding(f"{rendered}: {reason}", place(path), f"{way} under registries:"))
    return findings


def _image_problem(case: _Case, image: object, revision: Revision) -> str | None:
    if not isinstance(image, str):
        return "the image is no text"
    if revision.release is None and image.endswith(f"@{UNBUILT}"):
        return None  # checked again once it is built
    try:
        allowed = patterns.image_allowed(case.limits.registries, image)
    except ValueError as problem:
        return f"{image} is no image reference: {problem}"
    if allowed:
        return None
    return f"the image {image} is not authorised for {case.where}: {_only(case.limits.registries)}"


def _way_to_list(registries: Iterable[str], image: object) -> str:
    """How operators can allow it; the usual mistake is a star that should cross parts of a path."""
    with suppress(ValueError):
        for deeper in (f"{pattern}*" for pattern in registries if pattern.endswith("/*")):
            if patterns.image_allowed([deeper], str(image)):
                return f"write {deeper}, which crosses parts of a path,"
    return "list its repository"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _only(names: Iterable[str]) -> str:
    listed = _listed(names)
    return f"only {listed}" if listed else "nothing is"
