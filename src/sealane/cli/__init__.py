"""The command line: asks, shows and ends with an exit code; other packages give it what it shows."""

from __future__ import annotations

import gc
import os
from collections.abc import Sequence

_YOUNG = 50_000
"""New objects between two garbage collections: with Python's 700, a command wastes an eighth of its start on them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and gives its exit code; `arguments` are by default those of the process."""
    gc.set_threshold(_YOUNG)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # it would look for some in every installed package
    try:
        from sealane.cli import exits

        return exits.run(arguments)
    except KeyboardInterrupt:  # before, or while, anything could be set up to say so nicely
        return 130
