"""GitLab's webhooks (docs.gitlab.com, "Webhook events"): a header contains the secret itself. Pure."""

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

TOKEN, KIND, DELIVERY = "x-gitlab-token", "x-gitlab-event", "idempotency-key"
_NOREPLY = re.compile(r"[0-9]+-([^@\s]+)@users\.noreply\.gitlab\.com", re.IGNORECASE)
_STARTS = {"open", "reopen", "update"}
_CLOSES = {"close": "closed", "merge": "merged"}


def read(app: str, headers: Mapping[str, str], body: bytes, *, secret: str, received: datetime) -> Message:
    """Verifies and reads one message; header names are lower case.

    Raises NotSignedIn for a wrong token, UsageError for an unreadable message.
    """
    webhooks.verify_token(secret=secret, token=headers.get(TOKEN))
    payload = bodies.payload(headers, body)
    read = _event(app, headers.get(KIND, ""), payload, headers.get(DELIVERY), received)
    return Message(repository=webhooks.maybe(payload, "project", "path_with_namespace") or "", changes=(read,))


def _event(app: str, kind: str, payload: Mapping[str, Any], delivery: str | None, received: datetime) -> Read:
    match kind:
        case "Push Hook" | "Tag Push Hook":
            return _by(_push(app, payload, delivery, received), webhooks.maybe(payload, "user_username"))
        case "Merge Request Hook":
            return _by(_merge_request(app, payload, delivery, received), webhooks.maybe(payload, "user", "username"))
        case "":
            raise UsageError("the webhook does not say its kind")
        case _:
            return Ignored(reason=f"{kind[:100]} starts nothing")


def _by(read: Read, login: str | None) -> Read:
    return webhooks.pushed_by(read, host="gitlab", login=login)


def _push(app: str, payload: Mapping[str, Any], delivery: str | None, received: datetime) -> Read:
    """`after` of an annotated tag is the tag itself; `checkout_sha` is its commit."""
    ref, after, before = (
        webhooks.reference(webhooks.text(payload, "ref")),
        webhooks.commit(payload, "after"),
        webhooks.commit(payload, "before"),
    )
    if not ref.startswith(("refs/heads/", "refs/tags/")):
        return Ignored(reason=f"{ref} is neither a branch nor a tag")
    if webhooks.is_nowhere(after):
        return RefGone(app=app, ref=ref, reason=f"{ref} was deleted", delivery=delivery, received=received)
    commit = after if payload.get("checkout_sha") is None else webhooks.commit(payload, "checkout_sha")
    described = _told(payload, commit)
    return Event(
        kind=EventKind.TAG if ref.startswith("refs/tags/") else EventKind.PUSH,
        app=app,
        repository=webhooks.text(payload, "project", "git_http_url"),
        commit=commit,
        branch=ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else None,
        trunk=webhooks.maybe(payload, "project", "default_branch"),
        ref=ref,
        before=None if webhooks.is_nowhere(before) else before,
        author=webhooks.maybe(described, "author", "name"),
        message=webhooks.subject(webhooks.maybe(described, "message")),
        delivery=delivery,
        received=received,
    )


def _told(payload: Mapping[str, Any], commit: str) -> Mapping[str, Any]:
    """The message's data about the commit: it lists at most 20, and none for a tag on a known commit."""
    listed = payload.get("commits")
    every = listed if isinstance(listed, list) else []
    return next((described for described in every if isinstance(described, dict) and described.get("id") == commit), {})


def _merge_request(app: str, payload: Mapping[str, Any], delivery: str | None, received: datetime) -> Read:
    asked = "object_attributes"
    action, number = webhooks.maybe(payload, asked, "action") or "tested", webhooks.number(payload, asked, "iid")
    ref = f"refs/merge-requests/{number}/head"
    if action in _CLOSES:
        reason = f"merge request {number} was {_CLOSES[action]}"
        return RefGone(app=app, ref=ref, reason=reason, delivery=delivery, received=received)
    if action not in _STARTS or (action == "update" and webhooks.maybe(payload, asked, "oldrev") is None):
        return Ignored(reason="a merge request that got no commits starts nothing")
    ours = webhooks.text(payload, asked, "target", "path_with_namespace")
    theirs = webhooks.maybe(payload, asked, "source", "path_with_namespace")
    if theirs != ours:
        return Ignored(reason=webhooks.of_a_fork("merge request", theirs))
    return Event(
        kind=EventKind.PULL_REQUEST,
        app=app,
        repository=webhooks.text(payload, asked, "target", "git_http_url"),
        commit=webhooks.commit(payload, asked, "last_commit", "id"),
        branch=webhooks.reference(webhooks.text(payload, asked, "target_branch")),
        trunk=webhooks.maybe(payload, asked, "target", "default_branch"),
        ref=ref,
        author=webhooks.maybe(payload, asked, "last_commit", "author", "name"),
        message=webhooks.maybe(payload, asked, "title") or "",
        delivery=delivery,
        received=received,
    )


def _login(email: str) -> str | None:
    match = _NOREPLY.fullmatch(email)
    return match[1] if match else None


ADAPTER = GitHost(name="GitLab", read=read, proof=TOKEN, keyed=False, dated=False, login=_login)
