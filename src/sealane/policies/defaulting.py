"""What the API server fills in. Pure."""

from __future__ import annotations

from typing import Any


def defaulted(manifest: dict[str, Any]) -> dict[str, Any]:
    """TEMP"""
    return manifest
