"""The current state of one app: its formations with what runs there, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import sqlalchemy as sa

from sealane.errors import NotThere
from sealane.events import commits as histories
from sealane.events.commits import Commit, CommitRange
from sealane.findings import did_you_mean
from sealane.records.app_view import AppView, Comparison, FormationNow, Version
from sealane.records.filters import Filter
from sealane.records.runs import Run
from sealane.records.scopes import Scope
from sealane.records.views import FormationRow
from sealane.releases.model import Release
from sealane.stencils.model import Revision
from sealane.store import apps, commits, formations, lists, origins, overviews, releases, rows, seen, snapshots
from sealane.store.app_tables import releases as releases_table
from sealane.store.run_tables import runs as runs_table

LAST = 8
"""Deployments that are listed."""
VERSIONS = 12
"""Releases that can be chosen."""


def of(connection: sa.Connection, name: str, production: frozenset[str], scope: Scope) -> AppView:
    """The app with its formations in the scope; `production` names environments. Raises NotThere."""
    listed = overviews.overview(connection, production, scope, app=name)
    last = lists.list_deployments(connection, scope, Filter(app=name), LAST, None)
    newest = _newest(connection, listed)
    known = commits.by_hash(connection, name) if newest else {}
    shown = [deployment for row in listed for deployment in (row.running, row.current) if deployment]
    return AppView(
        app=apps.get(connection, name),
        formations=tuple(_now(connection, row, newest, known) for row in listed),
        deployments=last,
        run=_last_run(connection, name, scope),
        origins=origins.of(connection, [*last, *shown]),
        versions=_versions(connection, name),
    )


def _now(
    connection: sa.Connection, row: FormationRow, newest: Release | None, known: Mapping[str, Commit]
) -> FormationNow:
    shown = row.running or row.current
    return FormationNow(
        row=row,
        inventory=formations.get(connection, row.app, row.formation).inventory,
        observation=seen.observation(connection, shown.id) if shown else None,
        behind=_behind(row.release, newest, known),
    )


def _behind(there: Release | None, newest: Release | None, known: Mapping[str, Commit]) -> CommitRange | None:
    if there is None or newest is None or not there.commit or there.commit == newest.commit:
        return None
    behind = histories.since(known, there.commit, newest.commit)
    return behind if behind and behind.count else None


def _newest(connection: sa.Connection, listed: Sequence[FormationRow]) -> Release | None:
    """The release of the newest commit that is in any formation."""
    there = [row.release for row in listed if row.release]
    return max(there, key=lambda release: releases.place(connection, release.id) or 0.0, default=None)


def _versions(connection: sa.Connection, name: str) -> tuple[Version, ...]:
    table = releases_table.c
    built = (table.id.label("release"), table.deploy_tag, table.place.label("release_place"))
    query = (
        sa.select(*built, runs_table)
        .join(runs_table, runs_table.c.id == table.run_id, isouter=True)
        .where(table.app == name)
        .order_by(table.place.desc(), table.sequence.desc())
        .limit(VERSIONS)
    )
    return tuple(
        Version(
            release=row["release"],
            deploy_tag=row["deploy_tag"],
            place=row["release_place"],
            origin=origins.of_run(rows.run(row)) if row["id"] else None,
        )
        for row in rows.all_of(connection, query)
    )


def _last_run(connection: sa.Connection, name: str, scope: Scope) -> Run | None:
    query = sa.select(runs_table).where(runs_table.c.app == name).order_by(runs_table.c.sequence.desc()).limit(1)
    row = rows.one(connection, query)
    return next(iter(lists.with_deliveries(connection, [rows.run(row)], scope)), None) if row is not None else None


def compared(
    connection: sa.Connection, name: str, left: str, right: str, production: frozenset[str], scope: Scope
) -> Comparison:
    """Compares two renderings for formations of the app; without names, what is in the first and the last formation.

    `NAME@REF` is what was rendered for NAME and REF names: see `snapshots.named`. Raises NotThere if one is not in the scope,
    or nothing is deployed there.
    """
    rows_now = {row.formation: row for row in overviews.overview(connection, production, scope, app=name)}
    there = tuple(formation for formation, row in rows_now.items() if row.current)
    left, right = left or next(iter(there), ""), right or next(reversed(there), "")
    one, other = (_rendering(connection, rows_now, written, name, scope) for written in (left, right))
    known = commits.by_hash(connection, name)
    return Comparison(
        app=name,
        formations=there,
        left=one,
        right=other,
        left_name=left,
        right_name=right,
        ahead=_since(known, other, one),
        missing=_since(known, one, other),
        left_revision=_revision(connection, one),
        right_revision=_revision(connection, other),
    )


def rendered(
    connection: sa.Connection, name: str, written: str, production: frozenset[str], scope: Scope
) -> tuple[FormationRow, Revision]:
    """What is in a formation of the app, or was rendered for it: `NAME@REF`. Raises NotThere as `compared` does."""
    rows_now = {row.formation: row for row in overviews.overview(connection, production, scope, app=name)}
    row = _rendering(connection, rows_now, written, name, scope)
    return row, _revision(connection, row)


def _rendering(
    connection: sa.Connection, rows_now: Mapping[str, FormationRow], written: str, name: str, scope: Scope
) -> FormationRow:
    """The formation's row with the deployment that is meant as its current one. Raises NotThere."""
    formation, at, wanted = written.partition("@")
    row = rows_now.get(formation)
    if row is None or not (row.current or at):
        there = [known for known, now in rows_now.items() if now.current]
        raise NotThere(f"nothing is at {name}/{formation}", hint=did_you_mean(formation, there))
    if not at:
        return row
    deployment = snapshots.named(connection, name, formation, wanted, scope)
    release = releases.get(connection, deployment.release_id) if deployment.release_id else None
    return replace(row, current=deployment, release=release)


def _revision(connection: sa.Connection, row: FormationRow) -> Revision:
    assert row.current is not None, "a rendering has a deployment"
    return releases.revision(connection, row.current.revision_id)


def _since(known: Mapping[str, Commit], there: FormationRow, new: FormationRow) -> CommitRange | None:
    if not (there.release and new.release and there.release.commit and new.release.commit):
        return None
    return histories.since(known, there.release.commit, new.release.commit)
