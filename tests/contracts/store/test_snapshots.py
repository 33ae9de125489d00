"""Renderings that a person names, on each database."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sealane.errors import NotThere, UsageError
from sealane.records.scopes import Scope
from sealane.store.all_stores import Store

from .samples import deployment, release, revision

HASHES = tuple(f"sha256:abcdef{number}{'0' * 57}" for number in (1, 2))


async def offered(store: Store, number: int, **values: object) -> None:
    await store.releases.add(release(number), sequence=number, run_id=None)
    rendered = replace(revision(f"v{number}"), id=HASHES[number - 1])
    wanted = deployment(number, number, release_id=f"rel-{number}", revision_id=rendered.id, **values)
    await store.deployments.offer(wanted, rendered)


async def test_a_rendering_is_named_by_what_people_have_at_hand(store: Store) -> None:
    """A number, an id, a release, its deploy tag, a revision or its beginning; others' and what is not there are none."""
    await offered(store, 1)
    await offered(store, 2)
    names = {
        1: ("1", "#1", "d-1", "rel-1", release(1).deploy_tag, HASHES[0], "abcdef1", "sha256:abcdef10"),
        2: ("2", "d-2", "rel-2"),
    }
    for number, wanted in ((number, word) for number, words in names.items() for word in words):
        row, rendered = await store.views.rendered("shop", f"production@{wanted}")
        assert (rendered.id, row.current and row.current.id) == (HASHES[number - 1], f"d-{number}"), wanted
        assert row.release == release(number)
    compared = await store.views.compared("shop", "production@2", "production@rel-1")
    assert (compared.left_name, compared.right_revision.id) == ("production@2", HASHES[0])
    for lost in ("3", "d-3", "rel-3", "abcde", "0" * 64, "%", "_", "", "d-%"):
        with pytest.raises(NotThere):
            await store.views.rendered("shop", f"production@{lost}")
    with pytest.raises(UsageError, match="abcdef is the beginning of several revisions"):
        await store.views.rendered("shop", "production@abcdef")


async def test_what_is_out_of_the_scope_is_not_there(store: Store) -> None:
    """Also what was rendered for the formation in an environment that one may not see."""
    await offered(store, 1)
    await offered(store, 2, environment="secret")
    everything = Scope(apps=frozenset({"shop"}))
    part = Scope(places=frozenset({("shop", "production")}))
    await store.views.within(everything).rendered("shop", "production@2")
    await store.views.within(part).rendered("shop", "production@1")
    for scope in (part, Scope(apps=frozenset({"other"}))):
        with pytest.raises(NotThere):
            await store.views.within(scope).rendered("shop", "production@2")
