"""What is used and asked for, in words."""

from __future__ import annotations

import pytest

from sealane.destinations import usage
from sealane.destinations.usage import Resources


@pytest.mark.parametrize(
    ("cpu", "words"),
    [
        (0.000012, "0.001 CPU"),
        (0.0042, "0.0042 CPU"),
        (0.25, "0.25 CPU"),
        (1.42, "1.42 CPU"),
        (12, "12 CPU"),
        (1500, "1500 CPU"),
    ],
)
def test_cores_are_read_without_powers_of_ten(cpu: float, words: str) -> None:
    assert usage.words(Resources(cpu=cpu)) == words


def test_what_nobody_uses_is_nothing() -> None:
    assert usage.words(Resources()) == ""
    assert usage.beside(Resources(memory=2**20), Resources(cpu=0.5)) == "uses 0 of 0.5 CPU, 1 MiB"
