"""Seeded failures: from the decisive fact, or the end of patience, to the verdict with its cause.

How the fact's time is had stands at the top of `bench/catalogue.py`. Kubernetes' own times are whole seconds, so what counts
from the end of patience may be up to a second too long.
"""

from __future__ import annotations

import asyncio

from bench import catalogue
from bench.figures import Row
from testbed.record import Bed

_DECISIVE = (
    "image-wrong-tag",
    "crash-at-once",
    "configmap-missing",
    "bad-command",
    "out-of-memory",
    "quota",
    "job-fails",
)
_PATIENT = ("readiness-wrong-port", "unschedulable-cpu", "service-selects-nothing", "init-hangs")
_WANTED = 2.0


def measure(here: Bed) -> tuple[Row, ...]:
    """Each scenario once; the spread is that of different causes."""
    told = asyncio.run(catalogue.play(here, (*_DECISIVE, *_PATIENT)))
    decisive = tuple(each.after for each in told if each.decisive and each.after is not None)
    patient = tuple(each.after for each in told if not each.decisive and each.after is not None)
    return (
        Row(work="seven decisive failures: from the fact to the verdict", ours=decisive, wanted_seconds=_WANTED),
        Row(work="four patient failures: from the end of patience", ours=patient, wanted_seconds=_WANTED),
    )
