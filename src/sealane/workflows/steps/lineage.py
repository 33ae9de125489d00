"""A run's place in the line of commits, and the authors of its new commits, read from its repository's history."""

from __future__ import annotations

import logging
from collections.abc import Set as AbstractSet
from pathlib import Path

from sealane.clients import git_history, git_lineage
from sealane.errors import SealaneError
from sealane.events.model import Author, Event
from sealane.records.apps import App
from sealane.records.runs import Run
from sealane.releases import lineage
from sealane.releases.lineage import LineageAnswer, Move, Order
from sealane.store.authorship import PUSH
from sealane.workflows import checkouts
from sealane.workflows.context import Tools

_log = logging.getLogger(__name__)


async def put_in(tools: Tools, run: Run, app: App) -> None:
    """Gives the run its place, and stores the authors of what it brings to each formation.

    This happens before the first step, which may change the clone. Without the history, only the events count. Key: the
    run. Undo: none.
    """
    others = await tools.store.runs.moves(run.app, besides=run.id)
    folder = await _history(tools, run, app)
    order = await _order(run, folder, others) if run.requested_by is None else Order()
    await tools.store.runs.put_in_line(run.id, order, at=tools.now())
    there = await tools.store.authorship.there(run.app)
    written = await _written(run, folder, set(there.values()), others)
    await tools.store.authorship.keep(run.id, written, at=tools.now())


async def authors(tools: Tools, owner: str, app: App, commit: str, *, since: str | None) -> tuple[Author, ...]:
    """The authors of a commit and of its ancestors since another commit. Raises what `git_lineage` raises."""
    folder = await _whole(tools, owner, app, commit, since)
    return await git_lineage.authors(folder, commit, since=[since] if since else [])


async def _history(tools: Tools, run: Run, app: App) -> Path | None:
    clone = checkouts.clone_of(tools, run.id)
    if not app.hosted and not git_history.is_shallow(clone):
        return clone
    try:
        return await _whole(tools, run.id, app, run.event.commit or "", run.event.before)
    except SealaneError as error:
        _log.warning("%s: the history of its commits is not available: %s", run.label, error)
        return None


async def _whole(tools: Tools, owner: str, app: App, commit: str, *more: str | None) -> Path:
    """A repository that has the commit with its history and that no step can reach: a hosted app's own.

    `more` are commits that it has, too, if the host still knows them.
    """
    source = checkouts.source(tools, app)
    if app.hosted:
        return Path(source.url)
    clone = checkouts.clone_of(tools, owner)
    folder = clone.with_name(f"{clone.name}.history")
    await git_lineage.bring(folder, source.url, (commit, *filter(None, more)), access=source.access)
    return folder


async def _order(run: Run, folder: Path | None, others: tuple[Move, ...]) -> Order:
    answer = await _told(folder, run.event, others) if folder and others else LineageAnswer()
    return lineage.order(run.event.before, run.event.commit or "", others, answer)


async def _told(folder: Path, event: Event, others: tuple[Move, ...]) -> LineageAnswer:
    """Git's answer; for a push that arrived in order one question is enough."""
    commit = event.commit or ""
    tips = {tip for move in others for tip in (move.before, move.after) if tip}
    descend = await git_lineage.descend(folder, commit, tips)
    if not event.before:
        return LineageAnswer(descend=descend, forwards=True)
    if not descend and commit not in tips:
        return LineageAnswer()
    known = await git_lineage.among_ancestors(folder, event.before, {move.after for move in others})
    forwards = bool(await git_lineage.among_ancestors(folder, commit, {event.before}))
    return LineageAnswer(descend=descend, known=known, forwards=forwards)


async def _written(
    run: Run, folder: Path | None, there: AbstractSet[str], others: tuple[Move, ...]
) -> dict[str, tuple[Author, ...]]:
    """The authors since each deployed commit, and those of the push itself."""
    event, commit = run.event, run.event.commit or ""
    if folder is None:
        return {PUSH: (Author(name=event.author),) if event.author else ()}
    since = (
        [event.before]
        if event.before and (event.before in there or await git_lineage.has(folder, event.before))
        else []
    )
    written: dict[str, tuple[Author, ...]] = {}
    for path in there:
        written[path] = await git_lineage.authors(folder, commit, since=[path])
    if since and since[0] in written:
        return {**written, PUSH: written[since[0]]}
    since = since or [move.after for move in others if move.after != commit]
    return {**written, PUSH: await git_lineage.authors(folder, commit, since=since)}
