"""What a log repeats is folded, and nothing of it is lost."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.server.pages.presenters import repeats

TRACE = [
    "Traceback (most recent call last):",
    '  File "/app/web.py", line 12, in do_GET',
    "    rows = database.execute('select * from carts')",
    "sqlite3.OperationalError: no such table: carts",
]
JAVA = [
    "java.lang.IllegalStateException: no pool",
    "\tat com.example.Pool.get(Pool.java:42)",
    "Caused by: java.net.ConnectException: refused",
    "\tat java.base/Net.connect(Net.java:1)",
]


def shape(lines: list[str]) -> list[tuple[int, int]]:
    """Each part as the number of its lines and how often it repeats."""
    return [(len(part.lines), part.again) for part in repeats.folded(lines)]


@pytest.mark.parametrize("trace", [TRACE, JAVA])
def test_the_same_stack_trace_is_shown_once(trace: list[str]) -> None:
    """Whatever stands between, and whatever numbers differ."""
    probe = '10.0.0.{0} - - [29/Nov/2026 12:00:{0}] "GET /healthz HTTP/1.1" 500 -'
    lines = ["serving on :8080"]
    for number in range(1, 6):
        lines += [*trace, probe.format(number)]
    assert shape(lines) == [(1 + len(trace) + 1, 0), (4 * (len(trace) + 1), 4)]
    apart = [*trace, "something else", *trace, "and more", *trace]
    assert shape(apart) == [(len(trace) + 1, 0), (len(trace), 1), (1, 0), (len(trace), 1)]
    other = [line.replace("carts", "orders").replace("pool", "thread") for line in trace]
    assert sum(again for _, again in shape([*trace, "x", *other[:1], *other[-1:]])) == 0


def test_repeats_that_come_in_another_order_are_folded_once() -> None:
    """As of a server whose threads print at the same time: one line to unfold, not one for each."""
    first, second = ["one", "two", "three"], ["four", "five", "six"]
    assert shape([*first, *second, *second, *first]) == [(6, 0), (6, 2)]


def test_lines_and_blocks_that_repeat_at_once_are_folded() -> None:
    assert shape(["connecting", *["refused 1", "refused 2", "refused 3", "refused 4"], "gave up"]) == [
        (3, 0),
        (2, 2),
        (1, 0),
    ]
    assert shape(["try 1", "no answer", "try 2", "no answer", "try 3", "no answer"]) == [(2, 0), (4, 2)]
    assert shape(["a", "b", "a", "c", "a"]) == [(5, 0)]  # not one after the other
    assert shape([]) == []


@given(st.lists(st.sampled_from(["a", "b", "at 1", "at 2", "  in f", "Error: x", "", *TRACE]), max_size=60))
def test_nothing_is_lost_and_the_first_time_is_always_shown(lines: list[str]) -> None:
    parts = repeats.folded(lines)
    assert [line for part in parts for line in part.lines] == lines
    assert not parts or parts[0].again == 0
    assert not any(one.again and other.again for one, other in pairwise(parts))  # folded once, not side by side
    for part in parts:
        if part.again:  # what is folded stands above, line for line
            above = {
                repeats._CHANGING.sub("0", line) for earlier in parts[: parts.index(part)] for line in earlier.lines
            }
            assert {repeats._CHANGING.sub("0", line) for line in part.lines} <= above
