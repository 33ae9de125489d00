"""How often a property is tried that wants more or fewer examples than most."""

from __future__ import annotations

from hypothesis import settings


def examples(of_hundred: int) -> int:
    """So many where most properties get a hundred, and in proportion under another profile."""
    return max(1, of_hundred * settings.default.max_examples // 100)
