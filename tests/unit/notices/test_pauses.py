"""For how long a host that was asked too often wants to be left alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sealane.clients.notices import requests

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("30", 30),
        ("0", 0),
        ("", 0),
        ("soon", 0),
        ("-5", 0),
        ("99999999", 3600),
        ("Mon, 02 Mar 2026 12:00:45 GMT", 45),
        ("Mon, 02 Mar 2026 11:00:00 GMT", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_at_most_an_hour(said: str, seconds: float) -> None:
    assert requests.seconds(said, NOON) == seconds
