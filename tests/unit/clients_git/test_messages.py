"""What git's client is told after a push, and when it would not understand."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from sealane.clients import git_messages

ABLE = b"0091" + b"0" * 40 + b" " + b"1" * 40 + b" refs/heads/main\0 report-status side-band-64k agent=git/2.39"


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


@pytest.mark.parametrize(
    ("parts", "wants"),
    [
        ((ABLE + b"0000PACK",), True),
        (tuple(bytes([byte]) for byte in ABLE + b"0000PACK"), True),
        ((ABLE.replace(b" side-band-64k", b" " * 14),), False),
        ((b"nonsense",), False),
        ((), False),
        ((b"0000",), False),
    ],
)
async def test_only_a_client_with_a_band_for_words_wants_them(parts: tuple[bytes, ...], wants: bool) -> None:
    """The request goes through as it is, in pieces of any size."""
    head = git_messages.Head(chunks(*parts))
    assert b"".join([part async for part in head.through()]) == b"".join(parts)
    assert head.wants_words is wants


def test_words_stand_before_the_end_of_the_answer() -> None:
    """One packet a line: four digits of length, the second band, the words."""
    assert git_messages.with_messages(["here", "there"], b"000eunpack ok\n0000") == (
        b"000eunpack ok\n" + b"000a\x02here\n" + b"000b\x02there\n" + b"0000"
    )


def test_an_answer_without_its_end_stays_as_it_is() -> None:
    """What git broke off is not made to look whole."""
    assert git_messages.with_messages(["here"], b"000eunp") == b"000eunp"
