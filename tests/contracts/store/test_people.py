"""Users, tokens and sessions, as pages and the API use them."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from sealane.access import tokens
from sealane.access.model import ADMINISTRATORS, Actor
from sealane.accounts.registration import Apps
from sealane.accounts.sign_in import Access
from sealane.accounts.sign_in_attempts import AttemptLimits
from sealane.clients.git_http_backend import Repositories
from sealane.clock import SetClock
from sealane.errors import Conflicting, NotSignedIn, NotThere, Refused, TooManyAttempts, UsageError
from sealane.records.accounts import Reach
from sealane.records.scopes import Scope
from sealane.store.all_stores import Store

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
    kept = await store.people.tokens(user="admin")
    assert token not in repr(kept)
    assert all(token.split("_", 2)[2] not in token_kept.hash for token_kept in kept)


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
        await access.session(("a" if first.cookie[0] != "a" else "b") + first.cookie[1:])
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
    assert (await apps.rotate_hook_secret("web", by=ADMIN))[0] != registered.hook_secret
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

    assert [isinstance(result, Conflicting) for result in came].count(True) == 1
    left = [user.name for user in await access.users() if ADMINISTRATORS in user.groups]
    assert len(left) == 1
    (token,) = await store.people.tokens(user=left[0])
    with pytest.raises(Conflicting, match="the last administrator"):
        await access.revoke_token(token.id, by=ADMIN)


async def test_a_lost_administrator_is_made_anew_and_the_audit_tells_it(access: Access, store: Store) -> None:
    """A new user, or one who is there and keeps their groups; never one who was removed."""
    await access.add_user("cy", frozenset({"approvers"}), by=ADMIN)
    for name in ("cy", "dee"):
        actor = await access.authenticate(await access.restore_administrator(name, by="user 0 at here"))
        assert ADMINISTRATORS in actor.groups
    assert (await store.people.get("cy")).groups == {ADMINISTRATORS, "approvers"}
    told = [(line.actor, line.kind, line.subject) for line in await store.audit.last(20)]
    assert ("user 0 at here", "administrator.made", "dee") in told
    await access.remove_user("dee", by=ADMIN)
    with pytest.raises(Conflicting, match="was removed"):
        await access.restore_administrator("dee", by="user 0 at here")


async def test_a_former_hook_secret_counts_for_its_grace_and_no_longer(
    store: Store, access: Access, tmp_path: Path, clock: SetClock
) -> None:
    """So that nothing is lost until the git host knows the new one; with no grace it is void at once, as is one before it."""
    apps = Apps(store, access, Repositories(tmp_path / "r"), key=b"k" * 32, identities=tmp_path, now=clock)
    first = (await apps.register("web", owner="payments", by=ADMIN)).hook_secret
    second, until = await apps.rotate_hook_secret("web", by=ADMIN, grace=timedelta(hours=2))
    assert until == NOON + timedelta(hours=2)
    assert {first, second} == set(await apps.hook_secrets("web"))
    clock.advance(timedelta(hours=2))
    assert second in await apps.hook_secrets("web")
    assert first not in await apps.hook_secrets("web")
    third, _ = await apps.rotate_hook_secret("web", by=ADMIN, grace=timedelta())
    assert not {first, second} & set(await apps.hook_secrets("web"))
    fourth, _ = await apps.rotate_hook_secret("web", by=ADMIN)
    assert {third, fourth} == set(await apps.hook_secrets("web"))


async def test_of_an_app_that_is_not_there_as_many_secrets_are_tried(apps: Apps) -> None:
    """Which are nobody's: an answer to a wrong signature tells nothing."""
    registered = await apps.register("web", owner="payments", by=ADMIN)
    there, nothing = await apps.hook_secrets("web"), await apps.hook_secrets("nothing")
    assert len(there) == len(nothing) == 2
    assert len({*there, *nothing, registered.hook_secret}) == 4 - (nothing[0] == nothing[1])


async def test_a_token_ends_when_it_was_said_and_its_sessions_with_it(access: Access, clock: SetClock) -> None:
    """90 days for this one; a session that it began an instant before the end lasts an instant."""
    await access.add_user("bob", frozenset(), by=ADMIN)
    token, text = await access.new_token("bob", "laptop", by=ADMIN, expires="90d")
    assert token.expires == NOON + timedelta(days=90)
    clock.advance(timedelta(days=90) - timedelta(minutes=1))
    session = await access.start_session(await access.authenticate(text))
    assert session.expires == token.expires
    clock.advance(timedelta(minutes=1))
    with pytest.raises(NotSignedIn, match="the token expired on 2026-05-30"):
        await access.authenticate(text)
    with pytest.raises(NotSignedIn, match="the session is over"):
        await access.session(session.cookie)


@pytest.mark.parametrize(
    ("life", "given", "ends"),
    [
        (timedelta(days=7), None, timedelta(days=7)),
        (timedelta(days=7), "12h", timedelta(hours=12)),
        (timedelta(days=7), "never", None),
        (None, None, None),
    ],
)
async def test_what_is_not_said_is_the_server_s_default(
    store: Store, clock: SetClock, life: timedelta | None, given: str | None, ends: timedelta | None
) -> None:
    """Push tokens of apps last until it is said."""
    access = Access(store, key=b"k" * 32, session=timedelta(hours=1), life=life, now=clock)
    await access.add_user("bob", frozenset(), by=ADMIN)
    token, _ = await access.new_token("bob", "x", by=ADMIN, expires=given)
    assert token.expires == (NOON + ends if ends else None)
    assert (await access.first_push_token("web"))[0].expires is None


@pytest.mark.parametrize("span", ["soon", "", "-1d", "90", "1y", "99999d", "1d ", "d"])
async def test_a_span_that_is_none_is_refused(access: Access, span: str) -> None:
    await access.add_user("bob", frozenset(), by=ADMIN)
    with pytest.raises(UsageError, match="write it as 90d, 12h or never"):
        await access.new_token("bob", "x", by=ADMIN, expires=span)


async def test_revoking_a_token_ends_its_sessions_and_no_others(access: Access) -> None:
    first = await access.add_user("bob", frozenset(), by=ADMIN)
    _, second = await access.new_token("bob", "other", by=ADMIN)
    actors = [await access.authenticate(text) for text in (first, second)]
    sessions = [await access.start_session(actor) for actor in actors]
    assert actors[0].token_id is not None
    await access.revoke_token(actors[0].token_id, by=ADMIN)
    with pytest.raises(NotSignedIn):
        await access.session(sessions[0].cookie)
    assert (await access.session(sessions[1].cookie))[0].name == "bob"


async def _maker(access: Access, text: str) -> Actor:
    """Whoever signs in with the token."""
    return await access.authenticate(text)


async def test_revoking_a_token_ends_what_its_user_made_with_it(access: Access, apps: Apps) -> None:
    """And what was made with that, with their sessions; not tokens of others and of apps."""
    await apps.register("web", owner="payments", by=ADMIN)
    root = await _maker(access, await access.add_user("ann", frozenset({"administrators"}), by=ADMIN))
    child, text = await access.new_token("ann", "child", by=root)
    maker = await _maker(access, text)
    grandchild, deep = await access.new_token("ann", "grandchild", by=maker)
    session = await access.start_session(await _maker(access, deep))
    bob = await access.add_user("bob", frozenset(), by=maker)
    push = await access.new_push_token("web", by=maker)
    assert (child.made_with, grandchild.made_with) == (root.token_id, child.id)
    by_session, _ = await access.session(session.cookie)
    assert by_session.token_id == grandchild.id, "what is made in a browser is made with the token it was begun with"

    assert set(await access.revoke_token(child.id, by=ADMIN)) == {child.id, grandchild.id}

    with pytest.raises(NotSignedIn):
        await access.authenticate(deep)
    with pytest.raises(NotSignedIn):
        await access.session(session.cookie)
    assert (await access.authenticate(bob)).name == "bob"
    assert (await access.check_push("web", push, writes=False))[0].name == "web"
    assert {token.name for token in await access.tokens_of("ann", by=ADMIN)} == {"first"}


async def test_what_was_made_with_a_token_may_stay_or_end_with_everything(access: Access, apps: Apps) -> None:
    """A token that is renewed leaves the new one; of one that was stolen nothing stays."""
    await access.add_user("zoe", frozenset({"administrators"}), by=ADMIN)
    await apps.register("web", owner="payments", by=ADMIN)
    root = await _maker(access, await access.add_user("ann", frozenset({"administrators"}), by=ADMIN))
    renewed, text = await access.new_token("ann", "renewed", by=root)
    using = await _maker(access, text)
    assert root.token_id is not None
    with pytest.raises(
        Conflicting, match=r"the token that you use was made with .* \(leave out the tokens made with it"
    ):
        await access.revoke_token(root.token_id, by=using)
    assert await access.revoke_token(root.token_id, by=using, reach=Reach.NOTHING) == (root.token_id,)

    bob = await access.add_user("bob", frozenset(), by=using)
    push = await access.new_push_token("web", by=using)
    with pytest.raises(Refused):
        await access.revoke_token(renewed.id, by=replace(using, groups=frozenset()), reach=Reach.EVERYTHING)
    assert len(await access.revoke_token(renewed.id, by=ADMIN, reach=Reach.EVERYTHING)) == 3
    for ended in (bob, push):
        with pytest.raises(NotSignedIn):
            await access.authenticate(ended)


async def test_a_token_of_a_short_life_makes_none_that_outlives_it(store: Store, clock: SetClock) -> None:
    """For its own user; one of the usual life renews itself, or nobody could without an administrator."""
    access = Access(store, key=b"k" * 32, session=timedelta(hours=1), life=timedelta(days=365), now=clock)
    await access.add_user("bob", frozenset(), by=ADMIN)
    _, text = await access.new_token("bob", "short", by=ADMIN, expires="1h")
    short = await _maker(access, text)
    made, deep = await access.new_token("bob", "x", by=short)
    again, _ = await access.new_token("bob", "y", by=await _maker(access, deep), expires="30m")
    assert (made.expires, again.expires) == (NOON + timedelta(hours=1), NOON + timedelta(minutes=30))
    for longer in ("2h", "never"):
        with pytest.raises(
            Refused, match="your token ends on 2026-03-01 at 13:00 UTC, and tokens made with it end no later"
        ):
            await access.new_token("bob", "z", by=short, expires=longer)
    _, text = await access.new_token("bob", "usual", by=ADMIN)
    usual = await _maker(access, text)
    clock.at = NOON + timedelta(days=300)
    renewed, _ = await access.new_token("bob", "renewed", by=usual)
    assert renewed.expires == NOON + timedelta(days=665)


async def test_people_manage_their_own_tokens_and_their_apps(access: Access, apps: Apps) -> None:
    """Somebody else's is as one that is not there."""
    await apps.register("web", owner="payments", by=ADMIN)
    await apps.register("kiln", owner="others", by=ADMIN)
    web = Scope(apps=frozenset({"web"}))
    bob = Actor(name="bob", groups=frozenset({"developers"}), via="token", reads=web, deploys=web)
    await access.add_user("bob", frozenset(), by=ADMIN)
    await access.add_user("eve", frozenset(), by=ADMIN)
    mine = await access.tokens_managed_by(bob)
    assert {(token.user, token.app) for token in mine} == {("bob", None), (None, "web")}
    assert len(await access.tokens_managed_by(ADMIN)) == 4
    (own,) = await access.tokens_of("bob", by=bob)
    (eve,) = await access.tokens_of("eve", by=ADMIN)
    (kiln,) = await access.tokens_of_app("kiln")
    for other in (eve.id, kiln.id, "nothing"):
        with pytest.raises(NotThere, match=f"there is no token {other}"):
            await access.revoke_token(other, by=bob)
    with pytest.raises(Refused):
        await access.tokens_of("eve", by=bob)
    with pytest.raises(Refused):
        await access.new_token("eve", "x", by=bob)
    await access.new_token("bob", "another", by=bob)
    await access.revoke_token(own.id, by=bob)
    assert [token.name for token in await access.tokens_of("bob", by=bob)] == ["another"]


async def test_known_and_unknown_ids_take_the_same_work(access: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    """One hash of the same cost, whether the id is known, revoked or made up."""
    known = await access.add_user("bob", frozenset(), by=ADMIN)
    token, revoked = await access.new_token("bob", "x", by=ADMIN)
    await access.revoke_token(token.id, by=ADMIN)
    hashed: list[str] = []
    matches = tokens.matches

    def counted(hash_: str, secret: str) -> bool:
        hashed.append(hash_.rpartition("$")[0].rpartition("$")[0])  # the kind and its cost
        return matches(hash_, secret)

    monkeypatch.setattr(tokens, "matches", counted)
    wrong = known[:-43] + "x" * 43
    costs = []
    for text in (wrong, revoked, "sln_nobody1234_" + "x" * 43):
        hashed.clear()
        with pytest.raises(NotSignedIn, match="the token is not known here, or was revoked"):
            await access.authenticate(text)
        costs.append(list(hashed))
    assert costs[0] == costs[1] == costs[2]
    assert len(costs[0]) == 1


async def test_failed_attempts_are_limited_logged_and_audited(
    store: Store, clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    """By address and by id; a token that was right a moment ago goes on, and after a minute so does everybody."""
    limits = AttemptLimits(per_address=3, per_token=2)
    access = Access(store, key=b"k" * 32, session=timedelta(hours=1), limits=limits, now=clock)
    text = await access.add_user("bob", frozenset(), by=ADMIN)
    await access.authenticate(text, address="192.0.2.1")
    token_id = text.split("_")[1]

    async def wrong(token: str, address: str) -> type[Exception]:
        with pytest.raises((NotSignedIn, TooManyAttempts)) as raised:
            await access.authenticate(token, address=address)
        return raised.type

    with caplog.at_level("WARNING", logger="sealane.events"):
        by_id = [await wrong(f"sln_{token_id}_wrong", f"192.0.2.{number}") for number in (7, 8, 9)]
        by_address = [await wrong(f"sln_made{number}up_wrong", "192.0.2.1") for number in range(4)]
        nonsense = [await wrong("nonsense", "198.51.100.1") for _ in range(4)]
    assert by_id == [NotSignedIn, NotSignedIn, TooManyAttempts]
    assert by_address == nonsense == [NotSignedIn] * 3 + [TooManyAttempts]
    assert (await access.authenticate(text, address="192.0.2.1")).name == "bob"
    told = [record for record in caplog.records if record.getMessage() == "sign_in.failed"]
    assert len(told) == 8
    assert token_id in str(vars(told[0]))
    assert "wrong" not in {str(value) for value in vars(told[0]).values()}
    lines = [line for line in await store.audit.last(50) if line.kind == "sign_in.failed"]
    assert len(lines) == 8
    assert {(line.actor, line.subject) for line in lines} >= {("somebody at 192.0.2.7", "bob")}
    clock.advance(timedelta(seconds=50))
    assert (await access.authenticate(text, address="198.51.100.1")).name == "bob", "it was right an hour ago"
    clock.advance(timedelta(seconds=10))
    assert await wrong("nonsense", "198.51.100.1") is NotSignedIn


@pytest.mark.parametrize(("addresses", "tried"), [(1, 6), (40, 5)], ids=["one address", "one token"])
async def test_of_wrong_tokens_that_come_at_once_no_more_are_tried_than_may_fail(
    store: Store, clock: SetClock, addresses: int, tried: int
) -> None:
    """Of all ids from one address, or of one id from many: none is let through because the others are still being tried."""
    limits = AttemptLimits(per_address=6, per_token=5)
    access = Access(store, key=b"k" * 32, session=timedelta(hours=1), limits=limits, now=clock)
    right = await access.add_user("bob", frozenset(), by=ADMIN)
    texts = [f"sln_other{n}_x" if addresses == 1 else f"{right}{n}" for n in range(40)]
    wrong = [access.authenticate(text, address=f"192.0.2.{n % addresses}") for n, text in enumerate(texts)]
    ended = Counter(type(error) for error in await asyncio.gather(*wrong, return_exceptions=True))
    assert ended == {NotSignedIn: tried, TooManyAttempts: 40 - tried}


async def test_a_token_that_comes_often_at_once_is_tried_once(
    store: Store, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slow hash holds up others' requests; who waits for it is not let in where the token is revoked meanwhile."""
    access = Access(store, key=b"k" * 32, session=timedelta(hours=1), now=clock)
    text = await access.add_user("bob", frozenset(), by=ADMIN)
    tried, trying, revoked = list[str](), asyncio.Event(), threading.Event()
    matches, loop = tokens.matches, asyncio.get_running_loop()

    def counted(hashed: str, secret: str) -> bool:
        tried.append(secret)
        loop.call_soon_threadsafe(trying.set)
        return revoked.wait(60) and matches(hashed, secret)

    monkeypatch.setattr(tokens, "matches", counted)
    asked = [asyncio.create_task(access.authenticate(text, address="192.0.2.1")) for _ in range(40)]
    await trying.wait()
    await access.revoke_token(text.split("_")[1], by=ADMIN)
    revoked.set()
    ended = await asyncio.gather(*asked, return_exceptions=True)
    let_in = [answer for answer in ended if not isinstance(answer, NotSignedIn | TooManyAttempts)]
    assert len(let_in) <= 1, "only the one whose token was tried before it was revoked"

    other = await access.add_user("lea", frozenset(), by=ADMIN)
    tried.clear()
    await asyncio.gather(*(access.authenticate(other, address="192.0.2.2") for _ in range(40)))
    assert len(tried) == 1
