"""Release groups mostly wait: for instances, tasks and other members."""

from tests.virtual_time import pytest_asyncio_loop_factories, standing_clock

__all__ = ["pytest_asyncio_loop_factories", "standing_clock"]
