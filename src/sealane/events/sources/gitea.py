"""Gitea's webhooks (docs.gitea.com, "Webhooks"): GitHub's payloads with Gitea's own headers and signature. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sealane.events.sources import bodies, github, webhooks
from sealane.events.sources.port import GitHost
from sealane.events.sources.webhooks import Message

SIGNATURE, KIND, DELIVERY = "x-gitea-signature", "x-gitea-event", "x-gitea-delivery"


def read(app: str, headers: Mapping[str, str], body: bytes, *, secret: str, received: datetime) -> Message:
    """Verifies and reads one message; header names are lower case.

    Raises NotSignedIn for a wrong signature, UsageError for an unreadable message.
    """
    webhooks.verify(body, secret=secret, signature=headers.get(SIGNATURE))
    payload = bodies.payload(headers, body)
    kind, delivery = headers.get(KIND, ""), headers.get(DELIVERY)
    return github.message(app, kind, payload, host="gitea", delivery=delivery, received=received)


ADAPTER = GitHost(name="Gitea or Forgejo", read=read, proof=SIGNATURE)
