"""Alerts from Alertmanager, Grafana, Datadog and others. Pure: knows nothing about HTTP or the database.

Alertmanager and Grafana (unified alerting) send `alerts: [...]` with labels; others send one JSON object, whose
`title`, `alert_title`, `name` or `alertname` is the alert's name, and whose `tags` (`a:b,c:d`, Datadog's) or `labels`
are its labels.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sealane import inputs
from sealane.errors import NotSignedIn, UsageError
from sealane.events.model import Alert
from sealane.events.sources import bodies, webhooks

MOST = 500
"""Most alerts of one message."""
_LONGEST = 200
_LABELS = 50
_AHEAD = timedelta(minutes=5)
_NAMES = ("alertname", "title", "alert_title", "name", "ruleName", "event_title")
_STARTS = ("startsAt", "date", "timestamp", "last_updated")
_RESOLVED = {"resolved", "ok", "recovered", "success", "no data recovered"}


def token(secret: str) -> str:
    """The token for senders that can't sign; it is derived from the app's hook secret and changes with it."""
    return hmac.new(secret.encode(), b"alerts", hashlib.sha256).hexdigest()


def read(headers: Mapping[str, str], body: bytes, *, secret: str, received: datetime) -> dict[str, Alert]:
    """The firing alerts, by their identity. `headers` have lower-case names.

    Raises NotSignedIn without a right signature or token, UsageError for anything but alerts.
    """
    _check(headers, body, secret)
    payload = bodies.payload(headers, body)
    listed = payload.get("alerts")
    entries = listed if isinstance(listed, list) else [payload]
    if len(entries) > MOST:
        raise UsageError(f"the message brings {len(entries)} alerts", hint=f"send at most {MOST} at once")
    alerts: dict[str, Alert] = {}
    for entry in entries:
        if not isinstance(entry, dict):
            raise UsageError("one of alerts: is no JSON object")
        if _fires(entry):
            alert = _alert(entry, received)
            alerts[_sameness(entry, alert)] = alert
    return alerts


def _check(headers: Mapping[str, str], body: bytes, secret: str) -> None:
    kind, _, given = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and given:
        if not secret or not hmac.compare_digest(given.strip().encode(), token(secret).encode()):
            raise NotSignedIn("the alert token is wrong", hint="sealane app alert-token APP shows it")
        return
    signature = headers.get("x-sealane-signature") or headers.get("x-hub-signature-256")
    webhooks.verify(body, secret=secret, signature=signature)


def _fires(entry: Mapping[str, Any]) -> bool:
    states = [entry.get(key) for key in ("status", "state", "alert_transition", "transition")]
    return not any(isinstance(state, str) and state.lower() in _RESOLVED for state in states)


def _alert(entry: Mapping[str, Any], received: datetime) -> Alert:
    labels = dict(_labels(entry))
    name = labels.get("alertname") or next((text for key in _NAMES if (text := _text(entry.get(key)))), None)
    if name is None:
        raise UsageError("an alert has no name", hint=f"give it one of {', '.join(_NAMES)}")
    return Alert(name=inputs.fitted(name, most=_LONGEST), at=_started(entry, received), labels=labels)


def _labels(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    given = entry.get("labels")
    pairs = list(given.items()) if isinstance(given, dict) else []
    tags = entry.get("tags")
    listed = tags.split(",") if isinstance(tags, str) else tags if isinstance(tags, list) else []
    for tag in listed:
        name, _, value = str(tag).strip().partition(":")
        pairs.append((name, value))
    for name, value in pairs[:_LABELS]:
        if isinstance(value, str | int | float) and name:
            yield inputs.fitted(str(name), most=_LONGEST), inputs.fitted(str(value), most=_LONGEST)


def _started(entry: Mapping[str, Any], received: datetime) -> datetime:
    """When it began to fire; if that is missing or impossible, when it arrived."""
    for key in _STARTS:
        at = _moment(entry.get(key))
        if at is not None and at <= received + _AHEAD:
            return at
    return received


def _moment(value: Any) -> datetime | None:
    if isinstance(value, bool):
        return None
    try:
        if isinstance(value, int | float) or (isinstance(value, str) and value.isdecimal()):
            number = float(value)
            return datetime.fromtimestamp(number / 1000 if number > 1e11 else number, tz=UTC)
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        return moment and (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None  # not a date, or one outside the calendar in UTC


def _sameness(entry: Mapping[str, Any], alert: Alert) -> str:
    """The identity of an alert: the same if it is sent again."""
    own = next((text for key in ("fingerprint", "alert_cycle_key", "id") if (text := _text(entry.get(key)))), None)
    parts = [own or json.dumps([alert.name, sorted(alert.labels.items())]), alert.at.isoformat()]
    return hashlib.sha256("\0".join(parts).encode(errors="replace")).hexdigest()


def _text(value: Any) -> str | None:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) and value != "" else None
