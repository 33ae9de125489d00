"""Webhooks of GitHub and Gitea: what is believed, what starts something, and what is made of it."""

import hashlib
import hmac
import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.errors import NotSignedIn, SealaneError, UsageError
from sealane.events.model import Event, EventKind, Pusher, RefGone, Signed
from sealane.events.sources import gitea, github, pushes
from sealane.events.sources.webhooks import Ignored, of_another

AT = datetime(2026, 11, 21, tzinfo=UTC)
OLD, NEW = "a" * 40, "b" * 40
SECRET = "between us"
PUSH: dict[str, Any] = {
    "ref": "refs/heads/main",
    "before": OLD,
    "after": NEW,
    "forced": False,
    "deleted": False,
    "repository": {
        "full_name": "team/shop",
        "clone_url": "https://git.example.com/team/shop.git",
        "default_branch": "main",
    },
    "pusher": {"name": "kim"},
    "commits": [{"id": NEW, "added": ["web/new.py"], "removed": [], "modified": ["README.md"]}],
    "head_commit": {"id": NEW, "message": "Cache pages\n\nLonger words", "author": {"name": "Kim"}},
}
PULL: dict[str, Any] = {
    "action": "synchronize",
    "number": 7,
    "pull_request": {
        "title": "Cache pages",
        "user": {"login": "kim"},
        "head": {"sha": NEW, "ref": "cache", "repo": {"full_name": "team/shop"}},
        "base": {"ref": "main"},
    },
    "repository": PUSH["repository"],
}


def sign(body: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def receive(payload: dict[str, Any], kind: str = "push", *, host: Any = github) -> Any:
    body = json.dumps(payload).encode()
    prefix = "sha256=" if host is github else ""
    headers = {host.SIGNATURE: prefix + sign(body), host.KIND: kind, host.DELIVERY: "d-1"}
    [read] = host.read("shop", headers, body, secret=SECRET, received=AT).changes
    return read


@pytest.mark.parametrize("host", [github, gitea])
def test_a_push_says_commit_branch_and_author_and_leaves_files_to_the_clone(host: Any) -> None:
    assert receive(PUSH, host=host) == Event(
        kind=EventKind.PUSH,
        app="shop",
        repository="https://git.example.com/team/shop.git",
        commit=NEW,
        branch="main",
        trunk="main",
        ref="refs/heads/main",
        before=OLD,
        author="Kim",
        message="Cache pages",
        delivery="d-1",
        received=AT,
    )


@pytest.mark.parametrize(("kind", "message"), [("push", PUSH), ("pull_request", PULL)])
@pytest.mark.parametrize("host", [github, gitea])
@pytest.mark.parametrize(
    ("said", "login"),
    [
        ({"sender": {"login": "lee"}}, "lee"),
        ({"sender": {"login": "lee"}, "pusher": {"login": "kim", "name": "kim"}}, "lee"),
        ({"sender": None, "pusher": {"login": "max", "username": "max"}}, "max"),
        ({"sender": {}, "pusher": {"username": "old"}}, "old"),
        ({"sender": {"login": 7}, "pusher": {"name": "Kim"}}, None),
        ({"sender": {"login": "a\x1b[2J b"}}, "a b"),
    ],
)
def test_who_pushed_is_who_is_signed_in_at_the_host(
    kind: str, message: dict[str, Any], host: Any, said: dict[str, Any], login: str | None
) -> None:
    """Never the commit's author, nor the name that a push is sent under."""
    event = receive({**message, **said}, kind, host=host)
    name = "github" if host is github else "gitea"
    expected = Pusher(signed=Signed.HOST, name=login, host=name) if login else None
    assert event.pusher == expected


def test_an_annotated_tag_is_built_at_its_commit() -> None:
    event = receive(PUSH | {"ref": "refs/tags/v1", "after": "c" * 40})
    assert (event.kind, event.commit, event.branch) == (EventKind.TAG, NEW, None)


def test_a_pull_request_is_built_at_its_head_for_the_branch_it_wants_into() -> None:
    event = receive(PULL, "pull_request")
    assert (event.kind, event.commit, event.branch, event.ref) == (
        EventKind.PULL_REQUEST,
        NEW,
        "main",
        "refs/pull/7/head",
    )


@pytest.mark.parametrize(
    ("registered", "told"),
    [
        ("https://git.example.com/team/shop.git", "team/shop"),
        ("https://git.example.com/team/shop", "Team/Shop"),
        ("ssh://git@git.example.com:2222/team/shop.git", "team/shop"),
        ("https://example.com/gitlab/group/team/shop.git/", "group/team/shop"),
        ("https://bitbucket.example.com/scm/~kim/shop.git", "~KIM/shop"),
        ("https://bitbucket.example.com/scm/%7Ekim/shop.git", "~kim/shop"),
        ("https://git.example.com/team/shop.git", None),
    ],
)
def test_a_message_about_the_app_s_own_repository_counts(registered: str, told: str | None) -> None:
    assert of_another(told, registered) is None


@pytest.mark.parametrize(
    "told", ["evil/shop", "team/shop2", "team/my-shop", "shop/team", "a/team/shop", "", "/", "team/shop/x"]
)
def test_a_message_about_another_repository_does_not(told: str) -> None:
    """Whoever has a fork in the organization could push "main" there, and its commits can be fetched from the original."""
    reason = of_another(told, "https://git.example.com/team/shop.git")
    assert reason is not None
    assert reason.endswith(", and the app's is team/shop")


@pytest.mark.parametrize(
    ("payload", "kind", "reason"),
    [
        (PUSH | {"ref": "refs/notes/x"}, "push", "neither a branch nor a tag"),
        (PULL | {"action": "labeled"}, "pull_request", "labeled starts nothing"),
        ({"ref_type": "wiki", "ref": "x"}, "delete", "a deleted wiki starts nothing"),
        ({}, "ping", "ping starts nothing"),
        (
            PULL
            | {
                "pull_request": PULL["pull_request"]
                | {"head": {"sha": NEW, "ref": "x", "repo": {"full_name": "evil/shop"}}}
            },
            "pull_request",
            r"fork \(evil/shop\)",
        ),
    ],
)
def test_what_starts_nothing_says_why(payload: dict[str, Any], kind: str, reason: str) -> None:
    ignored = receive(payload, kind)
    assert isinstance(ignored, Ignored)
    assert re.search(reason, ignored.reason)


@pytest.mark.parametrize("host", [github, gitea])
@pytest.mark.parametrize(
    ("payload", "kind", "ref", "reason"),
    [
        (PUSH | {"after": "0" * 40, "deleted": True}, "push", "refs/heads/main", "refs/heads/main was deleted"),
        (PUSH | {"ref": "refs/tags/v2", "after": "0" * 40}, "push", "refs/tags/v2", "refs/tags/v2 was deleted"),
        ({"ref_type": "branch", "ref": "a/b"}, "delete", "refs/heads/a/b", "refs/heads/a/b was deleted"),
        ({"ref_type": "tag", "ref": "refs/tags/v2"}, "delete", "refs/tags/v2", "refs/tags/v2 was deleted"),
        (PULL | {"action": "closed"}, "pull_request", "refs/pull/7/head", "pull request 7 was closed"),
    ],
)
def test_what_is_gone_is_told(host: Any, payload: dict[str, Any], kind: str, ref: str, reason: str) -> None:
    """It starts nothing itself, but what comes under its name afterwards is new."""
    gone = receive(payload, kind, host=host)
    assert gone == RefGone(app="shop", ref=ref, reason=reason, delivery="d-1", received=AT)


@pytest.mark.parametrize("host", [github, gitea])
@pytest.mark.parametrize("signature", [None, "", "sha256=", sign(b"{}", "another"), "sha256=é"])
def test_an_unsigned_or_wrongly_signed_message_is_refused(host: Any, signature: str | None) -> None:
    headers = {host.KIND: "push"} | ({host.SIGNATURE: signature} if signature is not None else {})
    with pytest.raises(NotSignedIn):
        host.read("shop", headers, b"{}", secret=SECRET, received=AT)


@pytest.mark.parametrize("host", [github, gitea])
def test_an_empty_secret_is_refused_even_when_the_signature_fits(host: Any) -> None:
    with pytest.raises(UsageError, match="no webhook secret"):
        host.read("shop", {host.KIND: "push", host.SIGNATURE: sign(b"{}", "")}, b"{}", secret="", received=AT)


@pytest.mark.parametrize("missing", ["ref", "after", "repository"])
def test_a_push_that_lacks_something_says_what(missing: str) -> None:
    with pytest.raises(UsageError, match=missing):
        receive({key: value for key, value in PUSH.items() if key != missing})


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*PUSH, *PULL, "id", "head"]), inner),
        max_leaves=20,
    )
)
def test_no_signed_payload_breaks_the_reader(payload: Any) -> None:
    body = json.dumps(payload).encode()
    for kind in ("push", "pull_request"):
        try:
            github.read("shop", {github.KIND: kind, github.SIGNATURE: sign(body)}, body, secret=SECRET, received=AT)
        except SealaneError as error:
            assert error.exit_code == 2


def test_a_push_to_our_own_repository_is_what_moved() -> None:
    """New and moved branches and tags; not deleted ones, not what stayed."""
    tips = {
        "refs/heads/main": pushes.Tip(commit=NEW, message="m"),
        "refs/heads/still": pushes.Tip(commit=OLD),
        "refs/tags/v1": pushes.Tip(commit=NEW),
    }
    before = {"refs/heads/main": OLD, "refs/heads/still": OLD, "refs/heads/gone": OLD}
    made = pushes.events("shop", repository="r", trunk="main", before=before, after=tips, received=AT)
    assert [(event.kind, event.ref, event.before) for event in made] == [
        (EventKind.PUSH, "refs/heads/main", OLD),
        (EventKind.TAG, "refs/tags/v1", None),
    ]


anything = st.text(st.characters(exclude_categories=()), max_size=20)


@given(anything, st.sampled_from(["ref", "after", "before", "author"]), anything)
def test_whatever_a_message_holds_can_be_stored_and_given_to_git(odd: str, where: str, message: str) -> None:
    """Else it is refused: lone surrogates, zeros, options in place of hashes."""
    commit = {"id": NEW, "message": message, "author": {"name": odd}}
    changed = {} if where == "author" else {where: f"refs/heads/{odd}" if where == "ref" else odd}
    try:
        event = receive(PUSH | {"head_commit": commit} | changed)
    except UsageError:
        assert changed
        return
    assert isinstance(event, Event)
    for text in (event.ref, event.branch, event.commit, event.before, event.author, event.message):
        assert text is None or "\0" not in text.encode().decode()


@pytest.mark.parametrize("name", ["main", "release/1.x", "feature/a-b_c", "user@host", "größe", "v1.2-rc.1", "a.b"])
def test_references_that_git_takes_are_taken(name: str) -> None:
    assert receive(PUSH | {"ref": f"refs/heads/{name}"}).branch == name


@pytest.mark.parametrize(
    "name",
    ["", "../etc", "a b", "a\nb", "\x1b[31m", "a:b", "a~1", "a^", "a?", "a*", "[a", "a\\b", "x.lock", "a@{1}", "a//b"],
)
def test_references_that_git_does_not_take_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="no reference of git"):
        receive(PUSH | {"ref": f"refs/heads/{name}"})


@pytest.mark.parametrize(
    "commit", ["abc", "--output=/x", "refs/heads/main", "HEAD", "B" * 40, "b" * 41, "b" * 40 + "\n"]
)
def test_a_commit_is_a_whole_hash(commit: str) -> None:
    for changed in ({"after": commit}, {"head_commit": {"id": commit}}):
        with pytest.raises(UsageError, match="is not the hash of a commit"):
            receive(PUSH | changed)


def test_hashes_may_be_of_sha256() -> None:
    """Then a reference that is not there is of 64 zeros."""
    event = receive(PUSH | {"before": "0" * 64, "after": "c" * 64, "head_commit": None})
    assert (event.before, event.commit) == (None, "c" * 64)
    assert isinstance(receive(PUSH | {"after": "0" * 64, "head_commit": None}), RefGone)
