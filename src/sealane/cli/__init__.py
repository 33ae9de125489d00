"""The command line: asks, shows and ends with an exit code; what it shows comes from the rooms behind it."""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and gives its exit code; `arguments` are those of the process when left out."""
    try:
        from sealane.cli import ending

        return ending.run(arguments)
    except KeyboardInterrupt:  # before, or while, anything could be set up to say so nicely
        return 130
