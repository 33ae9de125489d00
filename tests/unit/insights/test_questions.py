"""What can be asked for: runs are of no environment, in the API and its CSV, and so in the command."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sealane.errors import UsageError
from sealane.insights.model import By, Question, Span
from sealane.server import filters

ABOUT = Question(span=Span.up_to(datetime(2026, 11, 30, tzinfo=UTC), 7), app="shop", by=By.TEAM)


@pytest.mark.parametrize("asked", [replace(ABOUT, environment="dev"), replace(ABOUT, by=By.ENVIRONMENT)])
def test_runs_are_of_no_environment(asked: Question) -> None:
    assert filters.of_runs(ABOUT) is ABOUT
    with pytest.raises(UsageError, match="runs are of no"):
        filters.of_runs(asked)
