"""From facts to causes, the most causal first. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from sealane.verdicts import model, thresholds
from sealane.verdicts.judgement import Memory, Rules
from sealane.verdicts.messages import causes

TAKING_UP = timedelta(seconds=5)
"""How long a node may take to start an instance, or an old one to end after its grace, before that is reported."""
_USUAL = frozenset({model.FactKind.NODE_NOT_RESPONDING, model.FactKind.OLD_POD_STUCK})
_ORDER = {kind: number for number, kind in enumerate(model.FactKind)}


def diagnose(
    observation: model.Observation, rules: Rules, *, now: datetime, memory: Memory | None = None
) -> tuple[model.Cause, ...]:
    """The causes: decisive ones first, then those whose patience has ended, then those still waited for.

    Within each group the cause that explains others comes first: a container that can't start before one that waits
    for it. Facts are only about the desired version, so trouble of an older one is never listed.
    """
    memory = memory or Memory()
    groups: dict[tuple[model.FactKind, str, str | None], list[model.Fact]] = defaultdict(list)
    for fact in observation.facts:
        if fact.kind in _USUAL and now - fact.since < min(TAKING_UP, thresholds.patience(fact, rules)):
            continue  # every start and every replacement goes through it
        groups[fact.kind, fact.workload, fact.container].append(fact)
    causes = [_cause(facts, rules, now=now, memory=memory, unit=observation.unit) for facts in groups.values()]
    return tuple(cause for _, cause in sorted(causes, key=lambda pair: pair[0]))


_Rank = tuple[bool, bool, int, bool, datetime, str]


def _cause(
    facts: Iterable[model.Fact], rules: Rules, *, now: datetime, memory: Memory, unit: str
) -> tuple[_Rank, model.Cause]:
    """One cause for the same trouble of several instances; it names the first instance whose fact is decisive."""
    facts = sorted(
        facts, key=lambda fact: (not thresholds.weigh(fact, rules, memory).decisive, fact.since, fact.object)
    )
    fact = facts[0]
    weight = thresholds.weigh(fact, rules, memory)
    overdue = weight.due is not None and weight.due <= now
    others = len({fact.object for fact in facts}) - 1
    cause = model.Cause(
        sentence=causes.sentence(fact, terminations=thresholds.terminations(fact, rules), others=others, unit=unit),
        object=fact.object,
        container=fact.container,
        workload=fact.workload,
        reason=fact.kind,
        decisive=weight.decisive,
        since=fact.since,
        others=others,
    )
    ended_well = fact.detail.get("exit_code") == "0"
    return (not weight.decisive, not overdue, _ORDER[fact.kind], ended_well, fact.since, fact.object), cause
