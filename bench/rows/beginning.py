"""From starting the command to the first line that a container executes: `sealane run` beside `podman run`.

The container says the kernel's uptime, which is the same inside and outside, in hundredths of a second.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import pipelines
from bench.demo import places
from bench.figures import Row
from testbed.record import Bed

_REPEATS = 5
_COMMAND = "cat /proc/uptime"


def measure(here: Bed) -> tuple[Row, ...]:
    """Five times each, in turns."""
    ours: list[float] = []
    theirs: list[float] = []
    with TemporaryDirectory() as name:
        folder = Path(name)
        pipelines.write(folder, image=here.busybox_image, commands=[_COMMAND])
        for _ in range(_REPEATS):
            begun = _uptime()
            ours.append(_first_line(pipelines.sealane(here, folder)) - begun)
            begun = _uptime()
            said = pipelines.podman("run", "--rm", "-v", f"{folder}:/work", here.busybox_image, "sh", "-c", _COMMAND)
            theirs.append(float(said.split()[0]) - begun)
    row = Row(
        work="start of the command to the first container's first line",
        ours=tuple(ours),
        peer="podman run --rm -v",
        theirs=tuple(theirs),
    )
    return (row,)


def _uptime() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _first_line(told: str) -> float:
    """The uptime among what `sealane run --json` told."""
    for line in told.splitlines():
        event = json.loads(line)
        for said in str(event.get("data", "")).splitlines() if event["event"] == "LogWritten" else ():
            words = said.split()
            if len(words) == 2 and words[0].replace(".", "").isdigit():
                return float(words[0])
    raise places.Broke(f"no container said its uptime:\n{told[-2000:]}")
