"""What the test bed says when it cannot go on."""

from __future__ import annotations


class BedError(Exception):
    """The bed can't do what was asked; the message says why and, where there is one, the way out."""
