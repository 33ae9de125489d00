"""An event loop whose time stands still while there is work, and jumps to the next timer when there is none.

For stories that only wait for time: what takes seconds takes none, and no load of the machine changes what comes first. A
folder's tests get it by `from tests.virtual_time import pytest_asyncio_loop_factories, standing_clock` in its conftest.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import pytest

from sealane import clock


class _Selector(selectors.DefaultSelector):  # type: ignore[misc, valid-type]
    """Never waits for time: it has the time of its loop pass instead."""

    passes: Callable[[float], bool]

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if not timeout or timeout < 0:
            return super().select(timeout)
        ready = super().select(0)
        return ready if ready or self.passes(timeout) else super().select(None)


class Loop(asyncio.SelectorEventLoop):
    """Begins at the time of day that it is."""

    def __init__(self) -> None:
        self._passed = 0.0
        self._threads = 0
        self._begun = datetime.now(UTC)
        selector = _Selector()
        selector.passes = self._passes
        super().__init__(selector)

    def time(self) -> float:
        return self._passed

    def today(self) -> datetime:
        """The time of day in here."""
        return self._begun + timedelta(seconds=self._passed)

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:
        """As any loop; time stands still until threads are done."""
        self._threads += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._done)
        return future

    def _done(self, _: Any) -> None:
        self._threads -= 1

    def _passes(self, seconds: float) -> bool:
        if self._threads:
            return False
        self._passed += seconds
        return True


class _Today(datetime):
    """The time of day of the loop that runs."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        loop = asyncio._get_running_loop()
        return loop.today() if isinstance(loop, Loop) else datetime.now(tz)


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> Mapping[str, type[Loop]]:
    """The one loop of these tests."""
    return {"virtual time": Loop}


@pytest.fixture(autouse=True)
def standing_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets Sealane's clock tell the loop's time."""
    monkeypatch.setattr(clock, "datetime", _Today)
