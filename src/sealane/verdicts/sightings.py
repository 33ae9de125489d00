"""When each piece of news about an instance was first seen, and how late that was. Pure.

A destination under load tells late: a kubelet on a busy node writes seconds later that a container became ready, or that it
ended. Ready that was told late proves nothing for the time before, and the end of such a container is told as late.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from sealane.verdicts import model
from sealane.verdicts.judgement import Memory, News, Rules

RESOLUTION = timedelta(seconds=1)
"""A cluster truncates times to whole seconds: what it says is ready since :07 may be ready since :07.9."""
LATEST = timedelta(seconds=10)
"""The most lateness that counts: a watcher that took over can't know when the news came, nor can one whose clock is ahead."""


def noted(before: Memory, observation: model.Observation) -> Mapping[News, datetime]:
    """When each piece of the observation's news was first seen; what is no longer told is forgotten."""
    if observation.blind_since:
        return before.first_seen
    return {news: before.first_seen.get(news, observation.at) for news in _told(observation)}


def late(instance: model.Instance, rules: Rules, memory: Memory) -> timedelta:
    """How late the instance was told to be ready: at most LATEST, and nothing if it was ready before the rollout."""
    first = memory.first_seen.get(_ready(instance))
    since = instance.ready_since
    if first is None or since is None or since < rules.started.replace(microsecond=0):
        return timedelta()
    return min(max(first - since - RESOLUTION, timedelta()), LATEST)


def ended(fact: model.Fact, memory: Memory) -> datetime:
    """When the end of the fact's container was first seen; when it happened if nobody noted it."""
    return max(fact.since, memory.first_seen.get(_end(fact), fact.since))


def _told(observation: model.Observation) -> Iterator[News]:
    yield from (_ready(instance) for instance in observation.instances if instance.ready)
    yield from (_end(fact) for fact in observation.facts if fact.last is not None)


def _ready(instance: model.Instance) -> News:
    return instance.object, "ready", str(instance.ready_since)


def _end(fact: model.Fact) -> News:
    return fact.object, fact.container or "", str(fact.times)
