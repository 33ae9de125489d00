"""Users, tokens and sessions, as pages and the API use them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from sealane.access.model import ADMINISTRATORS, Actor
from sealane.access.registering import Apps
from sealane.access.signing_in import Access
from sealane.clients.hosting import Repositories
from sealane.clock import SetClock
from sealane.errors import Conflicting, NotSignedIn, UsageError
from sealane.store.storing import Store

from .samples import NOON

ADMIN = Actor(name="admin", groups=frozenset({ADMINISTRATORS}), via="token")


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOON)


@pytest.fixture
def access(store: Store, clock: SetClock) -> Access:
    return Access(store, key=b"k" * 32, session=timedelta(hours=1), now=clock)


@pytest.fixture
def apps(store: Store, access: Access, tmp_path: Path) -> Apps:
    return Apps(store, access, Repositories(tmp_path / "repositories"), key=b"k" * 32, identities=tmp_path)


async def test_the_administrator_is_made_once_and_its_token_shown_once(store: Store, access: Access) -> None:
    """A second start makes and shows nothing; the token is nowhere in the database."""
    token = await access.make_administrator()

    assert token is not None
    assert (await access.authenticate(token)).groups == {ADMINISTRATORS}
    assert await access.make_administrator() is None
    kept = await store.people.tokens_of("admin")
    assert token not in repr(kept)
    assert all(token.rpartition("_")[2] not in each.hash for each in kept)


async def test_a_revoked_token_is_useless_at_once(store: Store, access: Access) -> None:
    """Though it was used a moment ago and its check is remembered."""
    token = await access.add_user("bob", frozenset({"developers"}), by=ADMIN)
    actor = await access.authenticate(token)
    assert actor.token_id is not None

    await access.revoke_token(actor.token_id, by=ADMIN)

    with pytest.raises(NotSignedIn):
        await access.authenticate(token)


@pytest.mark.parametrize(
    "change", [lambda token: token[:-1], lambda token: token + "x", lambda _: "", lambda _: "sln_a_b"]
)
async def test_a_wrong_token_is_nobodys(access: Access, change: Callable[[str], str]) -> None:
    """The answer is the same whether its id is known or not."""
    token = await access.add_user("bob", frozenset(), by=ADMIN)

    with pytest.raises(NotSignedIn, match="the token is not known here, or was revoked"):
        await access.authenticate(change(token))


async def test_groups_count_as_they_are_now(access: Access) -> None:
    """Taking somebody out of a group works on their running session, too."""
    token = await access.add_user("bob", frozenset({"developers"}), by=ADMIN)
    session = await access.start_session(await access.authenticate(token))

    await access.set_groups("bob", frozenset({"approvers"}), by=ADMIN)

    assert (await access.session(session.cookie))[0].groups == {"approvers"}


async def test_a_session_ends_by_itself_and_by_signing_out(access: Access, clock: SetClock) -> None:
    """An hour here; a forged cookie is none at all."""
    actor = await access.authenticate(await access.add_user("bob", frozenset(), by=ADMIN))
    first, second = await access.start_session(actor), await access.start_session(actor)

    await access.end_session(second.cookie)
    with pytest.raises(NotSignedIn, match="the session is over"):
        await access.session(second.cookie)
    with pytest.raises(NotSignedIn, match="not one of this server"):
        await access.session(first.cookie[:-1] + ("a" if first.cookie[-1] != "a" else "b"))
    clock.advance(timedelta(hours=1))
    with pytest.raises(NotSignedIn, match="the session is over"):
        await access.session(first.cookie)


async def test_a_removed_user_is_gone_but_the_name_stays_taken(access: Access) -> None:
    """What the audit says of a name must not be somebody else's later."""
    token = await access.add_user("bob", frozenset(), by=ADMIN)
    await access.remove_user("bob", by=ADMIN)

    with pytest.raises(NotSignedIn):
        await access.authenticate(token)
    with pytest.raises(Conflicting, match="there is, or was, a user bob"):
        await access.add_user("bob", frozenset(), by=ADMIN)


async def test_a_push_token_pushes_to_its_own_app_and_does_nothing_else(access: Access, apps: Apps) -> None:
    """Rotating it makes the former one useless."""
    registered = await apps.register("web", owner="payments", by=ADMIN)
    await apps.register("other", owner="payments", by=ADMIN)

    assert (await access.check_push("web", registered.push_token, writes=True))[0].name == "web"
    with pytest.raises(NotSignedIn):
        await access.check_push("other", registered.push_token, writes=False)
    with pytest.raises(NotSignedIn, match="only pushes"):
        await access.authenticate(registered.push_token)
    fresh = await apps.rotate_push_token("web", by=ADMIN)
    with pytest.raises(NotSignedIn):
        await access.check_push("web", registered.push_token, writes=True)
    assert (await access.check_push("web", fresh, writes=True))[0].name == "web"


async def test_a_hook_secret_is_told_again_and_rotated(apps: Apps, store: Store) -> None:
    """It follows from the server's key, differs by app, and is nowhere in the database."""
    registered = await apps.register("web", owner="payments", by=ADMIN)
    other = await apps.register("other", owner="payments", by=ADMIN)

    assert await apps.hook_secret("web") == registered.hook_secret != other.hook_secret
    assert await apps.rotate_hook_secret("web", by=ADMIN) != registered.hook_secret
    assert registered.hook_secret not in repr(await store.apps.all())


@pytest.mark.parametrize(
    "repository", ["/etc", "file:///etc", "../x", "ext::sh -c id", "https://user:password@example.com/x.git"]
)
async def test_a_repository_is_somewhere_on_a_host(apps: Apps, repository: str) -> None:
    """Never a file of the server's machine or a program, and never with a password in it."""
    with pytest.raises(UsageError):
        await apps.register("web", owner="payments", repository=repository, by=ADMIN)


async def test_of_two_administrators_who_remove_each_other_one_stays(access: Access, store: Store) -> None:
    """At the same moment, too; and what was refused changed nothing."""
    await access.make_administrator()
    await access.add_user("ada", frozenset({ADMINISTRATORS}), by=ADMIN)
    away = (access.remove_user("admin", by=ADMIN), access.set_groups("ada", frozenset(), by=ADMIN))

    came = await asyncio.gather(*away, return_exceptions=True)

    assert [isinstance(each, Conflicting) for each in came].count(True) == 1
    left = [user.name for user in await access.users() if ADMINISTRATORS in user.groups]
    assert len(left) == 1
    (token,) = await store.people.tokens_of(left[0])
    with pytest.raises(Conflicting, match="the last administrator"):
        await access.revoke_token(token.id, by=ADMIN)


async def test_a_lost_administrator_is_made_anew_and_the_audit_tells_it(access: Access, store: Store) -> None:
    """A new user, or one who is there and keeps their groups; never one who was removed."""
    await access.add_user("cy", frozenset({"approvers"}), by=ADMIN)
    for name in ("cy", "dee"):
        actor = await access.authenticate(await access.restore_administrator(name, by="user 0 at here"))
        assert ADMINISTRATORS in actor.groups
    assert (await store.people.get("cy")).groups == {ADMINISTRATORS, "approvers"}
    told = [(line.actor, line.action, line.subject) for line in await store.audit.last(20)]
    assert ("user 0 at here", "make administrator", "dee") in told
    await access.remove_user("dee", by=ADMIN)
    with pytest.raises(Conflicting, match="was removed"):
        await access.restore_administrator("dee", by="user 0 at here")
