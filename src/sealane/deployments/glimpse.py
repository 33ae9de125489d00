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
    behind = [each.object for each in workloads if each.health is not Health.READY]
    unready = tuple(instance for name in behind for instance in _unready(observation, name)[:MOST_UNREADY])
    return replace(observation, workloads=workloads, instances=unready, facts=())


def _unready(observation: Observation, workload: str) -> list[Instance]:
    return [
        each
        for each in observation.instances
        if each.workload == workload and each.desired and not each.ready and not each.terminating
    ]
