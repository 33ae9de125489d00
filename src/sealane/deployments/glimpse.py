"""The part of an observation that pages show: its workloads, and some instances of each. Pure."""

from __future__ import annotations

from dataclasses import replace

from sealane.verdicts.model import Instance, Observation

MOST_WORKLOADS = 200
MOST_OF_ONE, MOST_INSTANCES = 20, 500
"""Instances that are kept of each workload, and of all: first those that are not ready."""


def glimpse(observation: Observation) -> Observation:
    """The observation, cut to what people look at and to a bounded size."""
    workloads = observation.workloads[:MOST_WORKLOADS]
    instances = [instance for workload in workloads for instance in _first(observation, workload.object)]
    return replace(observation, workloads=workloads, instances=tuple(instances[:MOST_INSTANCES]), facts=())


def _first(observation: Observation, workload: str) -> list[Instance]:
    own = [instance for instance in observation.instances if instance.workload == workload]
    return sorted(own, key=_rank)[:MOST_OF_ONE]


def _rank(instance: Instance) -> tuple[bool, bool, bool, str]:
    """Trouble first, then those that serve, terminating ones last."""
    return instance.terminating, instance.ready, not instance.desired, instance.object
