"""GitHub's webhooks (docs.github.com, "Webhook events and payloads") and those of hosts with the same format. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sealane.errors import UsageError
from sealane.events.model import Event, EventKind, RefGone
from sealane.events.sources import bodies, webhooks
from sealane.events.sources.port import GitHost
from sealane.events.sources.webhooks import Ignored, Message, Read

SIGNATURE, KIND, DELIVERY = "x-hub-signature-256", "x-github-event", "x-github-delivery"
_NOREPLY = re.compile(r"(?:[0-9]+\+)?([^@\s]+)@users\.noreply\.github\.com", re.IGNORECASE)
_PULL_REQUEST_STARTS = {"opened", "reopened", "synchronize", "synchronized"}


def read(app: str, headers: Mapping[str, str], body: bytes, *, secret: str, received: datetime) -> Message:
    """Verifies and reads one message; header names are lower case.

    Raises NotSignedIn for a wrong signature, UsageError for an unreadable message.
    """
    webhooks.verify(body, secret=secret, signature=headers.get(SIGNATURE))
    payload = bodies.payload(headers, body)
    kind = headers.get(KIND, "")
    return message(app, kind, payload, host="github", delivery=headers.get(DELIVERY), received=received)


def message(
    app: str, kind: str, payload: Mapping[str, Any], *, host: str, delivery: str | None, received: datetime
) -> Message:
    """What a verified message tells. Raises UsageError if it lacks fields of its kind."""
    read = _event(app, kind, payload, host, delivery, received)
    return Message(repository=webhooks.maybe(payload, "repository", "full_name") or "", changes=(read,))


def _event(
    app: str, kind: str, payload: Mapping[str, Any], host: str, delivery: str | None, received: datetime
) -> Read:
    match kind:
        case "push":
            return _by(_push(app, payload, delivery, received), payload, host)
        case "pull_request":
            return _by(_pull_request(app, payload, delivery, received), payload, host)
        case "delete":
            return _delete(app, payload, delivery, received)
        case "":
            raise UsageError("the webhook does not say its kind")
        case _:
            return Ignored(reason=f"{kind} starts nothing")


def _by(read: Read, payload: Mapping[str, Any], host: str) -> Read:
    """Adds the user.

    GitHub's `sender` is the account that caused the message; `pusher` of a push by a deploy key names its owner. Gitea
    has both, and older versions only `pusher`.
    """
    login = webhooks.maybe(payload, "sender", "login")
    login = login or webhooks.maybe(payload, "pusher", "login") or webhooks.maybe(payload, "pusher", "username")
    return webhooks.pushed_by(read, host=host, login=login)


def _push(app: str, payload: Mapping[str, Any], delivery: str | None, received: datetime) -> Read:
    ref, after = webhooks.reference(webhooks.text(payload, "ref")), webhooks.commit(payload, "after")
    before = webhooks.commit(payload, "before") if payload.get("before") is not None else None
    if not ref.startswith(("refs/heads/", "refs/tags/")):
        return Ignored(reason=f"{ref} is neither a branch nor a tag")
    if webhooks.is_nowhere(after) or payload.get("deleted") is True:
        return RefGone(app=app, ref=ref, reason=f"{ref} was deleted", delivery=delivery, received=received)
    return Event(
        kind=EventKind.TAG if ref.startswith("refs/tags/") else EventKind.PUSH,
        app=app,
        repository=webhooks.text(payload, "repository", "clone_url"),
        commit=webhooks.commit(payload, "head_commit", "id") if payload.get("head_commit") else after,
        branch=ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else None,
        trunk=webhooks.maybe(payload, "repository", "default_branch"),
        ref=ref,
        before=None if webhooks.is_nowhere(before) else before,
        author=webhooks.maybe(payload, "head_commit", "author", "name") or webhooks.maybe(payload, "pusher", "name"),
        message=webhooks.subject(webhooks.maybe(payload, "head_commit", "message")),
        delivery=delivery,
        received=received,
    )


def _delete(app: str, payload: Mapping[str, Any], delivery: str | None, received: datetime) -> Read:
    """Gitea's only message about a deletion; GitHub also sends a push without commits."""
    kind, name = webhooks.text(payload, "ref_type"), webhooks.text(payload, "ref")
    folder = {"branch": "refs/heads/", "tag": "refs/tags/"}.get(kind)
    if folder is None:
        return Ignored(reason=f"a deleted {kind} starts nothing")
    ref = webhooks.reference(name if name.startswith("refs/") else folder + name)
    return RefGone(app=app, ref=ref, reason=f"{ref} was deleted", delivery=delivery, received=received)


def _pull_request(app: str, payload: Mapping[str, Any], delivery: str | None, received: datetime) -> Read:
    action = webhooks.text(payload, "action")
    number = payload.get("number")
    ref = webhooks.reference(f"refs/pull/{number}/head")
    if action == "closed":
        return RefGone(
            app=app, ref=ref, reason=f"pull request {number} was closed", delivery=delivery, received=received
        )
    if action not in _PULL_REQUEST_STARTS:
        return Ignored(reason=f"a pull request that was {action} starts nothing")
    ours = webhooks.text(payload, "repository", "full_name")
    theirs = webhooks.maybe(payload, "pull_request", "head", "repo", "full_name")
    if theirs != ours:
        return Ignored(reason=webhooks.of_a_fork("pull request", theirs))
    return Event(
        kind=EventKind.PULL_REQUEST,
        app=app,
        repository=webhooks.text(payload, "repository", "clone_url"),
        commit=webhooks.commit(payload, "pull_request", "head", "sha"),
        branch=webhooks.reference(webhooks.text(payload, "pull_request", "base", "ref")),
        trunk=webhooks.maybe(payload, "repository", "default_branch"),
        ref=ref,
        author=webhooks.maybe(payload, "pull_request", "user", "login"),
        message=webhooks.maybe(payload, "pull_request", "title") or "",
        delivery=delivery,
        received=received,
    )


def _login(email: str) -> str | None:
    match = _NOREPLY.fullmatch(email)
    return match[1] if match else None


ADAPTER = GitHost(name="GitHub", read=read, proof=SIGNATURE, login=_login)
