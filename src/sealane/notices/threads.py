"""Threads for libraries that block: a slow target delays nothing else on the server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_T = TypeVar("_T")


class NoticeThreads:
    """A fixed number of threads for notices only."""

    def __init__(self, most: int = 32) -> None:
        self._pool = ThreadPoolExecutor(max_workers=most, thread_name_prefix="notice")

    async def run(self, call: Callable[[], _T]) -> _T:
        """Runs the call in one of the threads and returns its result."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)

    def close(self) -> None:
        """Starts nothing new, and does not wait for running calls."""
        self._pool.shutdown(wait=False, cancel_futures=True)
