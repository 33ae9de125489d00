"""Who shares a limit of failed sign-ins."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sealane.accounts.sign_in_attempts import AttemptLimits, Attempts
from sealane.clock import SetClock
from sealane.errors import TooManyAttempts

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        ("203.0.113.7", "203.0.113.7", True),
        ("203.0.113.7", "203.0.113.8", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:1:2:3", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:203.0.113.7", "203.0.113.7", True),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("unix:", "unix:", True),
    ],
)
def test_whoever_has_a_network_of_addresses_has_one_limit(first: str, second: str, *, shared: bool) -> None:
    """Else every address of it would be a fresh try."""
    attempts = Attempts(limits=AttemptLimits(per_address=3, per_token=0), now=SetClock(NOON))
    for number in range(3):
        attempts.failed(first, f"id{number}")
    if shared:
        with pytest.raises(TooManyAttempts):
            attempts.check(second, "other")
    else:
        attempts.check(second, "other")
