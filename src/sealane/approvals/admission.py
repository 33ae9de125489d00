"""Admission: whether a revision may be in its environment as the operators' files stand now, and who must agree. Pure.

Every road to a deployment comes through here: a delivery, a promotion, a revision once more, going back by hand, by itself
or with a group, scaling, putting drift right. It is asked when a deployment is asked for, and again right before the first
write, because files may have changed while it waited.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sealane.access.model import APPROVERS
from sealane.environments import limits
from sealane.environments.model import Environment
from sealane.findings import Finding, Place, did_you_mean, errors
from sealane.formations.model import Formation
from sealane.pipelines.model import Delivery
from sealane.policies.model import Decision, Effect
from sealane.records.deployments import ApprovalRule, Deployment, DeploymentKind
from sealane.stencils.model import Revision


@dataclass(frozen=True, kw_only=True, slots=True)
class Admission:
    """What stands in the way, and who must agree first."""

    refusals: tuple[Finding, ...] = ()
    rules: tuple[ApprovalRule, ...] = ()
    """Approvals that are wanted now and that nobody has given to this content yet."""
    outdated: tuple[Finding, ...] = ()
    """What would be refused, did operators not let the environment go back to it by itself."""

    @property
    def reason(self) -> str:
        """Why not, in a sentence with how to fix it; empty when nothing stands in the way."""
        return told(self.refusals)


def told(findings: Sequence[Finding]) -> str:
    """Findings in one sentence: the first, and how many more there are."""
    if not findings:
        return ""
    more = f", and {len(findings) - 1} more" if len(findings) > 1 else ""
    hint = f" ({findings[0].hint})" if findings[0].hint else ""
    return f"{findings[0].message}{more}{hint}"


@dataclass(frozen=True, kw_only=True, slots=True)
class RevisionSource:
    """How a revision comes: as `formation` and `delivery` of a commit, or stored before; `agreed` rules were met for it.

    `by_hand` is a commit's release that a person sends, past its delivery: the approval that this wants is wanted all the
    same, and what it should have asked for, too, is asked for instead of refused. `automatic` is going back that no person
    asked for: it waits for nobody, because it brings nothing that was not there.
    """

    formation: Formation | None = None
    delivery: Delivery | None = None
    agreed: tuple[ApprovalRule, ...] = ()
    automatic: bool = False
    by_hand: bool = False


def road(deployment: Deployment) -> RevisionSource:
    """The road of a deployment that was offered."""
    automatic = deployment.kind is DeploymentKind.ROLLBACK and deployment.requested_by is None
    return RevisionSource(agreed=(*deployment.rules, *deployment.agreed), automatic=automatic)


def met(known: Deployment) -> tuple[ApprovalRule, ...]:
    """Rules that people met for a deployment's content: those it asked for, once it began, and those it came with."""
    asked = known.rules if known.started is not None else ()
    return tuple(dict.fromkeys((*asked, *known.agreed)))


def admit(
    environments: Mapping[str, Environment], revision: Revision, decided: Sequence[Decision], road: RevisionSource
) -> Admission:
    """Whether the revision may come on that road. `decided` is what policies say now and no waiver takes away."""
    environment, refusals = _environment(environments, revision, road)
    if environment is None:
        return Admission(refusals=tuple(refusals))
    refusals += _denials(decided)
    if road.automatic:
        if environment.allow_outdated and revision.destination in environment.destinations:
            return Admission(outdated=tuple(refusals))
        return Admission(refusals=tuple(refusals))
    if refusals:
        return Admission(refusals=tuple(refusals))
    wanted = _wanted(environment, revision.app, road.delivery, decided)
    return Admission(rules=lacking(wanted, road.agreed))


def lacking(wanted: Iterable[ApprovalRule], agreed: Sequence[ApprovalRule]) -> tuple[ApprovalRule, ...]:
    """The rules that are not met by others: by as many people at least, out of the same groups or some of them."""
    return tuple(
        rule for rule in dict.fromkeys(wanted) if not any(_covers(approval_rule, rule) for approval_rule in agreed)
    )


def _covers(given: ApprovalRule, rule: ApprovalRule) -> bool:
    people = given.count >= rule.count and given.unknown_pusher >= rule.unknown_pusher
    return given.source == rule.source and set(given.by) <= set(rule.by) and people


def _environment(
    environments: Mapping[str, Environment], revision: Revision, road: RevisionSource
) -> tuple[Environment | None, list[Finding]]:
    if road.formation is not None:
        environment, findings = limits.environment_of(road.formation, environments)
        if environment is None:
            return None, findings
        delivery = None if road.by_hand else road.delivery
        return environment, errors(limits.check(environment, road.formation, revision, delivery, app=revision.app))
    environment = environments.get(revision.environment)
    if environment is None:
        message = f"there is no environment {revision.environment}"
        place = Place(file=f"deploy/formations/{revision.formation}.yaml")
        return None, [Finding(message=message, place=place, hint=did_you_mean(revision.environment, environments))]
    return environment, errors(limits.check_stored(environment, revision))


def _denials(decided: Iterable[Decision]) -> list[Finding]:
    return [decision.finding for decision in decided if decision.effect is Effect.DENY]


def _wanted(
    environment: Environment, app: str, delivery: Delivery | None, decided: Sequence[Decision]
) -> tuple[ApprovalRule, ...]:
    """Everything that asks for people: the operators' file, the delivery, and policies that want a sign-off."""
    allowed = environment.apps[app]
    rules = [
        ApprovalRule(
            by=tuple(approval.by), count=approval.count, source="approval", unknown_pusher=approval.unknown_pusher
        )
        for approval in limits.approvals(allowed, delivery)
    ]
    signing = tuple(allowed.approvals.by) if allowed.approvals else (APPROVERS,)
    names = sorted({decision.policy for decision in decided if decision.effect is Effect.SIGN_OFF})
    if names:
        rules.append(ApprovalRule(by=signing, count=1, source=f"sign-off of {', '.join(names)}"))
    return tuple(dict.fromkeys(rules))
