"""What a journal keeps of a step, and what it must not."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from sealane import journal
from sealane.errors import Fenced, Unavailable
from sealane.pipelines.model import StepStatus
from sealane.runners.model import RunContext
from sealane.runs.model import StepEnd

END = StepEnd(status=StepStatus.FAILED, exit_code=3, ended=datetime(2026, 1, 1, tzinfo=UTC))


@dataclass(frozen=True, kw_only=True, slots=True)
class Wrapped:
    works: tuple[Mapping[str, RunContext], ...] = ()
    name: str = field(default="")


class Memory:
    async def end(self, end: StepEnd) -> StepEnd:
        return end

    async def secrets(self) -> Wrapped:
        return Wrapped()


async def test_a_result_comes_back_as_its_bodys_signature_says() -> None:
    memory = Memory()
    kept = journal.packed(await memory.end(END), memory.end)
    assert kept["status"] == "failed"
    assert journal.unpacked(kept, memory.end) == END
    assert journal.unpacked(kept, functools.partial(memory.end, END)) == END


async def test_what_may_hold_a_secret_is_refused_by_its_type() -> None:
    memory = Memory()
    with pytest.raises(TypeError, match=r"Memory.secrets gives RunContext.secrets, which is not shown"):
        journal.packed(await memory.secrets(), memory.secrets)


async def test_a_plain_journal_keeps_what_broke_a_step_apart_from_who_was_fenced_off() -> None:
    async def away() -> None:
        raise Unavailable("the engine does not answer")

    async def fenced() -> None:
        raise Fenced("another worker took over")

    with pytest.raises(journal.Broken, match="the engine does not answer") as broken:
        await journal.Plain().step("services", away)
    assert isinstance(broken.value.__cause__, Unavailable)
    with pytest.raises(Fenced):
        await journal.Plain().step("apply", fenced)
