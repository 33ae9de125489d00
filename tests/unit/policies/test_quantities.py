"""Quantities are read and written as Kubernetes does."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.policies.functions import quantities


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", Fraction(1)),
        ("500m", Fraction(1, 2)),
        ("1.5Gi", Fraction(3 * 2**29)),
        ("-2k", Fraction(-2000)),
        ("+.5", Fraction(1, 2)),
        ("1e3", Fraction(1000)),
        ("1E", Fraction(10**18)),
        ("1E3", Fraction(1000)),
        ("12e-1", Fraction(12, 10)),
        ("1u", Fraction(1, 10**6)),
        ("Mi", Fraction(0)),
    ],
)
def test_a_quantity_has_an_exact_value(text: str, value: Fraction) -> None:
    assert quantities.parse(text) == value


def test_what_is_finer_than_a_billionth_is_rounded_away_from_zero() -> None:
    assert quantities.parse("0.1n") == Fraction(1, 10**9)
    assert quantities.parse("-0.1n") == Fraction(-1, 10**9)


@pytest.mark.parametrize("text", ["", "x", "1Zi", "1 Gi", "1e", "1e9999999999", "--1", "1.2.3", "9" * 100])
def test_anything_else_is_none(text: str) -> None:
    assert not quantities.is_quantity(text)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("1024Mi", "1Gi"),
        ("0.5", "500m"),
        ("1000", "1k"),
        ("1500m", "1500m"),
        ("1.5Gi", "1536Mi"),
        ("0.1Gi", "107374182400m"),
        ("1000000", "1M"),
        ("1e3", "1e3"),
        ("0", "0"),
        ("1100Mi", "1100Mi"),
        ("512", "512"),
    ],
)
def test_a_quantity_is_written_as_the_api_server_writes_it(text: str, printed: str) -> None:
    assert quantities.printed(text) == printed


@given(st.integers(-(10**15), 10**15), st.sampled_from(["", "m", "k", "M", "Ki", "Mi", "e3"]))
def test_writing_keeps_the_value(number: int, suffix: str) -> None:
    text = f"{number}{suffix}"

    assert quantities.parse(quantities.printed(text)) == quantities.parse(text)
