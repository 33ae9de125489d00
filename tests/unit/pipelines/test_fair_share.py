"""Slots are shared: no app waits behind another that has more, and none is left free that somebody may have."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.pipelines.fair_share import Queued, Slots, next_runs, share

APPS = st.sampled_from(["ant", "bee", "cat", "dog"])
QUEUES = st.lists(APPS, max_size=40).map(
    lambda apps: tuple(Queued(run=f"r-{number}", app=app) for number, app in enumerate(apps))
)
RUNNING = st.dictionaries(APPS, st.integers(0, 6))


@given(QUEUES, RUNNING, st.integers(0, 12), st.integers(1, 12))
def test_a_free_slot_goes_to_who_has_least(queue, running, all_slots, per_app):
    """After each choice: of all that waited and might begin, none had less than the one that was chosen."""
    chosen = next_runs(queue, running, Slots(all=all_slots, per_app=per_app))
    app_of = {queued.run: queued.app for queued in queue}
    held, left = Counter(running), list(queue)
    for run in chosen:
        app = app_of[run]
        assert held[app] < per_app
        assert all(held[app] <= held[queued.app] for queued in left if held[queued.app] < per_app)
        assert run == next(queued.run for queued in left if queued.app == app), "an app's own runs keep their order"
        held[app] += 1
        left = [queued for queued in left if queued.run != run]
    assert len(chosen) <= max(0, all_slots - sum(running.values()))


@given(QUEUES, RUNNING, st.integers(0, 12), st.integers(1, 12))
def test_no_slot_stays_free_that_somebody_may_have(queue, running, all_slots, per_app):
    chosen = next_runs(queue, running, Slots(all=all_slots, per_app=per_app))
    held = Counter(running) + Counter(queued.app for queued in queue if queued.run in chosen)
    waits = [queued for queued in queue if queued.run not in chosen and held[queued.app] < per_app]
    assert not waits or sum(running.values()) + len(chosen) >= all_slots


@given(st.integers(2, 6), st.integers(1, 300), st.integers(0, 5))
def test_a_flood_of_one_app_delays_no_other(slots, flood, newcomers):
    """Whatever one app pushes, another's first run begins at once, and newcomers take turns with it afterwards."""
    per_app = share(slots, None)
    flooded = [Queued(run=f"flood-{number}", app="flood") for number in range(flood)]
    begun = next_runs(flooded, {}, Slots(all=slots, per_app=per_app))
    left = [queued for queued in flooded if queued.run not in begun]
    late = [Queued(run=f"late-{number}", app=f"app-{number}") for number in range(newcomers)]
    free = slots - len(begun)
    chosen = next_runs([*left, *late], {"flood": len(begun)}, Slots(all=slots, per_app=per_app))
    assert free >= 1
    assert list(chosen[: min(free, newcomers)]) == [queued.run for queued in late[:free]]


def test_who_came_first_begins_first_among_those_with_as_much():
    queue = [Queued(run=run, app=run[0]) for run in ("b1", "b2", "a1", "c1", "a2")]
    assert next_runs(queue, {"c": 1}, Slots(all=5, per_app=3)) == ("b1", "a1", "b2", "c1")


@pytest.mark.parametrize(
    ("slots", "given", "expected"), [(1, None, 1), (2, None, 1), (7, None, 6), (7, 3, 3), (2, 9, 2), (1, 1, 1)]
)
def test_a_share_is_all_but_one_unless_operators_say_so(slots, given, expected):
    assert share(slots, given) == expected
