"""What is kept of an observation for whoever follows: its workloads, and some instances that are not ready. Pure."""

from __future__ import annotations

from dataclasses import replace

from sealane.verdicts.model import Health, Instance, Observation

MOST_WORKLOADS = 200
MOST_UNREADY = 5
"""Instances that are kept of each workload: the others have the same trouble."""


def glimpse(observation: Observation) -> Observation:
    """The observation, cut to what people look at and to a bounded size."""
    workloads = observation.workloads[:MOST_WORKLOADS]
    behind = [workload.object for workload in workloads if workload.health is not Health.READY]
    unready = tuple(instance for name in behind for instance in _unready(observation, name)[:MOST_UNREADY])
    return replace(observation, workloads=workloads, instances=unready, facts=())


def _unready(observation: Observation, workload: str) -> list[Instance]:
    return [
        instance
        for instance in observation.instances
        if instance.workload == workload and instance.desired and not instance.ready and not instance.terminating
    ]
