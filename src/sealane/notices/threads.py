"""Threads for libraries that wait: whoever is slow to be told holds up nothing else of the server's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_T = TypeVar("_T")


class NoticeThreads:
    """So many threads, which only notices use."""

    def __init__(self, most: int = 32) -> None:
        self._pool = ThreadPoolExecutor(max_workers=most, thread_name_prefix="notice")

    async def run(self, call: Callable[[], _T]) -> _T:
        """What the call gives, from one of the threads."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)

    def close(self) -> None:
        """Begins nothing more, and waits for nobody."""
        self._pool.shutdown(wait=False, cancel_futures=True)
