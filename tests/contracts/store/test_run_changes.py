"""What events changed is kept apart from runs, so that a list of runs stays short."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import sqlalchemy as sa

from sealane.pipelines.model import Plan
from sealane.records.filters import Filter
from sealane.records.runs import Changed
from sealane.store import rows, run_tables, runs
from sealane.store.all_stores import Store

from .samples import NOON, push

PATHS = tuple(f"vendor/library/some/folder/file-{number}.js" for number in range(24_000))


async def test_a_list_of_runs_counts_what_changed_and_one_run_lists_it(store: Store) -> None:
    """As many as are kept; what a host listed in an event, as older versions stored it, is in no answer."""
    other = await store.events.receive(replace(push("a"), paths=PATHS), source="git")
    receipt = await store.events.receive(replace(push("b", before="a"), paths=PATHS), source="git")
    base = "a" * 40
    for _ in range(2):
        await store.runs.planned(receipt.run_id, Plan(steps=()), [], at=NOON, changed=Changed(base=base, paths=PATHS))
    fat = {**rows.plain(push("b", before="a")), "paths": list(PATHS)}
    await store.database.write(lambda c: c.execute(sa.update(run_tables.runs).values(event=fat)))

    listed = await store.views.runs(Filter(app="shop"))
    overview = await store.views.overview()
    view = await store.views.run(receipt.run_id)

    assert {run.id: run.changed for run in listed} == {receipt.run_id: 24_000, other.run_id: None}
    assert len(msgspec.json.encode([rows.plain(view_part) for view_part in (listed, overview, view)])) < 10_000
    changes = await store.runs.changes(receipt.run_id)
    assert changes is not None
    assert (changes.base, changes.count, changes.paths) == (base, 24_000, PATHS[: runs.MOST_PATHS])
    assert await store.runs.changes(other.run_id) is None


async def test_words_of_an_event_are_kept_short(store: Store) -> None:
    """A commit's first line may be a whole file."""
    event = replace(push("a"), message="m" * 100_000, author="n" * 100_000)
    run = await store.runs.get((await store.events.receive(event, source="git")).run_id)
    assert (len(run.event.message), len(run.event.author or "")) == (500, 500)
