"""Moments as places on a line of a hundred parts."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from sealane.server.pages import time_scale
from sealane.server.pages.time_scale import Span
from tests.unit.approvals.deployments import NOON


def span(begin: float, end: float) -> Span:
    return NOON + timedelta(seconds=begin), NOON + timedelta(seconds=end)


@pytest.mark.parametrize(
    ("spans", "places", "cuts"),
    [
        ((), {0: 0.0}, []),
        ((span(0, 0),), {0: 0.0}, []),
        ((span(0, 10), span(5, 20)), {-3: 0.0, 0: 0.0, 5: 25.0, 20: 100.0, 25: 100.0}, []),
        ((span(0, 10), span(11, 20)), {10: 50.0, 10.5: 52.5, 20: 100.0}, []),
        ((span(0, 10), span(3610, 3620)), {0: 0.0, 10: 47.5, 1800: 47.5, 3610: 52.5, 3620: 100.0}, ["1 h"]),
        ((span(3610, 3620), span(0, 10)), {0: 0.0, 3620: 100.0}, ["1 h"]),
    ],
)
def test_places_are_to_scale_and_long_silence_is_cut(
    spans: tuple[Span, ...], places: dict[float, float], cuts: list[str]
) -> None:
    scale = time_scale.scale(spans)
    assert {at: scale.place(NOON + timedelta(seconds=at)) for at in places} == places
    assert [cut.words for cut in scale.cuts] == cuts


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (0.4, ["0", "0.1 s", "0.2 s", "0.3 s", "0.4 s"]),
        (3, ["0", "1 s", "2 s", "3 s"]),
        (48, ["0", "10 s", "20 s", "30 s", "40 s"]),
        (160, ["0", "1 min", "2 min"]),
        (5 * 3600, ["0", "1 h", "2 h", "3 h", "4 h", "5 h"]),
    ],
)
def test_times_beneath_it_are_round_and_few(end: float, words: list[str]) -> None:
    assert [tick.words for tick in time_scale.scale([span(0, end)]).ticks] == words


@pytest.mark.parametrize("longer", [0, 1], ids=["of one length", "of many lengths"])
def test_many_silences_cut_only_the_longest_and_words_stay_apart(longer: int) -> None:
    scale = time_scale.scale([span(1000 * at, 1000 * at + 1 + at * longer) for at in range(30)])
    assert len(scale.cuts) == 6
    assert scale.place(NOON + timedelta(seconds=30_000)) == 100.0
    places = [tick.x for tick in scale.ticks]
    assert all(after - before >= 9 for before, after in itertools.pairwise(places))
