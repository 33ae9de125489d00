"""What `sealane status APP` prints of the objects of a formation."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from sealane.cli.remote import app_report
from sealane.verdicts.health import HealthState
from tests.unit.pages.test_app_page import now, pod


def printed(state: HealthState, capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
    """The words of each line, below the formation's name."""
    shown: dict[str, Any] = msgspec.to_builtins(now("dev", state, pod("a"), pod("b", ready=False)))
    app_report.trees({"formations": [shown], "usage": {}})
    return [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]


def test_objects_are_listed_with_their_instances(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(HealthState.HEALTHY, capsys) == [
        ["Deployment/web", "2", "of", "4", "ready"],
        ["a", "ready"],
        ["b", "running"],
        ["Service/web", "there"],
        ["ConfigMap/words", "there"],
    ]


def test_what_nobody_can_look_at_is_told_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(HealthState.UNKNOWN, capsys) == [
        ["Deployment/web", "was", "2", "of", "4", "ready"],
        ["a", "was", "ready"],
        ["b", "was", "running"],
        ["Service/web", "was", "there"],
        ["ConfigMap/words", "was", "there"],
    ]
