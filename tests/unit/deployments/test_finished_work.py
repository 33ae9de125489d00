"""Work that had ended when its revision was verified is not done again: by whichever way that revision comes back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane import clock
from sealane.deployments import drift_check, finished_work, jobs, ledger_entries, ledger_history
from sealane.destinations import model as destinations
from sealane.destinations.dummy import state as states
from sealane.destinations.dummy.destination import DummyDestination
from sealane.destinations.kubernetes import tasks
from sealane.formations.strategy import CanaryStep
from sealane.verdicts import model as verdicts
from sealane.verdicts import rollback_target
from tests.unit.deployments import parts
from tests.unit.deployments.test_deploying_here import deploy


class Bed:
    """A destination, and somebody who removes things there."""

    def __init__(self) -> None:
        self.state = states.State()
        self.destination = DummyDestination(self.state)

    def remove(self, *names: str) -> None:
        """As a Job's own time to live does, or a person; of everything without names."""
        with self.state.write() as content:
            for key in list(content.objects):
                _, kind, _, name = key.split("|")
                if not names or f"{kind}/{name}" in names:
                    del content.objects[key]

    def made(self, name: str) -> int:
        """How often it was made."""
        return [(write.verb, write.object.rpartition("/")[2]) for write in self.destination.journal()].count(
            ("create", name)
        )

    async def history(self) -> ledger_history.History:
        return ledger_entries.read(await self.destination.read_ledger("shop", "dev", namespace="shop"))


@pytest.fixture
def place() -> Bed:
    return Bed()


def job(name: str, **spec: Any) -> Any:
    """A Job that ends well at once."""
    container = {"name": "go", "image": "web:1"}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"template": {"spec": {"containers": [container]}}, **spec},
    }


ONE = parts.revision("one", parts.deployment(), job("load-1"))
TWO = parts.revision("two", parts.deployment(image="web:2"), job("load-2"))
BAD = parts.revision("bad", parts.deployment(image="web:3", behaves=parts.CRASH), job("load-3"))


async def test_an_automatic_rollback_does_no_work_again(place: Bed) -> None:
    """Its Job had removed itself."""
    await deploy(place.destination, ONE)
    place.remove("Job/load-1")
    ended = await deploy(place.destination, BAD)
    assert ended.outcome.verdict.kind == "rolled_back"
    assert (place.made("load-1"), place.made("load-3")) == (1, 1)
    assert "Job load-1" not in parts.names(
        await place.destination.refs(
            [stored.manifest for stored in place.state.read().objects.values()], namespace="shop"
        )
    )


async def test_a_persons_way_back_does_no_work_again(place: Bed) -> None:
    """Its Job had been pruned by the newer revision; and forward again neither is done twice."""
    await deploy(place.destination, ONE)
    await deploy(place.destination, TWO)
    back = await deploy(place.destination, ONE, is_rollback=True)
    assert back.outcome.verdict.kind == "deployed"
    again = await deploy(place.destination, TWO)
    assert again.outcome.verdict.kind == "deployed"
    assert (place.made("load-1"), place.made("load-2")) == (1, 1)
    assert again.record.verdict is not None
    assert again.record.verdict.finished == ("Job/load-2",)


async def test_the_same_revision_and_putting_drift_right_do_no_work_again(place: Bed) -> None:
    """Whatever else is missing is made."""
    one = parts.revision("one", parts.deployment(), job("load-1"), parts.config("stays"))
    await deploy(place.destination, one)
    place.remove("Job/load-1", "Deployment/web")
    report = await drift_check.of(
        one, place.destination, finished=(await place.history()).finished(place.destination, one)
    )
    assert [(drift.object, drift.kind.value) for drift in report.objects] == [("Deployment/web", "gone")]
    await deploy(place.destination, one)
    await deploy(place.destination, one)
    assert (place.made("load-1"), place.made("web")) == (1, 2)


async def test_in_a_place_that_was_made_anew_everything_is_done_again(place: Bed) -> None:
    await deploy(place.destination, ONE)
    place.remove()
    await deploy(place.destination, ONE)
    assert (place.made("load-1"), place.made("web")) == (2, 2)


async def test_work_of_a_revision_that_was_never_good_is_done_again(place: Bed) -> None:
    """What it worked on may have been rolled back with it."""
    await deploy(place.destination, ONE)
    await deploy(place.destination, BAD)
    await deploy(place.destination, BAD)
    assert place.made("load-3") == 2


async def test_stages_do_no_work_again(place: Bed) -> None:
    """The Job has removed itself between two steps of a canary."""
    steps = (CanaryStep(weight=10), CanaryStep(weight=50), CanaryStep(weight=90))
    await deploy(place.destination, parts.revision("one", parts.deployment()))
    apply = place.destination.apply

    async def removing(objects: Any, **more: Any) -> destinations.Applied:
        place.remove("Job/load-2")
        return await apply(objects, **more)

    place.destination.apply = removing  # type: ignore[method-assign]
    two = parts.revision("two", parts.deployment(image="web:2"), job("load-2"), kind="canary", steps=steps)
    ended = await deploy(place.destination, two)
    assert ended.outcome.verdict.kind == "deployed"
    assert place.made("load-2") == 1
    assert ended.outcome.verdict.finished == ("Job/load-2",)


NAMES = st.lists(st.sampled_from(["Job/a", "Job/b", "Pod/c"]), unique=True).map(tuple)
PASTS = st.lists(
    st.builds(
        rollback_target.PastDeployment,
        sequence=st.integers(1, 99),
        revision=st.sampled_from(["one", "two"]),
        verdict=st.sampled_from(verdicts.VerdictKind),
        finished=st.one_of(st.none(), NAMES),
    )
)


@given(pasts=PASTS)
def test_only_good_deployments_of_the_very_revision_tell_what_had_ended(
    pasts: list[rollback_target.PastDeployment],
) -> None:
    good = [past for past in pasts if past.revision == "one" and past.verdict == "deployed"]
    known = {name for deployed in good for name in deployed.finished or ()}
    names = set(
        finished_work.of(DummyDestination(), [job("x"), job("later", suspend=True), parts.config("y")], "one", pasts)
    )
    noted = any(deployed.finished is not None for deployed in good)
    assert names == (known if noted or not good else {"Job/x"})


@given(
    seen=st.lists(
        st.tuples(st.sampled_from(["Job/a", "Pod/b", "Deployment/c"]), st.booleans()), unique_by=lambda p: p[0]
    )
)
def test_what_was_seen_to_end_is_noted_and_nothing_else(seen: Iterable[tuple[str, bool]]) -> None:
    """A pod that runs when its revision is verified is state, which going back restores."""
    workloads = tuple(
        verdicts.Workload(
            object=name,
            health=verdicts.Health.READY,
            desired=1,
            updated=1,
            ready=1,
            old=0,
            ready_since=None,
            message="",
            ended=ended,
        )
        for name, ended in seen
    )
    observation = verdicts.Observation(at=clock.now(), workloads=workloads)
    assert finished_work.ended(observation) == tuple(name for name, ended in seen if ended)


@pytest.mark.parametrize(("own", "kept"), [(None, 604800), (0, 604800), (90, 604800), (700000, 700000)])
def test_a_hooks_job_stays_until_whoever_takes_over_has_seen_it(own: int | None, kept: int) -> None:
    manifest = job("load", **({} if own is None else {"ttlSecondsAfterFinished": own}))
    made = tasks.job(manifest, name="load-1", timeout=timedelta(minutes=1), variables={})
    assert made["spec"]["ttlSecondsAfterFinished"] == kept


async def test_a_hooks_job_that_somebody_suspends_has_not_ended_well(place: Bed) -> None:
    """It is there as it was asked for, but never ran."""
    identity = destinations.Identity(app="shop", formation="dev", namespace="shop", revision="r")
    order = jobs.JobRequest(
        manifest=job("load", suspend=True), key=("k",), identity=identity, timeout=timedelta(minutes=1)
    )
    end = await jobs.run(order, jobs.JobContext(destination=place.destination))
    assert end.cause is not None
    assert end.cause.sentence == f"Job {end.name} is suspended: it runs once somebody resumes it."


async def test_a_suspended_job_is_state(place: Bed) -> None:
    """Nobody has run it yet, so going back makes it again."""
    one = parts.revision("one", parts.deployment(), job("later", suspend=True))
    first = await deploy(place.destination, one)
    assert first.outcome.verdict.finished == ()
    assert first.outcome.verdict.reason.endswith("Job later is suspended: it runs once somebody resumes it.")
    await deploy(place.destination, TWO)
    await deploy(place.destination, one, is_rollback=True)
    assert place.made("later") == 2
