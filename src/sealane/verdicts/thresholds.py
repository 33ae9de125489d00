"""Which facts are decisive, and how long the others are waited for: the table of `docs/verdicts.md`. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sealane.verdicts import model, sightings
from sealane.verdicts.judgement import ANY_KEY, BY_CONTROLLER, Memory, Rules

ENDS = 2
"""A container's second end in one deployment is decisive: one restart is not."""
INIT_ENDS = 3
"""An init container has used up its backoff at its third end: started again at once, then after a pause."""
NEWBORN = timedelta(seconds=30)
"""Instances made this shortly before the deployment count as its own: clocks differ, and times are whole seconds."""

NODE = timedelta(seconds=20)
"""The least patience with a node: a busy one may take that long to start an instance."""

LAG = timedelta(seconds=5)
"""How long objects of different kinds may seem to contradict each other, since they are seen at different moments."""

EVENT = timedelta(seconds=15)
"""How late the event may come that names the probe which killed a container: a kubelet sends its events one after the other."""

LEAST_PROOF = timedelta(seconds=10)
"""The shortest proof: a busy node says for some seconds that a container runs although it has ended again."""

_AT_ONCE = frozenset(
    {
        model.FactKind.REFUSED,
        model.FactKind.IMAGE_INVALID,
        model.FactKind.IMAGE_MISSING,
        model.FactKind.IMAGE_DENIED,
        model.FactKind.CANNOT_START,
        model.FactKind.JOB_FAILED,
        model.FactKind.JOB_TIMED_OUT,
        model.FactKind.EVICTED,
        model.FactKind.RESOURCE_FAILED,
        model.FactKind.SUPERSEDED,
        model.FactKind.UNPROVEN,
    }
)
_UNTIL_THE_DEADLINE = frozenset(
    {
        model.FactKind.STARTING,
        model.FactKind.RESOURCE_PENDING,
        model.FactKind.ADDRESS_PENDING,
        model.FactKind.UNDER_WAY,
    }
)
"""Made by others: nobody knows how long a controller takes for a database, a certificate or a load balancer."""
_STANDING_STILL = frozenset({model.FactKind.PAUSED, model.FactKind.REPLACED_BY_HAND})
"""Only a person can change it, so waiting does not help."""
_BY_ENDS = {
    model.FactKind.BAD_COMMAND: ENDS,
    model.FactKind.OUT_OF_MEMORY: ENDS,
    model.FactKind.ENDED: ENDS,
    model.FactKind.KILLED_BY_PROBE: ENDS,
    model.FactKind.INIT_ENDED: INIT_ENDS,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Threshold:
    """When a fact is decisive: now, at `due`, or only at the deadline."""

    decisive: bool = False
    due: datetime | None = None


DECISIVE = Threshold(decisive=True)
TOLERATED = Threshold()


def weigh(fact: model.Fact, rules: Rules, memory: Memory) -> Threshold:
    """The table: the threshold of a fact about an instance of the desired version."""
    patient = Threshold(due=max(fact.since, rules.started) + patience(fact, rules) + memory.blind)
    if fact.kind in _AT_ONCE:
        return DECISIVE
    if fact.kind in _BY_ENDS:
        return _ended(fact, rules, memory)
    if fact.kind in _UNTIL_THE_DEADLINE or fact.detail.get("may_come"):
        return TOLERATED
    if fact.kind is model.FactKind.QUOTA:
        return patient if fact.detail.get("freeable") else DECISIVE
    if fact.kind is model.FactKind.REFERENCE_MISSING:
        return _missing(fact, rules, patient)
    return patient


def patience(fact: model.Fact, rules: Rules) -> timedelta:
    """How long a fact of this kind is waited for."""
    if fact.kind is model.FactKind.NODE_NOT_RESPONDING:
        return max(rules.patience, NODE)
    if fact.kind in _STANDING_STILL and not fact.detail.get("begun"):
        return LAG
    return rules.patience


def _ended(fact: model.Fact, rules: Rules, memory: Memory) -> Threshold:
    """The threshold of an end. Where a probe may have caused it, the probe's event is waited for: it says why.

    The wait counts from when the end was seen: a node that tells the end late tells the event late, too.
    """
    if terminations(fact, rules) < _BY_ENDS[fact.kind]:
        return TOLERATED
    return Threshold(due=sightings.ended(fact, memory) + EVENT) if fact.detail.get("perhaps_by_probe") else DECISIVE


def proof(fact: model.Fact, rules: Rules) -> timedelta:
    """How long a container that ended in this deployment has to run: longer than before its end, within patience.

    It has to be so much longer that a next end after the same time would have been reported by then, also by a busy node.
    A few seconds of ready prove nothing for a container that ended after a minute. Init containers end by themselves.
    """
    if fact.kind not in _BY_ENDS or fact.kind is model.FactKind.INIT_ENDED or not terminations(fact, rules):
        return timedelta()
    ran = fact.last - fact.run if fact.run and fact.last else timedelta()
    return min(max(ran + min(ran / 2, LAG), LEAST_PROOF), rules.patience)


def run_before(fact: model.Fact) -> timedelta | None:
    """How long a container ran before its last end; None where the fact is not about such an end."""
    if fact.kind is model.FactKind.INIT_ENDED or fact.last is None:
        return None
    return fact.last - fact.run if fact.run else timedelta()


def _missing(fact: model.Fact, rules: Rules, patient: Threshold) -> Threshold:
    """The threshold of a missing object. The revision may make it soon; a controller may take any time."""
    if not will_be_made(fact, rules):
        return DECISIVE
    by_controller = rules.made.get(fact.detail.get("reference", "")) == (BY_CONTROLLER,)
    return TOLERATED if by_controller else patient


def terminations(fact: model.Fact, rules: Rules) -> int:
    """How many ends of a container belong to this deployment, its earlier stages included.

    All do for an instance that the deployment made. For an older instance the last end does if it came after the start,
    and so does the one before it if the ended run began after the start.
    """
    if fact.created is None or fact.created >= rules.begun - NEWBORN:
        return fact.times
    started = rules.begun.replace(microsecond=0)
    if fact.last is None or fact.last < started:
        return 0
    return min(2, fact.times) if fact.run and fact.run >= started else 1


def will_be_made(fact: model.Fact, rules: Rules) -> bool:
    """Whether somebody will make what is missing: the revision, or something that the destination says to wait for."""
    if fact.detail.get("awaited"):
        return True
    keys = rules.made.get(fact.detail.get("reference", ""))
    if keys is None:
        return False
    key = fact.detail.get("key")
    return key is None or key in keys or not {ANY_KEY, BY_CONTROLLER}.isdisjoint(keys)
