"""Meanings of Elastic Beanstalk's events. Only their texts tell an update's outcome, so they are read here. Pure."""

from __future__ import annotations

import re
from enum import StrEnum


class Sign(StrEnum):
    """The meaning of an event."""

    STARTING = "starting"  # an update of the environment begins
    SUCCEEDED = "succeeded"  # it ended well
    FAILED = "failed"  # it ended badly, or is about to
    SOME_FAILED = "some failed"  # a command failed on some instances
    TIMED_OUT = "timed out"  # instances did not answer in time
    ABORTING = "aborting"  # somebody stops the update
    SWAPPED = "swapped"  # two environments exchanged their names
    HEALTH = "health"  # the environment's health, independent of any request
    OTHER = "other"


_SIGNS = (
    (Sign.SUCCEEDED, r"Environment update completed successfully\."),
    (Sign.STARTING, r"Environment update is starting\."),
    (Sign.ABORTING, r"Environment update is aborting|.*[Aa]bort(?:ing|ed) (?:the )?environment update"),
    (Sign.SWAPPED, r"Completed swapping CNAMEs"),
    (Sign.HEALTH, r"Environment health has (?:transitioned|been set)"),
    (Sign.TIMED_OUT, r".*have not responded in the allowed command timeout|.*but with command timeouts"),
    (Sign.SOME_FAILED, r".*Summary: \[Successful: \d+, Failed: [1-9]"),
    (
        Sign.FAILED,
        (
            r"Failed to deploy |The environment was reverted to the previous|.*Aborting the operation\.$"
            r"|.*but with errors|During an aborted deployment"
        ),
    ),
)
_PATTERNS = tuple((sign, re.compile(pattern)) for sign, pattern in _SIGNS)


def sign(message: str) -> Sign:
    """The meaning of an event with this text."""
    return next((sign for sign, pattern in _PATTERNS if pattern.match(message)), Sign.OTHER)
