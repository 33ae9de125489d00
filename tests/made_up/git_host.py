"""A git host that says in one line what was pushed: `COMMIT LOGIN`, signed as others sign."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sealane.events.model import Event, EventKind, Pusher, Signed
from sealane.events.sources import webhooks
from sealane.events.sources.port import GitHost
from sealane.events.sources.webhooks import Message


def _read(app: str, headers: Mapping[str, str], body: bytes, *, secret: str, received: datetime) -> Message:
    webhooks.verify(body, secret=secret, signature=headers.get("x-madeup"))
    commit, login = body.decode().split()
    pusher = Pusher(signed=Signed.HOST, name=login, host="madeup")
    event = Event(
        kind=EventKind.PUSH,
        app=app,
        commit=commit,
        branch="main",
        ref="refs/heads/main",
        pusher=pusher,
        received=received,
    )
    return Message(repository=None, changes=(event,))


ADAPTER = GitHost(
    name="the made-up host",
    read=_read,
    proof="x-madeup",
    login=lambda email: email.removesuffix("@madeup.example.com") if "@madeup." in email else None,
)
