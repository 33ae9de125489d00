"""Admission: whether the operators' files allow a revision in its environment now, and who must approve. Pure.

All deployments come through here: a delivery, a promotion, a redeployment, a rollback by hand, automatic or with a
group, scaling, the correction of drift. The check is made when a deployment is requested, and again right before its
first write, because files may have changed while it waited.
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
    """What forbids it, and who must approve first."""

    refusals: tuple[Finding, ...] = ()
    rules: tuple[ApprovalRule, ...] = ()
    """Approvals that are required now and that this content does not have yet."""
    outdated: tuple[Finding, ...] = ()
    """What would be refused if operators did not allow automatic rollbacks to it."""

    @property
    def reason(self) -> str:
        """Why not, in a sentence with how to fix it; empty when it is allowed."""
        return summary(self.refusals)


def summary(findings: Sequence[Finding]) -> str:
    """Findings in one sentence: the first, and how many more there are."""
    if not findings:
        return ""
    more = f", and {len(findings) - 1} more" if len(findings) > 1 else ""
    hint = f" ({findings[0].hint})" if findings[0].hint else ""
    return f"{findings[0].message}{more}{hint}"


@dataclass(frozen=True, kw_only=True, slots=True)
class RevisionSource:
    """How a revision comes: as `formation` and `delivery` of a commit, or stored before; `agreed` rules were met for it.

    `by_hand` is a commit's release that a person deploys without its delivery: the delivery's approvals are required
    all the same, and those that it should have named are asked for instead of refused. `automatic` is a rollback that
    no person asked for: it waits for nobody, because it brings nothing new. (Where it is a plan, it does: see `plan_rules`.)
    """

    formation: Formation | None = None
    delivery: Delivery | None = None
    agreed: tuple[ApprovalRule, ...] = ()
    automatic: bool = False
    by_hand: bool = False


def road(deployment: Deployment) -> RevisionSource:
    """The source of a deployment that was requested. A rollback that people approve is not automatic."""
    automatic = is_automatic(deployment) and not deployment.rules
    return RevisionSource(agreed=(*deployment.rules, *deployment.agreed), automatic=automatic)


def is_automatic(deployment: Deployment) -> bool:
    """Whether it is a rollback that no person asked for."""
    return deployment.kind is DeploymentKind.ROLLBACK and deployment.requested_by is None


def plan_rules(rollback: Deployment, asked: Sequence[ApprovalRule], groups: Sequence[str]) -> tuple[ApprovalRule, ...]:
    """Who approves the plan of a rollback: those who are asked now, and those who were for what it rolls back to.

    Where that is nobody, one of `groups` (`approvers` if there are none), unless a person asked for the rollback.
    """
    former = (*rollback.rules, *rollback.agreed)
    rules = tuple(dict.fromkeys((*lacking(former, asked), *asked)))
    if rules or not is_automatic(rollback):
        return rules
    return (ApprovalRule(by=tuple(groups) or (APPROVERS,), count=1, source="a plan of a rollback"),)


def met(known: Deployment) -> tuple[ApprovalRule, ...]:
    """Rules that people met for a deployment's content: its own, once it began, and those it was created with."""
    asked = known.rules if known.started is not None else ()
    return tuple(dict.fromkeys((*asked, *known.agreed)))


def admit(
    environments: Mapping[str, Environment], revision: Revision, decided: Sequence[Decision], road: RevisionSource
) -> Admission:
    """Whether the revision is allowed from that source. `decided` are the policies' unwaived decisions now."""
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
    """The wanted rules that no agreed rule covers: one for as many people or more, from some or all of its groups."""
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
    """All rules that require approvals: of the operators' file, the delivery, and policies with a sign-off."""
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
