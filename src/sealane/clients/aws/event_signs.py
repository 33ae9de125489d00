"""What Elastic Beanstalk's events say. It tells how an update went in texts alone, so they are read here. Pure."""

from __future__ import annotations

import re
from enum import StrEnum


class Sign(StrEnum):
    """What an event stands for."""

    STARTING = "starting"  # an update of the environment begins
    SUCCEEDED = "succeeded"  # it ended, and the service is content
    FAILED = "failed"  # it ended or ends, and the service is not
    SOME_FAILED = "some failed"  # a command did not come through on every instance
    TIMED_OUT = "timed out"  # instances did not answer in their time
    ABORTING = "aborting"  # somebody stops it
    SWAPPED = "swapped"  # names of two environments were exchanged
    HEALTH = "health"  # how it fares, whoever asked for what
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


def sign(told: str) -> Sign:
    """What an event with these words stands for."""
    return next((sign for sign, pattern in _PATTERNS if pattern.match(told)), Sign.OTHER)
