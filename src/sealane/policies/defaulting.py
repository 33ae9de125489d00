"""What the API server fills in. Pure."""

from __future__ import annotations

from typing import Any


def defaulted(manifest: dict[str, Any], namespace: str | None) -> dict[str, Any]:
    """TEMP"""
    return manifest
