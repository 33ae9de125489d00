"""The audit: who did what on which app, filtered, a page at a time, and only for who may read it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from sealane.records.accounts import AuditFilter
from sealane.records.scopes import EVERYTHING, NOTHING, Scope
from sealane.store import audit, migration
from sealane.store.all_stores import Store
from sealane.store.database import Database

from .samples import NOON, app, deployment, revision

LINES = (
    ("ann", "approve", "shop/production", "shop"),
    ("kim", "push", "shop", "shop"),
    ("kim", "push", "bank", "bank"),
    ("ann", "add user", "kim", None),
    ("w-1", "leave", "shop/production", None),
)
"""The last is about no app, whatever its words look like."""
BANK = Scope(apps=frozenset({"bank"}))
BOTH = Scope(apps=frozenset({"bank", "shop"}))


@pytest.fixture
async def noted(store: Store) -> Store:
    await store.apps.add(app("bank"), by="ann")
    for number, (actor, action, subject, of) in enumerate(LINES):
        at = NOON + timedelta(minutes=number)
        await store.audit.add(at, actor=actor, action=action, subject=subject, app=of, detail={})
    return store


@pytest.mark.parametrize("scope", [EVERYTHING, BOTH, BANK, NOTHING], ids=["all", "both", "bank", "none"])
@pytest.mark.parametrize(
    "only", [{}, {"app": "shop"}, {"actor": "kim"}, {"action": "push"}, {"app": "bank", "actor": "ann"}], ids=str
)
async def test_lines_are_filtered_and_only_those_of_the_scope(noted: Store, scope: Scope, only: dict[str, str]) -> None:
    everything = await noted.audit.last()
    wanted = [
        each
        for each in everything
        if (scope.everything or (each.app is not None and each.app in scope))
        and all(getattr(each, name) == value for name, value in only.items())
    ]
    views = noted.views.within(scope)
    assert list(await views.audit(AuditFilter(**only))) == wanted
    pages, before = [], None
    while page := await views.audit(AuditFilter(**only), limit=2, before=before):
        pages += page
        before = page[-1].id
    assert pages == wanted
    assert set(await views.audited()) == {
        each.action for each in everything if scope.everything or each.app in scope.apps
    }


async def test_a_line_about_a_formation_is_for_those_who_read_its_environment(noted: Store) -> None:
    """Who reads a part of an app reads what is about the app, and about that part."""
    for number, formation in enumerate(("dev", "production")):
        offered = deployment(number, number + 1, formation=formation)
        await noted.deployments.offer(offered, revision(f"v{number}", formation))
    for place, told in (("dev", []), ("production", ["approve"])):
        views = noted.views.within(Scope(apps=frozenset({"bank"}), places=frozenset({("shop", place)})))
        found = await views.audit()
        assert [each.action for each in found if each.subject == "shop/production"] == told
        assert {each.subject for each in found} - {"shop/production", "shop/dev"} == {"bank", "shop"}
        assert set(told) <= set(await views.audited())
        assert ("approve" in await views.audited()) == bool(told)


async def test_who_gets_the_name_of_a_removed_app_does_not_read_what_was_before(noted: Store) -> None:
    later = NOON + timedelta(days=1)
    await noted.apps.remove("bank", by="ann", at=later)
    await noted.apps.add(replace(app("bank"), created=later + timedelta(days=1)), by="eve")
    assert [(each.actor, each.action) for each in await noted.views.within(BANK).audit()] == [("eve", "add app")]
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
        migration.migrate(database)
        read = sa.text("SELECT action, subject, app FROM audit")
        found = database.read_now(lambda c: {(row[0], row[1]): row[2] for row in c.execute(read)})
    assert found == OLD


@contextmanager
def _older(url: str) -> Iterator[Database]:
    database = Database(url)
    try:
        migration.migrate(database, to="0021")
        database.write_now(_fill)
        yield database
    finally:
        database.close()


def _fill(connection: sa.Connection) -> None:
    def put(table: str, **values: Any) -> None:
        names = ", ".join(f'"{name}"' for name in values)
        marks = ", ".join(f":{name}" for name in values)
        connection.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), values)

    put("apps", name="shop", repository="r", path="", owner="o", trunk="main", created=NOON)
    put("runs", id="r-1", app="shop", sequence=1, event="{}", kind="push", status="passed", created=NOON)
    for action, subject in OLD:
        put("audit", at=NOON, actor="ann", action=action, subject=subject)


async def test_every_line_says_whether_it_is_about_an_app() -> None:
    """Whoever adds a line has to say it: there is no value that it has by itself."""
    with pytest.raises(TypeError, match="app"):
        audit.note(None, NOON, actor="ann", action="do", subject="it")  # type: ignore[arg-type,call-arg]
