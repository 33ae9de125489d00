"""Webhooks of GitLab and Bitbucket: what is believed, what starts something, and what is made of it."""

from __future__ import annotations

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
from sealane.events.sources import bitbucket, gitlab
from sealane.events.sources.webhooks import Ignored

AT = datetime(2026, 11, 21, tzinfo=UTC)
OLD, NEW, TAG, NOWHERE = "a" * 40, "b" * 40, "c" * 40, "0" * 40
SECRET = "between us"
UUID = "c423e13e-1b4f-4b2c-8f8e-2b6b1f1f7a10"

PROJECT = {
    "git_http_url": "https://gitlab.example.com/team/shop.git",
    "default_branch": "main",
    "path_with_namespace": "team/shop",
}
LAB_PUSH: dict[str, Any] = {
    "object_kind": "push",
    "ref": "refs/heads/main",
    "before": OLD,
    "after": NEW,
    "checkout_sha": NEW,
    "user_name": "Kim the Great",
    "user_username": "kim",
    "project": PROJECT,
    "commits": [{"id": NEW, "message": "Cache pages\n\nLonger", "author": {"name": "Kim"}}],
}
LAB_MERGE: dict[str, Any] = {
    "object_kind": "merge_request",
    "user": {"username": "kim"},
    "project": PROJECT,
    "object_attributes": {
        "iid": 7,
        "action": "open",
        "title": "Cache pages",
        "target_branch": "main",
        "source_branch": "cache",
        "source": PROJECT,
        "target": PROJECT,
        "last_commit": {"id": NEW, "author": {"name": "Kim"}},
    },
}
CLOUD_CHANGE: dict[str, Any] = {
    "new": {
        "type": "branch",
        "name": "main",
        "target": {"hash": NEW, "message": "Cache pages\n", "author": {"raw": "Kim <kim@example.com>"}},
    },
    "old": {"type": "branch", "name": "main", "target": {"hash": OLD}},
}
ACTOR = {"actor": {"nickname": "anybody", "uuid": f"{{{UUID}}}"}}
CLOUD_PUSH: dict[str, Any] = {**ACTOR, "push": {"changes": [CLOUD_CHANGE]}, "repository": {"full_name": "team/shop"}}
SHOP = {"id": 3, "slug": "shop", "project": {"key": "TEAM"}}
CENTER_CHANGE: dict[str, Any] = {
    "ref": {"id": "refs/heads/main", "displayId": "main", "type": "BRANCH"},
    "fromHash": OLD,
    "toHash": NEW,
    "type": "UPDATE",
}
CENTER_PUSH: dict[str, Any] = {
    "actor": {"name": "kim", "displayName": "Kim the Great"},
    "changes": [CENTER_CHANGE],
    "repository": SHOP,
}
CENTER_PULL: dict[str, Any] = {
    "actor": {"name": "kim"},
    "pullRequest": {
        "id": 7,
        "title": "Cache pages",
        "author": {"user": {"displayName": "Kim"}},
        "fromRef": {"id": "refs/heads/cache", "latestCommit": NEW, "repository": {"id": 3, "slug": "shop"}},
        "toRef": {"id": "refs/heads/main", "displayId": "main", "repository": SHOP},
    },
}
EVENT: dict[str, Any] = {"app": "shop", "commit": NEW, "branch": "main", "delivery": "d-1", "received": AT}


def sign(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    ("message", "kind", "repository"),
    [
        (LAB_PUSH, "Push Hook", "team/shop"),
        (LAB_MERGE, "Merge Request Hook", "team/shop"),
        (CLOUD_PUSH, "repo:push", "team/shop"),
        (CENTER_PUSH, "repo:refs_changed", "TEAM/shop"),
        (CENTER_PULL, "pr:opened", "TEAM/shop"),
        ({"changes": [CENTER_CHANGE], "repository": {"slug": "shop"}}, "repo:refs_changed", ""),
        (LAB_PUSH | {"project": {"git_http_url": "x"}}, "Push Hook", ""),
    ],
)
def test_a_message_says_which_repository_it_is_about(message: dict[str, Any], kind: str, repository: str) -> None:
    """Not the head of a request, which may be in a fork; an empty name is no app's."""
    body = json.dumps(message).encode()
    host = gitlab if kind.endswith("Hook") else bitbucket
    proof = {gitlab.TOKEN: SECRET, gitlab.KIND: kind, bitbucket.SIGNATURE: sign(body), bitbucket.KIND: kind}
    assert host.read("shop", proof, body, secret=SECRET, received=AT).repository == repository


def from_gitlab(payload: Any, kind: str = "Push Hook") -> tuple[Any, ...]:
    headers = {gitlab.TOKEN: SECRET, gitlab.KIND: kind, gitlab.DELIVERY: "d-1"}
    return gitlab.read("shop", headers, json.dumps(payload).encode(), secret=SECRET, received=AT).changes


def from_bitbucket(payload: Any, kind: str) -> tuple[Any, ...]:
    body = json.dumps(payload).encode()
    headers = {bitbucket.SIGNATURE: sign(body), bitbucket.KIND: kind, "x-request-uuid": "d-1"}
    return bitbucket.read("shop", headers, body, secret=SECRET, received=AT).changes


def by(host: str, name: str) -> Pusher:
    return Pusher(signed=Signed.HOST, name=name, host=host)


def changed(message: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The merge or pull request with other fields."""
    inner = "object_attributes" if "object_attributes" in message else "pullRequest"
    return message | {inner: message[inner] | fields}


def test_a_push_says_commit_branch_author_and_who_was_signed_in() -> None:
    """In the Cloud of Bitbucket by the account's id: everybody may change their nickname to another's."""
    told = {"kind": EventKind.PUSH, "ref": "refs/heads/main", "before": OLD, "message": "Cache pages", "author": "Kim"}
    where = {"repository": "https://gitlab.example.com/team/shop.git", "trunk": "main"}
    assert from_gitlab(LAB_PUSH) == (Event(**EVENT, **told, **where, pusher=by("gitlab", "kim")),)
    assert from_bitbucket(CLOUD_PUSH, "repo:push") == (Event(**EVENT, **told, pusher=by("bitbucket", UUID)),)
    told |= {"message": "", "author": None}
    assert from_bitbucket(CENTER_PUSH, "repo:refs_changed") == (Event(**EVENT, **told, pusher=by("bitbucket", "kim")),)


def test_an_annotated_tag_is_built_at_its_commit() -> None:
    lab = from_gitlab(
        LAB_PUSH | {"ref": "refs/tags/v1", "before": NOWHERE, "after": TAG, "commits": []}, "Tag Push Hook"
    )
    new = {"type": "tag", "name": "v1", "target": {"hash": NEW}}
    cloud = from_bitbucket(CLOUD_PUSH | {"push": {"changes": [{"new": new, "old": None}]}}, "repo:push")
    change = {"ref": {"id": "refs/tags/v1"}, "fromHash": NOWHERE, "toHash": TAG, "toCommit": {"id": NEW}}
    center = from_bitbucket(CENTER_PUSH | {"changes": [change]}, "repo:refs_changed")
    for [event] in (lab, cloud, center):
        assert (event.kind, event.ref, event.commit, event.branch, event.before) == (
            EventKind.TAG,
            "refs/tags/v1",
            NEW,
            None,
            None,
        )


@pytest.mark.parametrize("action", [{"action": "open"}, {"action": "reopen"}, {"action": "update", "oldrev": OLD}])
def test_a_merge_request_is_built_at_its_head_for_the_branch_it_wants_into(action: dict[str, Any]) -> None:
    told = {"kind": EventKind.PULL_REQUEST, "ref": "refs/merge-requests/7/head", "message": "Cache pages"}
    where = {"repository": PROJECT["git_http_url"], "trunk": "main", "author": "Kim", "pusher": by("gitlab", "kim")}
    assert from_gitlab(changed(LAB_MERGE, **action), "Merge Request Hook") == (Event(**EVENT, **told, **where),)


@pytest.mark.parametrize("kind", ["pr:opened", "pr:from_ref_updated"])
def test_a_pull_request_of_a_data_center_is_built_at_its_head(kind: str) -> None:
    told = {"kind": EventKind.PULL_REQUEST, "ref": "refs/pull-requests/7/from", "message": "Cache pages"}
    assert from_bitbucket(CENTER_PULL, kind) == (Event(**EVENT, **told, author="Kim", pusher=by("bitbucket", "kim")),)


def test_a_message_that_tells_of_many_references_has_each_of_them() -> None:
    """Under an id of its own, because a copy is what comes again under one."""
    branch = {"new": CLOUD_CHANGE["new"] | {"name": "next"}, "old": None}
    gone = {"new": None, "old": {"type": "branch", "name": "former", "target": {"hash": OLD}}}
    odd = {"new": {"type": "named_branch", "name": "x"}, "old": None}
    first, second, third, fourth = from_bitbucket(
        CLOUD_PUSH | {"push": {"changes": [CLOUD_CHANGE, branch, gone, odd]}}, "repo:push"
    )
    assert (first.ref, first.delivery) == ("refs/heads/main", "d-1")
    assert (second.ref, second.before, second.delivery) == ("refs/heads/next", None, "d-1/1")
    reason = "refs/heads/former was deleted"
    assert third == RefGone(app="shop", ref="refs/heads/former", reason=reason, delivery="d-1/2", received=AT)
    assert fourth == Ignored(reason="a pushed named_branch starts nothing")


@pytest.mark.parametrize(
    ("received", "reason"),
    [
        (from_gitlab(LAB_PUSH | {"ref": "refs/notes/x"}), "neither a branch nor a tag"),
        (from_gitlab({}, "Pipeline Hook"), "Pipeline Hook starts nothing"),
        (from_gitlab({}, "System Hook"), "System Hook starts nothing"),
        (from_gitlab(changed(LAB_MERGE, action="update"), "Merge Request Hook"), "got no commits"),
        (from_gitlab(changed(LAB_MERGE, action="approved"), "Merge Request Hook"), "got no commits"),
        (
            from_gitlab(
                changed(LAB_MERGE, source=PROJECT | {"path_with_namespace": "evil/shop"}), "Merge Request Hook"
            ),
            r"fork \(evil/shop\)",
        ),
        (from_bitbucket({}, "diagnostics:ping"), "diagnostics:ping starts nothing"),
        (from_bitbucket({"push": {"changes": []}}, "repo:push"), "of nothing"),
        (from_bitbucket({"changes": []}, "repo:refs_changed"), "of nothing"),
        (from_bitbucket({}, "pullrequest:created"), "the push of its branch runs"),
        (
            from_bitbucket(
                changed(CENTER_PULL, fromRef={"latestCommit": NEW, "repository": {"id": 4, "slug": "evil"}}),
                "pr:opened",
            ),
            r"fork \(evil\)",
        ),
    ],
)
def test_what_starts_nothing_says_why(received: tuple[Any, ...], reason: str) -> None:
    [ignored] = received
    assert isinstance(ignored, Ignored)
    assert re.search(reason, ignored.reason)


@pytest.mark.parametrize(
    ("received", "ref", "reason"),
    [
        (
            from_gitlab(LAB_PUSH | {"after": NOWHERE, "checkout_sha": None}),
            "refs/heads/main",
            "refs/heads/main was deleted",
        ),
        (
            from_gitlab(changed(LAB_MERGE, action="merge"), "Merge Request Hook"),
            "refs/merge-requests/7/head",
            "merge request 7 was merged",
        ),
        (
            from_bitbucket(CENTER_PUSH | {"changes": [CENTER_CHANGE | {"toHash": NOWHERE}]}, "repo:refs_changed"),
            "refs/heads/main",
            "refs/heads/main was deleted",
        ),
        (from_bitbucket(CENTER_PULL, "pr:declined"), "refs/pull-requests/7/from", "pull request 7 was declined"),
    ],
)
def test_what_is_gone_is_told(received: tuple[Any, ...], ref: str, reason: str) -> None:
    assert received == (RefGone(app="shop", ref=ref, reason=reason, delivery="d-1", received=AT),)


@pytest.mark.parametrize("proof", [None, "", "sha256=", sign(b"{}", "another"), "\xff\xe9", SECRET + " "])
@pytest.mark.parametrize(
    ("host", "header", "kind"),
    [
        (gitlab, gitlab.TOKEN, {gitlab.KIND: "Push Hook"}),
        (bitbucket, bitbucket.SIGNATURE, {bitbucket.KIND: "repo:push"}),
    ],
)
def test_a_message_without_its_right_proof_is_refused(
    host: Any, header: str, kind: dict[str, str], proof: str | None
) -> None:
    headers = kind | ({header: proof} if proof is not None else {})
    with pytest.raises(NotSignedIn):
        host.read("shop", headers, b"{}", secret=SECRET, received=AT)


def test_an_app_without_a_secret_believes_nothing() -> None:
    with pytest.raises(UsageError, match="no webhook secret"):
        gitlab.read("shop", {gitlab.TOKEN: ""}, b"{}", secret="", received=AT)
    with pytest.raises(UsageError, match="no webhook secret"):
        bitbucket.read("shop", {bitbucket.SIGNATURE: sign(b"{}", "")}, b"{}", secret="", received=AT)


KEYS = ["new", "old", "target", "hash", "object_attributes", "iid", "pullRequest", "fromRef", "repository", "id"]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from([NEW, "branch", "refs/heads/a"]),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*LAB_PUSH, *CENTER_CHANGE, *KEYS]), inner),
    max_leaves=20,
)


@given(ANYTHING, st.sampled_from([LAB_PUSH, LAB_MERGE, CLOUD_PUSH, CENTER_PUSH, CENTER_PULL]), st.data())
def test_no_payload_breaks_the_readers(odd: Any, message: dict[str, Any], data: st.DataObject) -> None:
    """Whatever stands at one of its keys: it is read or refused as a wrong message, and what is read can be stored."""
    odd_message = message | {data.draw(st.sampled_from([*message])): odd}
    for read, kinds in (
        (from_gitlab, ("Push Hook", "Merge Request Hook")),
        (from_bitbucket, ("repo:push", "repo:refs_changed", "pr:opened", "pr:merged")),
    ):
        for kind in kinds:
            try:
                every = read(odd_message, kind)
            except SealaneError as error:
                assert error.exit_code == 2
                continue
            assert every
            for event in every:
                words = [] if isinstance(event, Ignored) else [event.ref]
                words += [event.author, event.message, event.branch] if isinstance(event, Event) else []
                assert all("\0" not in word.encode().decode() for word in words if word)


def test_an_address_of_gitlab_s_own_names_its_login() -> None:
    assert gitlab.ADAPTER.login("123-kim-lee@users.noreply.gitlab.com") == "kim-lee"
    assert gitlab.ADAPTER.login("kim@users.noreply.gitlab.com") is None
    assert bitbucket.ADAPTER.login("kim@example.com") is None
