"""An error that is made while secrets are known says none of them, wherever its words go."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from sealane import errors
from sealane.clients.kubernetes import errors as cluster_errors
from sealane.findings import Finding, Place
from sealane.secrets import resolution, revealed
from sealane.secrets.port import Reference, SecretStore
from sealane.secrets.stores.environment import EnvironmentStore

VALUE = "tr0ub4dor&<3"
WORDS = f"nobody takes {VALUE} or {VALUE.replace('&', '&amp;').replace('<', '&lt;')} here"
MASKED = "nobody takes *** or *** here"


def kinds() -> Iterator[type[errors.SealaneError]]:
    """Every error that is made of words."""
    kinds_left = [errors.SealaneError]
    while kinds_left:
        one = kinds_left.pop()
        kinds_left += one.__subclasses__()
        if one.__init__ in (errors.SealaneError.__init__, cluster_errors.ClusterError.__init__):
            yield one


@pytest.mark.parametrize("kind", sorted({*kinds()}, key=lambda each: each.__qualname__))
def test_no_error_says_what_was_revealed(kind: type[errors.SealaneError]) -> None:
    """In its message, its hint, its text and what a cluster said."""
    with revealed.watched():
        revealed.note([VALUE])
        made = kind(WORDS, hint=WORDS)
        more: dict[str, Any] = {"answer": WORDS} if issubclass(kind, cluster_errors.ClusterError) else {}
        said = kind("no", **more)
    assert (made.message, made.hint) == (MASKED, MASKED)
    assert VALUE not in f"{made} {made!r} {made.args}"
    assert getattr(said, "answer", MASKED) == MASKED


def test_errors_made_of_findings_and_of_reasons_are_no_exception() -> None:
    with revealed.watched():
        revealed.note([VALUE])
        files = errors.InvalidFiles([Finding(message=WORDS, place=Place(file="f"))])
        unresolved = resolution.Unresolved({"KEY": WORDS})
    assert VALUE not in f"{files} {unresolved}"


def test_what_was_revealed_is_known_to_one_piece_of_work_alone() -> None:
    """Not to another one, not after it; but to what it begins, and from what is within it."""

    async def both() -> tuple[str, str, str]:
        async def inner() -> None:
            with revealed.watched():
                revealed.note([VALUE])

        async def first() -> tuple[str, str]:
            with revealed.watched():
                await asyncio.create_task(inner())
                await asyncio.to_thread(revealed.note, ["another-value-1"])
                return errors.UsageError(WORDS).message, errors.UsageError("another-value-1").message

        async def second() -> str:
            with revealed.watched():
                await asyncio.sleep(0)
                return errors.UsageError(WORDS).message

        (one, other), two = await asyncio.gather(first(), second())
        return one, other, two

    assert asyncio.run(both()) == (MASKED, "***", WORDS)
    revealed.note([VALUE])
    assert errors.UsageError(WORDS).message == WORDS


async def test_what_is_resolved_is_noted() -> None:
    """By the one function that resolves."""

    class Store(SecretStore):
        parse = staticmethod(EnvironmentStore.parse)

        async def read(self, reference: Reference) -> bytes:
            del reference
            return VALUE.encode()

        async def check(self, reference: Reference) -> str | None:
            raise NotImplementedError

    with revealed.watched():
        await resolution.resolve({"KEY": "env:KEY"}, {"env": Store()}, key=b"k")
        assert errors.Unavailable(WORDS).message == MASKED


def test_a_value_too_short_to_be_masked_changes_nothing() -> None:
    with revealed.watched():
        revealed.note(["a", "  ", ""])
        assert errors.UsageError("a b").message == "a b"
