"""The overview: the reader's tasks, then what runs where. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from sealane.access.model import Actor
from sealane.approvals import eligibility, inbox, way_out
from sealane.approvals.inbox import InboxItem
from sealane.deployments import messages
from sealane.destinations import usage
from sealane.environments.grants import Permission
from sealane.pipelines.model import RunStatus
from sealane.records.apps import App
from sealane.records.runs import Run
from sealane.records.views import FormationRow, LastDays, ObservedRow
from sealane.releases import deliveries
from sealane.releases.origin import Origin
from sealane.server.pages import text
from sealane.server.pages.list_views import ListRow
from sealane.server.pages.need_views import Need
from sealane.server.pages.overview_views import Cell, Figures, ObservedLine, Overview, Row
from sealane.server.pages.presenters import needs, states, versions
from sealane.server.pages.presenters import runs as presenting_runs
from sealane.server.pages.views import Link, Pill
from sealane.verdicts import health
from sealane.verdicts.model import VerdictKind

_TO_ITS_END = {RunStatus.PASSED, RunStatus.SKIPPED, RunStatus.CANCELLED}


def overview(
    formations: Sequence[FormationRow],
    apps: Sequence[App],
    waits: Sequence[InboxItem],
    lately: LastDays,
    *,
    runs: Mapping[str, Run],
    origins: Mapping[str, Origin],
    left_out: Sequence[Run] = (),
    reader: Actor,
    asked: str = "",
) -> Overview:
    """The whole page.

    `lately` are the last seven days, `runs` each app's newest, `origins` those of releases, by deployment.
    `left_out` are runs that a push had too many of.
    """
    shown = columns(formations)
    rows = [row for row in _rows(formations, apps, shown, runs) if _matches(row, asked)]
    return Overview(
        figures=_figures(waits, lately),
        needs=(
            *_needs(formations, waits, reader, origins),
            *needs.left_out(run for run in left_out if reader.may(Permission.DEPLOY, run.app)),
        ),
        columns=shown,
        rows=tuple(rows),
        asked=asked,
    )


def observed(rows: Iterable[ObservedRow], asked: str = "") -> tuple[ObservedLine, ...]:
    """Workloads deployed by others, as far as they match the search."""
    wanted = asked.strip().lower()
    return tuple(
        ObservedLine(
            app=row.app,
            owner=row.owner,
            where=row.formation if row.formation == row.environment else f"{row.formation} in {row.environment}",
            place=f"namespace {row.namespace} at {row.destination}",
            version=row.version,
            health=states.health(row.health),
        )
        for row in rows
        if any(wanted in field.lower() for field in (row.app, row.owner, row.version))
    )


def version(formation: FormationRow) -> str:
    """The short commit of the current deployment, else the revision's hash."""
    if formation.release:
        return formation.release.commit[: versions.SHORT] or formation.release.deploy_tag
    return messages.short(formation.current.revision_id) if formation.current else ""


def columns(formations: Iterable[FormationRow]) -> tuple[str, ...]:
    """Formations in the order of a release's way: production ones last, otherwise by name."""
    known = {row.formation: row for row in formations}
    return tuple(sorted(known, key=lambda name: (known[name].production, _rank(known[name].environment), name)))


def _rank(environment: str) -> int:
    """Its position before production, by the usual names."""
    order = ("dev", "test", "qa", "staging", "stage", "preprod")
    return next((at for at, word in enumerate(order) if environment.startswith(word)), 3)


def _rows(
    formations: Sequence[FormationRow], apps: Sequence[App], columns: Sequence[str], runs: Mapping[str, Run]
) -> list[Row]:
    by_place = {(row.app, row.formation): row for row in formations}
    rows = []
    for app in sorted(apps, key=lambda app: app.name):
        places = [by_place.get((app.name, column)) for column in columns]
        images = max((len(place.release.images) for place in places if place and place.release), default=0)
        rows.append(
            Row(
                app=app.name,
                owner=app.owner,
                about=text.count(images, "image") if images else "",
                cells=tuple(_cell(place) if place else None for place in places),
                href=f"/apps/{app.name}",
                run=_unfinished(runs.get(app.name)),
            )
        )
    return rows


def _unfinished(newest: Run | None) -> ListRow | None:
    """The newest run, unless it succeeded and its release was deployed everywhere."""
    if newest is None or (newest.status in _TO_ITS_END and newest.delivered not in deliveries.BAD):
        return None
    return replace(presenting_runs.row(newest), what=f"run #{newest.sequence}")


def _cell(row: FormationRow) -> Cell | None:
    shown = row.running or row.last or row.current or next(iter(row.waiting), None)
    if shown is None:
        return None
    notes = []
    if row.running and row.running.waiting_for:
        notes.append(row.running.waiting_for)
    if row.hold:
        notes.append(f"held: {way_out.lifting(row.hold.label)}")
    if row.waiting and shown not in row.waiting:
        notes.append(f"{len(row.waiting)} waiting")
    if row.requests and not row.running:
        notes.append(usage.of_formation((), usage.of(row.requests)))
    since = shown.ended or shown.started or shown.created
    return Cell(
        pill=states.deployment(shown),
        version=version(row),
        since=since,
        href=f"/deployments/{shown.id}",
        note=" · ".join(filter(None, notes)),
        health=states.health(row.health),
        drift=drift(row),
    )


def drift(row: FormationRow) -> Link | None:
    words = row.drift.words if row.drift else ""
    return Link(words=words, href=f"/deployments/{row.drift.deployment}/drift") if row.drift and words else None


def _matches(row: Row, asked: str) -> bool:
    wanted = asked.strip().lower()
    versions = [cell.version for cell in row.cells if cell]
    return any(wanted in text.lower() for text in (row.app, row.owner, *versions)) or any(
        text and wanted.startswith(text.lower()) for text in versions
    )


def _needs(
    formations: Sequence[FormationRow], waits: Sequence[InboxItem], reader: Actor, origins: Mapping[str, Origin]
) -> tuple[Need, ...]:
    """The reader's tasks: they may answer, or deploy a better version."""
    answered = inbox.folded(item for item in waits if not eligibility.why_not(item, reader))
    asked = needs.listed(answered, reader, needs.InboxContext(origins=origins))
    mine = [row for row in formations if reader.may(Permission.DEPLOY, row.app, row.environment)]
    return (*asked, *_unwell(mine, origins), *_troubles(mine, origins))


def _unwell(formations: Sequence[FormationRow], origins: Mapping[str, Origin]) -> list[Need]:
    """Current deployments in bad health."""
    return [
        Need(
            key=f"health-{row.current.id}",
            pill=Pill(tone="bad", words=row.health.state.value),
            app=row.app,
            version=version(row),
            subject=origins[row.current.id].subject if row.current.id in origins else "",
            formation=row.formation,
            words=row.health.cause,
            at=row.health.since,
            href=f"/deployments/{row.current.id}",
            link="Look",
            wrong=True,
        )
        for row in formations
        if row.current and row.health and row.health.state in health.BAD
    ]


def _troubles(formations: Sequence[FormationRow], origins: Mapping[str, Origin]) -> list[Need]:
    bad = {VerdictKind.ROLLED_BACK, VerdictKind.ROLLBACK_FAILED, VerdictKind.FAILED}
    ended = [(row, row.last) for row in formations if row.last and row.last.verdict and row.last.verdict.kind in bad]
    return [
        Need(
            key=f"trouble-{last.id}",
            pill=states.deployment(last),
            app=row.app,
            version=versions.of(last, origins.get(last.id)),
            subject=origins[last.id].subject if last.id in origins else "",
            formation=row.formation,
            words=(last.verdict.reason if last.verdict else "")
            + (
                f" · held until a newer commit is deployed there, or: {way_out.lifting(row.hold.label)}"
                if row.hold
                else ""
            ),
            at=last.ended or last.created,
            href=f"/deployments/{last.id}",
            link="Why",
            wrong=True,
        )
        for row, last in ended
    ]


def _figures(waits: Sequence[InboxItem], lately: LastDays) -> Figures:
    return Figures(
        days=lately.deployed,
        rolled_back=lately.rolled_back,
        back_after=_lasted(lately.back_after),
        to_production=_lasted(lately.to_production),
        waiting=len(inbox.folded(waits)),
        oldest=min((item.since for item in waits), default=None),
    )


def _lasted(span: timedelta | None) -> str:
    return "" if span is None else text.duration(span.total_seconds())
