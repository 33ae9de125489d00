"""A command line that deploys by itself respects the operators' windows wherever their file is at hand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sealane.cli.commands import deploy
from sealane.environments.model import Environment, Window, Windows
from sealane.errors import Refused
from sealane.findings import Place

PLACE = Place(file="environments/production.yaml")
ALWAYS = Window(cron="* * * * *", duration=timedelta(hours=1), reason="the freeze", place=PLACE)
SHUT = Environment(name="production", windows=Windows(deny=(ALWAYS,), break_glass=("oncall",)), place=PLACE)


def test_a_shut_window_refuses_and_says_who_may_break_the_glass() -> None:
    """The command can't know groups; it says whose word it takes."""
    with pytest.raises(Refused) as refused:
        deploy.window(SHUT, "shop", None)

    assert refused.value.message == "the window of production is shut: the freeze"
    assert refused.value.hint == 'wait, or --break-glass "REASON" if you are one of oncall'


def test_a_reason_breaks_the_glass_and_is_kept() -> None:
    """Only where there was any to break."""
    assert deploy.window(SHUT, "shop", "INC-1") == "INC-1"
    assert deploy.window(Environment(name="dev", place=PLACE), "shop", "INC-1") is None
    assert deploy.window(None, "shop", "INC-1") is None
