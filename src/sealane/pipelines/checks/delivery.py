"""Deliveries: each formation once, possible approvals, events that may deliver. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from sealane.findings import Finding, did_you_mean
from sealane.pipelines.checks import conditions
from sealane.pipelines.model import Pipeline
from sealane.pipelines.partial import DeliveryPart, Draft

UNDELIVERED = {"pull_request": "what strangers propose goes nowhere", "rollback": "it has its own way, back"}


def check(draft: Draft) -> Iterator[Finding]:
    """Formations named twice, groups named twice, events that never deliver."""
    first: dict[str, DeliveryPart] = {}
    for part in draft.deliver:
        known = first.setdefault(part.name, part)
        if known is not part:
            line = draft.place(known.named_at).line
            message = f"{part.name} is delivered to in line {line} already"
            yield draft.finding(part.named_at, message, "keep one of them")
        yield from _approval(draft, part)
        yield from _events(draft, part)


def _approval(draft: Draft, part: DeliveryPart) -> Iterator[Finding]:
    approval = part.file.approval
    groups = approval.by if approval else []
    if isinstance(groups, str):
        return
    for index, group in enumerate(groups):
        if group in groups[:index]:
            where = (*part.path, "approval", "by", index)
            yield draft.finding(where, f"{group} is named twice", "ask for more people with count: 2")


def _events(draft: Draft, part: DeliveryPart) -> Iterator[Finding]:
    events = part.file.when.event if part.file.when else None
    wanted, _ = conditions.wanted_events(events)
    for event in sorted((wanted or set()) & set(UNDELIVERED)):
        where = (*part.path, "when", "event")
        yield draft.finding(where, f"a {event.replace('_', ' ')} is never delivered", UNDELIVERED[event])


def unknown_formations(pipeline: Pipeline, formations: Collection[str]) -> list[Finding]:
    """Findings for deliveries to formations that have no file; for a folder with known formations."""
    return [
        Finding(
            message=f"no formation is called {delivery.formation}",
            place=delivery.place,
            hint=did_you_mean(delivery.formation, formations)
            if formations
            else f"describe it in deploy/formations/{delivery.formation}.yaml",
        )
        for delivery in pipeline.deliver
        if delivery.formation not in formations
    ]


def impossible_approvals(pipeline: Pipeline, groups: Mapping[str, Collection[str]]) -> list[Finding]:
    """Approvals by an unknown group, or by more people than all their groups have together."""
    findings = []
    for delivery in pipeline.deliver:
        approval = delivery.approval
        if approval is None:
            continue
        unknown = [group for group in approval.by if group not in groups]
        for group in unknown:
            message = f"{delivery.formation} asks the group {group}, which doesn't exist"
            findings.append(Finding(message=message, place=delivery.place, hint=did_you_mean(group, groups)))
        people = {person for group in approval.by for person in groups.get(group, ())}
        if not unknown and len(people) < approval.count:
            who = " and ".join(approval.by)
            message = f"{delivery.formation} asks for {approval.count} people of {who}, who have {len(people)}"
            hint = "lower count, or ask an administrator to add people"
            findings.append(Finding(message=message, place=delivery.place, hint=hint))
    return findings
