"""Alerts as several senders write them, and who is believed."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sealane.errors import NotSignedIn, UsageError
from sealane.events import alerts
from sealane.events.model import Alert

AT = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)
SECRET = "hook-secret"
ALERTMANAGER = {
    "version": "4",
    "status": "firing",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "HighErrors", "severity": "critical"},
            "startsAt": "2026-11-21T06:59:00.123Z",
            "fingerprint": "a1",
        },
        {"status": "resolved", "labels": {"alertname": "Old"}, "startsAt": "2026-11-21T05:00:00Z", "fingerprint": "a2"},
    ],
}
GRAFANA = {
    "title": "[FIRING:1] Latency",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "Latency", "grafana_folder": "shop"},
            "startsAt": "2026-11-21T06:58:00Z",
            "fingerprint": "g1",
            "values": {"B": 22},
        }
    ],
}
DATADOG = {
    "alert_title": "Errors on shop",
    "alert_transition": "Triggered",
    "date": "1795244340000",
    "alert_cycle_key": "77",
    "tags": "env:production,team:shop",
}


def signed(message: Any) -> tuple[dict[str, str], bytes]:
    body = json.dumps(message).encode()
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return {"x-sealane-signature": f"sha256={signature}"}, body


def read(message: Any) -> list[Alert]:
    headers, body = signed(message)
    return list(alerts.read(headers, body, secret=SECRET, received=AT).values())


def test_alertmanager_s_firing_alerts_are_read() -> None:
    """Those that are resolved don't count."""
    (alert,) = read(ALERTMANAGER)
    assert (alert.name, alert.labels["severity"]) == ("HighErrors", "critical")
    assert alert.at == datetime(2026, 11, 21, 6, 59, 0, 123_000, tzinfo=UTC)


def test_grafana_s_alerts_are_read() -> None:
    """Unified alerting sends what Alertmanager does, and more."""
    (alert,) = read(GRAFANA)
    assert (alert.name, alert.labels["grafana_folder"]) == ("Latency", "shop")


def test_datadog_s_webhook_is_read() -> None:
    """Its tags are the labels, its date is in milliseconds."""
    (alert,) = read(DATADOG)
    assert alert.name == "Errors on shop"
    assert alert.labels == {"env": "production", "team": "shop"}
    assert alert.at == datetime.fromtimestamp(1795244340, tz=UTC)
    assert read({**DATADOG, "alert_transition": "Recovered"}) == []


def test_the_same_alert_sent_again_has_the_same_key() -> None:
    """Another start, or other labels where there is no fingerprint, make another one."""
    headers, body = signed(ALERTMANAGER)
    once = alerts.read(headers, body, secret=SECRET, received=AT)
    again = alerts.read(headers, body, secret=SECRET, received=AT + timedelta(minutes=5))
    other = alerts.read(*signed({**DATADOG, "alert_cycle_key": "78"}), secret=SECRET, received=AT)
    assert once == again
    assert set(other) != set(alerts.read(*signed(DATADOG), secret=SECRET, received=AT))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer wrong"},
        {"authorization": f"Bearer {SECRET}"},
        {"authorization": "Basic c2hvcDpzaG9w"},
        {"x-sealane-signature": "sha256=" + "0" * 64},
        {"x-sealane-signature": ""},
    ],
)
def test_nobody_else_is_believed(headers: dict[str, str]) -> None:
    """Without a right signature or the token nothing is read; the secret itself is not the token."""
    with pytest.raises(NotSignedIn):
        alerts.read(headers, signed(ALERTMANAGER)[1], secret=SECRET, received=AT)


def test_the_token_is_as_good_as_a_signature() -> None:
    """For senders that can't sign."""
    headers = {"authorization": f"Bearer {alerts.token(SECRET)}"}
    assert len(alerts.read(headers, signed(ALERTMANAGER)[1], secret=SECRET, received=AT)) == 1
    with pytest.raises(NotSignedIn):
        alerts.read(headers, signed(ALERTMANAGER)[1], secret="", received=AT)


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        ([], "not a JSON object"),
        ({}, "an alert has no name"),
        ({"alerts": ["x"]}, "no JSON object"),
        ({"alerts": [{"labels": {}}]}, "an alert has no name"),
        ({"alerts": [{"name": "a"}] * 501}, "brings 501 alerts"),
    ],
)
def test_what_is_no_alert_is_refused(message: Any, problem: str) -> None:
    """With what is wrong."""
    with pytest.raises(UsageError, match=problem):
        read(message)


@pytest.mark.parametrize("start", [None, "yesterday", "9" * 40, True, {}, "2099-01-01T00:00:00Z", -1e300])
def test_a_start_that_cannot_be_is_the_moment_it_came_in(start: Any) -> None:
    """A sender whose clock is wrong neither hides an alert nor keeps it for ever."""
    (alert,) = read({"name": "a", "startsAt": start})
    assert alert.at == AT


def test_long_labels_are_cut() -> None:
    """A sender can't fill the database."""
    (alert,) = read({"name": "a" * 9999, "labels": {f"l{n}": "v" * 9999 for n in range(999)}})
    assert len(alert.name) == 200
    assert len(alert.labels) == 50
    assert {len(value) for value in alert.labels.values()} == {200}
