from datetime import UTC, datetime

import pytest

from sealane.events.model import Event, EventKind


@pytest.fixture(scope="session")
def event() -> Event:
    """A push to the default branch."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Event(kind=EventKind.PUSH, app="shop", branch="main", trunk="main", ref="refs/heads/main", received=at)
