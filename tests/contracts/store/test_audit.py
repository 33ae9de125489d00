"""The audit: who did what on which app, filtered, a page at a time, and only for who may read it."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from sealane.blobs.logs import Logs
from sealane.outbox.model import DomainEvent, Kind
from sealane.records.accounts import AuditFilter
from sealane.records.scopes import EVERYTHING, NOTHING, Scope
from sealane.store import deployments, migration
from sealane.store.all_stores import Store
from sealane.store.database import Database

from .samples import NOON, app, deployment, revision

DONE = (
    DomainEvent(kind=Kind.APPROVAL_GIVEN, at=NOON, actor="ann", app="shop", formation="production"),
    DomainEvent(kind=Kind.RUN_REQUESTED, at=NOON, actor="kim", app="shop"),
    DomainEvent(kind=Kind.RUN_REQUESTED, at=NOON, app="shop"),
    DomainEvent(kind=Kind.RUN_REQUESTED, at=NOON, actor="kim", app="bank"),
    DomainEvent(kind=Kind.USER_ADDED, at=NOON, actor="ann", subject="kim"),
    DomainEvent(kind=Kind.WORKER_LEFT, at=NOON, actor="w-1", subject="shop/production"),
)
"""What nobody did is no part of it; the last is about no app, whatever its words look like."""
BANK = Scope(apps=frozenset({"bank"}))
BOTH = Scope(apps=frozenset({"bank", "shop"}))


@pytest.fixture
async def noted(store: Store) -> Store:
    await store.apps.add(app("bank"), by="ann")
    for number, event in enumerate(DONE):
        await store.outbox.say(replace(event, at=NOON + timedelta(minutes=number)))
    return store


@pytest.mark.parametrize("scope", [EVERYTHING, BOTH, BANK, NOTHING], ids=["all", "both", "bank", "none"])
@pytest.mark.parametrize(
    "only", [{}, {"app": "shop"}, {"actor": "kim"}, {"kind": "run.requested"}, {"app": "bank", "actor": "ann"}], ids=str
)
async def test_it_is_filtered_and_only_those_of_the_scope(noted: Store, scope: Scope, only: dict[str, str]) -> None:
    everything = await noted.audit.last()
    assert len(everything) == 7
    wanted = [
        entry
        for entry in everything
        if (scope.everything or (entry.app is not None and entry.app in scope))
        and all(getattr(entry, name) == value for name, value in only.items())
    ]
    views = noted.views.within(scope)
    assert list(await views.audit(AuditFilter(**only))) == wanted
    pages, before = [], None
    while page := await views.audit(AuditFilter(**only), limit=2, before=before):
        pages += page
        before = page[-1].id
    assert pages == wanted
    assert set(await views.audited()) == {
        entry.kind for entry in everything if scope.everything or entry.app in scope.apps
    }


async def test_a_line_about_a_formation_is_for_those_who_read_its_environment(noted: Store) -> None:
    """Who reads a part of an app reads what is about the app, and about that part."""
    for number, formation in enumerate(("dev", "production")):
        offered = deployment(number, number + 1, formation=formation)
        await noted.deployments.offer(offered, revision(f"v{number}", formation))
    for place, told in (("dev", []), ("production", ["approval.given"])):
        views = noted.views.within(Scope(apps=frozenset({"bank"}), places=frozenset({("shop", place)})))
        events = await views.audit()
        assert [event.kind for event in events if event.about == "shop/production"] == told
        assert {event.about for event in events} - {"shop/production", "shop/dev"} == {"bank", "shop"}
        assert set(told) <= set(await views.audited())
        assert ("approval.given" in await views.audited()) == bool(told)


async def test_who_gets_the_name_of_a_removed_app_does_not_read_what_was_before(noted: Store) -> None:
    later = NOON + timedelta(days=1)
    await noted.apps.remove("bank", by="ann", at=later)
    await noted.apps.add(replace(app("bank"), created=later + timedelta(days=1)), by="eve")
    assert [(event.actor, event.kind) for event in await noted.views.within(BANK).audit()] == [("eve", "app.added")]
    assert len(await noted.views.audit(AuditFilter(app="bank"))) == 4


OLD = {
    ("push", "shop"): "shop",
    ("approve", "shop/production"): "shop",
    ("cancel run", "r-1"): "shop",
    ("cancel run", "r-gone"): None,
    ("add token", "shop"): None,
    ("take over", "host/7"): None,
}


def test_lines_of_before_get_their_app_where_that_is_certain(empty_url: str) -> None:
    """A token's subject may be a person who is called as an app is: only administrators read those."""
    with _older(empty_url) as database:
        migration.migrate(database, to="0022")
        read = sa.text("SELECT action, subject, app FROM audit")
        apps = database.read_now(lambda c: {(row[0], row[1]): row[2] for row in c.execute(read)})
    assert apps == OLD


@contextmanager
def _older(url: str) -> Iterator[Database]:
    database = Database(url)
    try:
        migration.migrate(database, to="0021")
        database.write_now(_fill)
        yield database
    finally:
        database.close()


def _put(connection: sa.Connection, table: str, **values: Any) -> None:
    names = ", ".join(f'"{name}"' for name in values)
    marks = ", ".join(f":{name}" for name in values)
    connection.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), values)


def _fill(connection: sa.Connection) -> None:
    put = functools.partial(_put, connection)
    put("apps", name="shop", repository="r", path="", owner="o", trunk="main", created=NOON)
    put("runs", id="r-1", app="shop", sequence=1, event="{}", kind="push", status="passed", created=NOON)
    for action, subject in OLD:
        put("audit", at=NOON, actor="ann", action=action, subject=subject)


OLDER = {
    ("approve", "shop/production"): ("approval.given", "shop/production", "d-1"),
    ("push", "shop"): ("run.requested", "shop", None),
    ("cancel run", "r-1"): ("run.cancel_requested", "shop", None),
    ("add token", "kim"): ("token.added", "kim", None),
    ("what nobody knows any more", "it"): ("what nobody knows any more", "it", None),
}


async def test_what_older_versions_kept_is_said_by_its_kind(empty_url: str, tmp_path: Path) -> None:
    """The lines of the audit and of timelines, in the order in which they were told."""
    database = Database(empty_url)
    migration.migrate(database, to="0027")

    def fill(connection: sa.Connection) -> None:
        put = functools.partial(_put, connection)
        put("apps", name="shop", repository="r", path="", owner="o", trunk="main", created=NOON)
        put("revisions", id="sha256:1", app="shop", formation="production", data="{}", created=NOON)
        deployment = dict.fromkeys(("environment", "formation", "destination", "namespace"), "production")
        deployment |= {"id": "d-1", "app": "shop", "kind": "delivery", "state": "ended", "revision_id": "sha256:1"}
        put("deployments", **deployment, sequence=1, rules="[]", after="[]", created=NOON)
        for number, (action, subject) in enumerate(OLDER):
            detail = '{"deployment": "d-1", "comment": "well"}' if action == "approve" else "{}"
            app = "shop" if action in {"approve", "push", "cancel run"} else None
            at = NOON + timedelta(minutes=number)
            put("audit", at=at, actor="ann", action=action, subject=subject, app=app, detail=detail)
        for number, text in enumerate(("first", "second")):
            at = NOON + timedelta(seconds=number + 1)
            put("timeline", deployment_id="d-1", key=text, phase="apply", text=text, detail='{"judged": "good"}', at=at)

    database.write_now(fill)
    database.close()
    store = await Store.open(empty_url, logs=Logs(tmp_path))
    done = await store.audit.last()
    assert [(event.kind, event.about, event.deployment) for event in reversed(done)] == list(OLDER.values())
    assert done[-1].data == {"comment": "well"}
    assert [event.kind for event in await store.outbox.after(0, limit=3)] == [
        "approval.given",
        *["deployment.stage"] * 2,
    ]
    lines = await store.database.read(lambda c: deployments.story(c, "d-1"))
    assert [(line.text, line.detail) for line in lines] == [(text, {"judged": "good"}) for text in ("first", "second")]
    await store.close()
