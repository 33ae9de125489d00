"""Lists of runs and deployments: every filter lets through exactly what a reader sees to fit it, on each database."""

from __future__ import annotations

import dataclasses
import itertools
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from sealane.pipelines.model import RunStatus, StepStatus
from sealane.records.deployments import Deployment
from sealane.records.filters import DEPLOYMENT_STATES, RUN_STATES, Filter
from sealane.records.runs import Run
from sealane.releases.deliveries import DeliveryOutcome
from sealane.server.pages.presenters import states
from sealane.store import deployment_tables, rows, run_tables
from sealane.store.all_stores import Store
from sealane.verdicts.model import Verdict, VerdictKind

from .kept_rows import KeptRows
from .samples import NOON, app, deployment, push, release, revision

BRANCHES = ("main", "fix/50%_off", "fix")
AUTHORS = ("Kim", "kim larsen", "ÅSA", "O'Neil")
SUBJECTS = ("Cache product pages", "Round 50% up", "round_totals", "Ünlü names", "")
PLACES = {"dev": "test", "eu": "production", "us": "production"}
WANTED = {
    "app": ("shop", "other", "nothing"),
    "formation": (*PLACES, "nothing"),
    "environment": ("test", "production", "nothing"),
    "branch": (*BRANCHES, "mai"),
    "author": ("kim", "Åsa", "'", "%", "nobody"),
    "search": ("ROUND", "50%", "_", "ünlü", "\\"),
    "commit": (f"{3:040}", "0" * 39, "%", "_"),
}


@dataclass
class Stored:
    """What was put in, to be compared with what is listed."""

    runs: Mapping[str, Run]
    deployments: Mapping[str, Deployment]
    came: Mapping[str, str]
    """Deployment to the run that built what it deploys."""

    def of_run(self, run: Run) -> list[Deployment]:
        return [deployment for deployment in self.deployments.values() if deployment.run_id == run.id]


@pytest.fixture
async def stored(store: Store, kept: KeptRows) -> Stored:
    return await kept.filled(store, _fill)


async def _fill(store: Store) -> Stored:
    """Runs of every status with deployments in every state, and deployments by hand of what a run built."""
    await store.apps.add(app("other"), by="ann")
    chance = random.Random(7)
    combinations = [
        *itertools.combinations([None, *DeliveryOutcome], 2),
        *((outcome, None) for outcome in DeliveryOutcome),
    ]
    ways = [(RunStatus.PASSED, combination) for combination in combinations] + [
        (status, (None, None)) for status in RunStatus
    ]
    ways.append((RunStatus.FAILED, (DeliveryOutcome.DEPLOYED, None)))
    came: dict[str, str] = {}
    for number, (status, wanted) in enumerate(ways):
        event = replace(
            push("a", app_name=chance.choice(("shop", "other"))),
            branch=chance.choice(BRANCHES),
            author=chance.choice(AUTHORS),
            message=chance.choice(SUBJECTS),
            commit=f"{number:040}",
            received=NOON + timedelta(seconds=number // 3),  # some at the same moment
        )
        run_id = (await store.events.receive(event, source="test", requested_by="test")).run_id
        built = replace(release(number), app=event.app)
        await store.releases.add(built, sequence=number, run_id=run_id)
        reason = "refused before anything ran" if status is RunStatus.BROKEN else None
        values: dict[str, Any] = {"status": status.value, "reason": reason}
        await _update(store, run_tables.runs, run_id, values)
        for at, state in enumerate(known_state for known_state in wanted if known_state):
            formation = list(PLACES)[(number + at) % 3]
            by_hand = number % 7 == 0 and at == 1
            offered = deployment(
                number * 10 + at,
                number * 10 + at + 1,
                formation,
                app=event.app,
                environment=PLACES[formation],
                run_id=None if by_hand else run_id,
                release_id=built.id,
                created=event.received,
            )
            mine = replace(revision(f"v{number * 10 + at}", formation), app=event.app)
            await store.deployments.offer(offered, mine)
            await _update(store, deployment_tables.deployments, offered.id, _ended(state))
            came[offered.id] = run_id
    runs = {run.id: run for run in await store.views.runs(limit=1000)}
    deployments = {deployment.id: deployment for deployment in await store.views.deployments(limit=1000)}
    assert len(runs) == len(ways)
    return Stored(runs=runs, deployments=deployments, came=came)


def _ended(state: DeliveryOutcome) -> dict[str, Any]:
    if state.value not in set(VerdictKind):
        return {"state": state.value}
    verdict = Verdict(kind=VerdictKind(state.value), reason=f"it {state.words}", at=NOON)
    return {"state": "ended", "verdict": rows.plain(verdict), "verdict_kind": state.value, "ended": NOON}


async def _update(store: Store, table: sa.Table, row: str, values: dict[str, Any]) -> None:
    await store.database.write(lambda c: c.execute(sa.update(table).where(table.c.id == row).values(values)))


def _fits_commit(run: Run, only: Filter) -> bool:
    author, message = (run.event.author or "").lower(), run.event.message.lower()
    return (
        (only.branch or run.event.branch) == run.event.branch
        and (only.author or "").lower() in author
        and (only.search or "").lower() in message
        and (run.event.commit or "").startswith(only.commit or "")
    )


async def test_a_run_is_listed_under_the_state_that_it_is_shown_with(store: Store, stored: Stored) -> None:
    for state in RUN_STATES:
        listed = {run.id for run in await store.views.runs(Filter(state=state), limit=1000)}
        shown = {run.id for run in stored.runs.values() if states.run(run).words.replace(" ", "_") == state}
        assert listed == shown, state
    for state in DEPLOYMENT_STATES:
        ids = {deployment.id for deployment in await store.views.deployments(Filter(state=state), limit=1000)}
        assert ids == {deployment.id for deployment in stored.deployments.values() if deployment.delivered == state}, (
            state
        )


async def test_filters_all_have_to_fit(store: Store, stored: Stored) -> None:
    """Texts with the signs of patterns stand for themselves, and case does not matter in any script."""
    tried = [*itertools.combinations(WANTED, 1), ("app", "search"), ("formation", "author")]
    for names in tried:
        for chosen in itertools.product(*(WANTED[name] for name in names)):
            await _check(store, stored, Filter(**dict(zip(names, chosen, strict=True))))


async def _check(store: Store, stored: Stored, only: Filter) -> None:
    runs = {run.id for run in await store.views.runs(only, limit=1000)}
    assert runs == {
        run.id
        for run in stored.runs.values()
        if _fits_commit(run, only) and (only.app or run.app) == run.app and _goes(stored.of_run(run), only)
    }, only
    deployments = {deployment.id for deployment in await store.views.deployments(only, limit=1000)}
    assert deployments == {
        deployment.id
        for deployment in stored.deployments.values()
        if _fits_commit(stored.runs[stored.came[deployment.id]], only)
        and (only.app or deployment.app) == deployment.app
        and _goes([deployment], only)
    }, only


def _goes(deployments: list[Deployment], only: Filter) -> bool:
    if only.formation is None and only.environment is None:
        return True
    return any(
        (only.formation or deployment.formation) == deployment.formation
        and (only.environment or deployment.environment) == deployment.environment
        for deployment in deployments
    )


async def test_pages_of_a_filtered_list_hold_all_of_it_once(store: Store, stored: Stored) -> None:
    only = Filter(app="shop", search="o")
    whole = [run.id for run in await store.views.runs(only, limit=1000)]
    paged: list[str] = []
    while part := await store.views.runs(only, limit=4, before=paged[-1] if paged else None):
        paged += [run.id for run in part]
    assert paged == whole
    assert len(whole) > 8


async def test_a_run_that_went_wrong_says_why_in_the_list(store: Store, stored: Stored) -> None:
    """By its own reason, the step that failed, or its deliveries; where all is well nothing is said."""
    failed = next(
        run_stored
        for run_stored in stored.runs.values()
        if run_stored.status is RunStatus.FAILED and not run_stored.delivered
    )
    step = {"run_id": failed.id, "key": "step/unit", "position": 0, "kind": "step", "name": "unit", "needs": []}
    values = {**step, "status": StepStatus.FAILED.value, "reason": "exit code 2", "attempt": 1}
    await store.database.write(lambda c: c.execute(sa.insert(run_tables.run_steps).values(values)))
    for run in await store.views.runs(limit=1000):
        bad = [
            deployment
            for deployment in stored.of_run(run)
            if deployment.delivered.value in {"failed", "rolled_back", "rollback_failed", "unproven"}
        ]
        if run.id == failed.id:
            assert run.because == "unit: exit code 2"
        elif run.status is RunStatus.BROKEN:
            assert run.because == "refused before anything ran"
        elif bad:
            assert all(
                f"{deployment.formation} {deployment.delivered.words}: it {deployment.delivered.words}"
                in str(run.because)
                for deployment in bad
            )
        else:
            assert run.because is None


async def test_the_origin_of_a_deployment_is_the_run_that_built_it(store: Store, stored: Stored) -> None:
    """For what a person sent there, too."""
    came = await store.views.origins(stored.deployments.values())
    assert {name: run_origin.run for name, run_origin in came.items()} == stored.came
    for name, origin in came.items():
        event = stored.runs[origin.run].event
        assert (origin.subject, origin.author, origin.commit) == (event.message, event.author, event.commit)
        view = await store.views.deployment(name)
        assert view.origin == origin
        why = await store.views.why(name)
        assert why.origin == origin
        break


def test_every_filter_is_tried() -> None:
    """Here, or where lists are compared with the figures that lead to them: test_insights.py, test_junit_insights.py."""
    of_figures = {"team", "since", "until", "production", "figure", "cause", "hour", "ran", "step", "test"}
    assert {field.name for field in dataclasses.fields(Filter)} == {*WANTED, "state", *of_figures}
