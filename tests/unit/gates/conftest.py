"""Gates only wait for time."""

from tests.virtual_time import pytest_asyncio_loop_factories, standing_clock

__all__ = ["pytest_asyncio_loop_factories", "standing_clock"]
