"""The deploy tag: one name for every image a run builds or retags. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

SHORT = 7
PATTERN = re.compile(rf"[0-9]{{14}}-(?:[0-9a-f]{{1,{SHORT}}}|workdir)")


def deploy_tag(at: datetime, commit: str) -> str:
    """The UTC time to the second and the commit's short hash: `20261121031512-8c21f0e`.

    A folder without git has no commit; its tag ends in `workdir`.
    """
    return f"{at.astimezone(UTC):%Y%m%d%H%M%S}-{commit[:SHORT].lower() or 'workdir'}"


def deploy_tags(at: datetime, commit: str) -> Iterator[str]:
    """Tags to choose from, the preferred one first; the others, for when it is taken, are the seconds after it."""
    while True:
        yield deploy_tag(at, commit)
        at += timedelta(seconds=1)
