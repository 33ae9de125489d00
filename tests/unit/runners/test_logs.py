"""The log of an attempt: masked, cut to size, nothing lost otherwise."""

from __future__ import annotations

import pytest

from sealane.runners import logs


def log(longest: int = 100, **secrets: str) -> tuple[logs.Log, list[bytes]]:
    told: list[bytes] = []
    return logs.Log(secrets, told.append, longest=longest), told


def test_what_is_printed_comes_as_it_is_printed() -> None:
    it, told = log()
    it.write(b"one\n")
    assert told == [b"one\n"]
    it.write(b"two")
    it.close()
    assert told == [b"one\n", b"two"]


def test_over_the_limit_it_is_cut_with_a_word_and_counted() -> None:
    it, told = log(longest=10)
    it.write(b"0123456")
    it.write(b"789abc")
    it.write(b"defg")
    it.close()
    assert b"".join(told) == (
        b"0123456789\n[sealane] the log is cut here, after 10 bytes; the step goes on\n"
        b"[sealane] 7 bytes more were printed and not kept\n"
    )


def test_a_log_of_just_the_limit_says_it_is_cut_but_lost_nothing() -> None:
    it, told = log(longest=4)
    it.write(b"abc\n")
    it.close()
    assert b"".join(told) == b"abc\n[sealane] the log is cut here, after 4 bytes; the step goes on\n"


def test_the_cut_leaks_no_beginning_of_a_secret() -> None:
    it, told = log(longest=12, TOKEN="hunter2-hunter2")
    it.write(b"token=hunter2-hunter2\n")
    it.close()
    assert b"".join(told).startswith(b"token=***\n[sealane] the log is cut")
    assert b"hunt" not in b"".join(told)


def test_reasons_are_masked_too() -> None:
    assert log(TOKEN="hunter2")[0].masked("no such image: hunter2") == "no such image: ***"
    assert log()[0].masked(None) is None


@pytest.mark.parametrize(
    ("count", "text"),
    [(12, "12 bytes"), (1536, "1.5 KiB"), (64 << 20, "64 MiB"), (5 << 30, "5 GiB")],
)
def test_sizes_are_told_for_people(count: int, text: str) -> None:
    assert logs.size(count) == text
