"""Bitbucket's webhooks, Cloud and Data Center ("Event payloads" of each): one message may have many events. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sealane.errors import UsageError
from sealane.events.model import Event, EventKind, RefGone
from sealane.events.sources import bodies, webhooks
from sealane.events.sources.port import GitHost
from sealane.events.sources.webhooks import Ignored, Message, Read

SIGNATURE, KIND = "x-hub-signature", "x-event-key"
_DELIVERIES = ("x-request-uuid", "x-request-id")
"""The header with a message's id, in the Cloud and in the Data Center."""
_STARTS = {"pr:opened", "pr:reopened", "pr:from_ref_updated"}
_CLOSES = {"pr:merged": "merged", "pr:declined": "declined", "pr:deleted": "deleted"}
_FOLDERS = {"branch": "refs/heads/", "tag": "refs/tags/"}


def read(app: str, headers: Mapping[str, str], body: bytes, *, secret: str, received: datetime) -> Message:
    """Verifies and reads one message; header names are lower case.

    Raises NotSignedIn for a wrong signature, UsageError for an unreadable message.
    """
    webhooks.verify(body, secret=secret, signature=headers.get(SIGNATURE))
    payload, kind = bodies.payload(headers, body), headers.get(KIND, "")
    delivery = next((headers[name] for name in _DELIVERIES if headers.get(name)), None)
    return Message(repository=_repository(payload), changes=_events(app, kind, payload, delivery, received))


def _events(
    app: str, kind: str, payload: Mapping[str, Any], delivery: str | None, received: datetime
) -> tuple[Read, ...]:
    match kind:
        case "repo:push":
            return _changes(app, _push, payload, ("push", "changes"), delivery, received)
        case "repo:refs_changed":
            return _changes(app, _refs_changed, payload, ("changes",), delivery, received)
        case "":
            raise UsageError("the webhook does not say its kind")
        case _ if kind in _STARTS or kind in _CLOSES:
            return (_by(_pull_request(app, kind, payload, delivery, received), payload),)
        case "pullrequest:created" | "pullrequest:updated":
            return (Ignored(reason="Bitbucket Cloud has no reference of a pull request: the push of its branch runs"),)
        case _:
            return (Ignored(reason=f"{kind[:100]} starts nothing"),)


def _repository(payload: Mapping[str, Any]) -> str:
    """`team/shop` in the Cloud; in the Data Center `PROJECT/shop`, of a pull request that of its target."""
    if name := webhooks.maybe(payload, "repository", "full_name"):
        return name
    for place in (("repository",), ("pullRequest", "toRef", "repository")):
        project, slug = webhooks.maybe(payload, *place, "project", "key"), webhooks.maybe(payload, *place, "slug")
        if project and slug:
            return f"{project}/{slug}"
    return ""


def _changes(
    app: str,
    read_one: Callable[[str, Mapping[str, Any], str | None, datetime], Read],
    payload: Mapping[str, Any],
    path: tuple[str, ...],
    delivery: str | None,
    received: datetime,
) -> tuple[Read, ...]:
    every = [read_one(app, change, _part(delivery, n), received) for n, change in enumerate(_listed(payload, *path))]
    return tuple(_by(event, payload) for event in every) or (Ignored(reason="a push of nothing starts nothing"),)


def _by(read: Read, payload: Mapping[str, Any]) -> Read:
    """Adds the user. A nickname in the Cloud is chosen freely, so the user is identified by the account's id there."""
    login = webhooks.maybe(payload, "actor", "uuid")
    login = login.strip("{}") if login else webhooks.maybe(payload, "actor", "name")
    return webhooks.pushed_by(read, host="bitbucket", login=login)


def _part(delivery: str | None, n: int) -> str | None:
    """The id of one part of a message: the first part has the message's own."""
    return f"{delivery}/{n}" if delivery and n else delivery


def _listed(payload: Mapping[str, Any], *path: str) -> list[dict[str, Any]]:
    value: Any = payload
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise UsageError(f"the webhook lacks {'.'.join(path)}")
    return value


def _push(app: str, change: Mapping[str, Any], delivery: str | None, received: datetime) -> Read:
    """One push of the Cloud: `new` is null for a deleted reference, `old` for a new one."""
    side = "new" if change.get("new") is not None else "old"
    kind, name = webhooks.text(change, side, "type"), webhooks.text(change, side, "name")
    if kind not in _FOLDERS:
        return Ignored(reason=f"a pushed {kind[:100]} starts nothing")
    ref = webhooks.reference(_FOLDERS[kind] + name)
    if side == "old":
        return RefGone(app=app, ref=ref, reason=f"{ref} was deleted", delivery=delivery, received=received)
    return Event(
        kind=EventKind.TAG if kind == "tag" else EventKind.PUSH,
        app=app,
        commit=webhooks.commit(change, "new", "target", "hash"),
        branch=name if kind == "branch" else None,
        ref=ref,
        before=webhooks.commit(change, "old", "target", "hash") if change.get("old") is not None else None,
        author=_author(webhooks.maybe(change, "new", "target", "author", "raw")),
        message=webhooks.subject(webhooks.maybe(change, "new", "target", "message")),
        delivery=delivery,
        received=received,
    )


def _author(raw: str | None) -> str | None:
    """`Kim <kim@example.com>`, in git's format."""
    return (raw.partition("<")[0].strip() or raw) if raw else None


def _refs_changed(app: str, change: Mapping[str, Any], delivery: str | None, received: datetime) -> Read:
    """One push of the Data Center; `toHash` of an annotated tag is the tag itself, `toCommit` its commit."""
    ref, after = webhooks.reference(webhooks.text(change, "ref", "id")), webhooks.commit(change, "toHash")
    before = webhooks.commit(change, "fromHash")
    if not ref.startswith(tuple(_FOLDERS.values())):
        return Ignored(reason=f"{ref} is neither a branch nor a tag")
    if webhooks.is_nowhere(after):
        return RefGone(app=app, ref=ref, reason=f"{ref} was deleted", delivery=delivery, received=received)
    return Event(
        kind=EventKind.TAG if ref.startswith("refs/tags/") else EventKind.PUSH,
        app=app,
        commit=webhooks.commit(change, "toCommit", "id") if change.get("toCommit") else after,
        branch=ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else None,
        ref=ref,
        before=None if webhooks.is_nowhere(before) else before,
        author=webhooks.maybe(change, "toCommit", "author", "name"),
        message=webhooks.subject(webhooks.maybe(change, "toCommit", "message")),
        delivery=delivery,
        received=received,
    )


def _pull_request(app: str, kind: str, payload: Mapping[str, Any], delivery: str | None, received: datetime) -> Read:
    number = webhooks.number(payload, "pullRequest", "id")
    ref = f"refs/pull-requests/{number}/from"
    if kind in _CLOSES:
        reason = f"pull request {number} was {_CLOSES[kind]}"
        return RefGone(app=app, ref=ref, reason=reason, delivery=delivery, received=received)
    ours, theirs = (webhooks.number(payload, "pullRequest", side, "repository", "id") for side in ("toRef", "fromRef"))
    if theirs != ours:
        return Ignored(
            reason=webhooks.of_a_fork(
                "pull request", webhooks.maybe(payload, "pullRequest", "fromRef", "repository", "slug")
            )
        )
    return Event(
        kind=EventKind.PULL_REQUEST,
        app=app,
        commit=webhooks.commit(payload, "pullRequest", "fromRef", "latestCommit"),
        branch=webhooks.reference(webhooks.text(payload, "pullRequest", "toRef", "displayId")),
        ref=ref,
        author=webhooks.maybe(payload, "pullRequest", "author", "user", "displayName"),
        message=webhooks.maybe(payload, "pullRequest", "title") or "",
        delivery=delivery,
        received=received,
    )


ADAPTER = GitHost(name="Bitbucket", read=read, proof=SIGNATURE, dated=False)
