"""Slow peers, measured once into a dated file by `python -m bench.peers`, and printed beside our fresh figures."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """The newest file: the day, the machine, and seconds by what was measured."""

    day: str
    machine: dict[str, Any]
    seconds: dict[str, float]


def newest() -> Stored | None:
    """None when nobody has measured them yet."""
    files = sorted(FOLDER.glob("????-??-??.json"))
    if not files:
        return None
    known = json.loads(files[-1].read_text())
    return Stored(day=known["day"], machine=known["machine"], seconds=known["seconds"])
