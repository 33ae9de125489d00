"""Any address, by a JSON request signed as in Standard Webhooks (standardwebhooks.com).

One request has everything since the last one. Nothing is edited later; receivers recognise repeats by `webhook-id`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlsplit

import msgspec

from sealane.clients.notices import requests
from sealane.egress import Allowlist
from sealane.notices.port import Reference, TargetAdapter, TargetContext, Telling
from sealane.pipelines.notices import WebhookFile

_PREFIX = "whsec_"


class WebhookTarget:
    """One address."""

    def __init__(self, url: str, key: str | None, allowed: Allowlist) -> None:
        """`key` signs; `whsec_` and base64, or as it is."""
        self._url, self._key, self._allowed = url, key, allowed

    async def tell(self, telling: Telling) -> Reference:
        """Posts the notice. Raises Unavailable, Refused."""
        body = json.dumps(_body(telling), separators=(",", ":"), ensure_ascii=False).encode()
        at = str(int(telling.at.timestamp()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "sealane",
            "webhook-id": telling.id,
            "webhook-timestamp": at,
        }
        if self._key is not None:
            headers["webhook-signature"] = signature(self._key, telling.id, at, body)
        await requests.send(self._url, body, allowed=self._allowed, headers=headers)
        return {}


def signature(key: str, id_: str, at: str, body: bytes) -> str:
    """The signature that proves who sent the body: `v1,` and the base64 of an HMAC-SHA256 of id, time and body."""
    mac = hmac.new(_bytes(key), b".".join((id_.encode(), at.encode(), body)), hashlib.sha256)
    return f"v1,{base64.b64encode(mac.digest()).decode()}"


def _bytes(key: str) -> bytes:
    if key.startswith(_PREFIX):
        try:
            return base64.b64decode(key.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            pass
    return key.encode()


def _body(telling: Telling) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(telling.notice)
    document["facts"] = dict(telling.notice.facts)
    document["links"] = {link.words: link.url for link in telling.notice.links}
    del document["entries"]
    return {"id": telling.id, **document, "events": msgspec.to_builtins(telling.fresh)}


def _open(context: TargetContext) -> WebhookTarget:
    written: WebhookFile = context.written
    key = context.secrets[written.secret] if written.secret else None
    return WebhookTarget(written.url, key, context.allowed)


def host_of(url: str) -> str:
    """`host:port` of an address."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    return f"{shown}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


ADAPTER = TargetAdapter(
    file=WebhookFile,
    open=_open,
    secrets=lambda written: (written.secret,) if written.secret else (),
    hosts=lambda written: (host_of(written.url),),
)
