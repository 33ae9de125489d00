"""Checks a revision, new or stored, against the operators' file on this machine."""

from __future__ import annotations

from pathlib import Path

from sealane import clock
from sealane.adapters import SHIPPED
from sealane.approvals import admission
from sealane.approvals.admission import Admission, RevisionSource
from sealane.environments import waivers
from sealane.environments.model import Environment, PolicyChoice
from sealane.environments.waivers import WaivedDecision
from sealane.errors import Refused
from sealane.policies import engines, packs
from sealane.policies.model import Facts
from sealane.stencils.model import Revision


def check(revision: Revision, environment: Environment | None, config: Path, *, yes: bool) -> None:
    """Raises Refused when the revision may not be deployed again now, or a person has to agree and nobody said `yes`."""
    if environment is None:
        return
    admitted = _admit(revision, environment, config, RevisionSource())
    if admitted.refusals:
        raise Refused(f"{environment.name} denies it now: {admitted.reason}")
    if admitted.rules and not yes:
        asked = ", ".join(f"an approval by {' or '.join(rule.by)} ({rule.source})" for rule in admitted.rules)
        hint = "pass --yes if you are authorised; a server asks the people who have to agree"
        raise Refused(f"{environment.name} requires a person to confirm {asked}", hint=hint)


def bars(revision: Revision, environment: Environment, config: Path) -> str:
    """Why a failure may not be rolled back to the revision automatically; empty when it may."""
    return _admit(revision, environment, config, RevisionSource(automatic=True)).reason


def _admit(revision: Revision, environment: Environment, config: Path, road: RevisionSource) -> Admission:
    known = revision.app in environment.apps
    decided = waivers.standing(judged(revision, environment, config)) if known else []
    return admission.admit({environment.name: environment}, revision, decided, road)


def judged(revision: Revision, environment: Environment | None, config: Path) -> list[WaivedDecision]:
    """Decisions of policies with waivers; of the default policies where no operators' file names others."""
    adapters = environment.adapters if environment else SHIPPED
    choice = environment.policies if environment else PolicyChoice()
    known = environment.apps.get(revision.app) if environment else None
    facts = Facts(
        environment=revision.environment,
        production=environment.production if environment else False,
        namespace=revision.namespace,
        app=revision.app,
        formation=revision.formation,
        registries=known.registries if known else (),
    )
    policies = [policy for pack in choice.packs for policy in packs.load(pack, config, adapters)]
    decisions = engines.vet(revision.everything, policies, facts, adapters)
    return waivers.judge(decisions, choice.waivers, app=revision.app, today=clock.now().date())
