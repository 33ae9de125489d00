"""Calling deployments off in each of their states, on each database."""

from __future__ import annotations

import pytest

from sealane.errors import Conflicting, NotThere
from sealane.records.deployments import DeploymentState
from sealane.store.all_stores import Store
from sealane.store.deployments import Line
from sealane.verdicts.model import Observation, VerdictKind

from .samples import NOON, deployment, release, revision


async def at(store: Store, state: DeploymentState) -> str:
    """A deployment in that state."""
    await store.releases.add(release(1), sequence=1, run_id=None)
    made = await store.deployments.offer(deployment(1, 1, release_id="rel-1"), revision("v1"))
    if state is not DeploymentState.WAITING:
        await store.deployment_queue.open(made.id, revision_id=made.revision_id, at=NOON)
    if state is DeploymentState.ROLLING_OUT:
        await store.deployment_queue.begin(made.id, at=NOON)
    return made.id


@pytest.mark.parametrize("state", [DeploymentState.WAITING, DeploymentState.QUEUED, DeploymentState.ROLLING_OUT])
async def test_what_has_not_begun_ends_and_what_rolls_out_is_asked_to_stop(
    store: Store, state: DeploymentState
) -> None:
    """Once; nothing begins it afterwards, the audit says who did it, and nobody can do it again."""
    subject = await at(store, state)

    off = await store.cancellations.cancel(subject, by="eve", at=NOON)

    assert (off.cancelled_by, await store.cancellations.of(subject)) == ("eve", "eve")
    begun = await store.deployment_queue.begin(subject, at=NOON)
    if state is DeploymentState.ROLLING_OUT:
        assert begun.state is state
    else:
        assert (begun.verdict_kind, begun.started) == (VerdictKind.CANCELLED, None)
        assert (await store.views.overview())[0].hold is None
    (entry, *_) = await store.audit.last(5)
    assert (entry.actor, entry.kind, entry.about) == ("eve", "deployment.cancel_requested", "shop/production")
    with pytest.raises(Conflicting):
        await store.cancellations.cancel(subject, by="bob", at=NOON)


async def test_what_goes_back_already_and_what_never_was_can_not_be_called_off(store: Store) -> None:
    """The one says so, the other is not there."""
    subject = await at(store, DeploymentState.ROLLING_OUT)
    line = Line(key="revert", phase="revert", text="going back")
    await store.deployments.tell(subject, at=NOON, line=line)
    with pytest.raises(Conflicting, match="being rolled back already"):
        await store.cancellations.cancel(subject, by="eve", at=NOON)
    with pytest.raises(NotThere):
        await store.cancellations.cancel("d-9", by="eve", at=NOON)


async def test_the_newest_observation_is_what_is_shown(store: Store) -> None:
    """Nothing at first; each takes the place of the one before."""
    subject = await at(store, DeploymentState.ROLLING_OUT)
    assert (await store.views.progress(subject)).observation is None
    for minute in (1, 2):
        await store.observations.keep(subject, Observation(at=NOON.replace(minute=minute)))
    assert (await store.views.progress(subject)).observation == Observation(at=NOON.replace(minute=2))
    assert (await store.views.deployment(subject)).observation == Observation(at=NOON.replace(minute=2))
