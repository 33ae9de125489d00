"""Objects as a real cluster had them in, the whole judgement out."""

from __future__ import annotations

from datetime import datetime

import msgspec
import pytest

from sealane.verdicts import evaluate, model
from sealane.verdicts.judgement import Judgement
from tests.unit.converge import recordings


@pytest.mark.parametrize("name", recordings.names())
def test_the_whole_judgement_is_as_recorded(name: str) -> None:
    """State, words, times and cause of the judgement, all of it."""
    recording = recordings.load(name)
    now = datetime.fromisoformat(recording["at"])
    judgement = evaluate.judge(recordings.observe(recording), recordings.rules(recording), now=now)
    assert judgement == msgspec.convert(recording["judgement"], Judgement)


@pytest.mark.parametrize("name", recordings.names())
def test_observations_survive_being_stored(name: str) -> None:
    """What a workflow keeps is what it gets back."""
    observation = recordings.observe(recordings.load(name))
    assert msgspec.convert(msgspec.to_builtins(observation), model.Observation) == observation


@pytest.mark.parametrize("name", recordings.names())
def test_an_older_version_is_never_to_blame(name: str) -> None:
    """Pods of another revision are seen and counted as old, and no fact is about them."""
    recording = recordings.load(name)
    for entry in recording["objects"]:
        if entry["kind"] in {"ReplicaSet", "ControllerRevision"}:
            entry["metadata"].get("annotations", {}).clear()
            entry["metadata"].get("labels", {}).clear()
        if entry["kind"] == "StatefulSet":
            entry["status"]["updateRevision"] = "another"
    observation = recordings.observe(recording)
    for instance in observation.instances:
        if not instance.workload.startswith(("Job/", "Pod/", "ReplicaSet/")):
            assert not instance.desired
            assert all(fact.object != instance.object for fact in observation.facts)
    if not any(workload.object.startswith("Job/") for workload in observation.workloads):
        assert all(workload.health is model.Health.CONVERGING for workload in observation.running)
