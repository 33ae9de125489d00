"""Threads for libraries that wait: whoever is slow to be told holds up nothing else of the server's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_THREADS = ThreadPoolExecutor(max_workers=32, thread_name_prefix="notice")
_Found = TypeVar("_Found")


async def run(call: Callable[[], _Found]) -> _Found:
    """What the call gives, from a thread that only notices use."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, call)
