"""Ten more one-line steps: a run of 20 less a run of 10, beside ten times `podman run --rm -v`."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from bench import figures, pipelines
from bench.figures import Row
from testbed.record import Bed

_REPEATS = 3
_COMMAND = "echo hello"


def measure(here: Bed) -> tuple[Row, ...]:
    """Three times each, in turns."""
    image = here.busybox_image
    ours: list[float] = []
    theirs: list[float] = []
    with TemporaryDirectory() as name:
        ten, twenty = Path(name) / "ten", Path(name) / "twenty"
        pipelines.write(ten, image=image, commands=[_COMMAND] * 10)
        pipelines.write(twenty, image=image, commands=[_COMMAND] * 20)

        def peer() -> None:
            for _ in range(10):
                pipelines.podman("run", "--rm", "-v", f"{ten}:/work", "-w", "/work", image, "sh", "-c", _COMMAND)

        def run(folder: Path) -> float:
            return figures.seconds(lambda: pipelines.sealane(here, folder))

        for _ in range(_REPEATS):
            less = run(ten)
            ours.append(run(twenty) - less)
            theirs.append(figures.seconds(peer))
    row = Row(
        work="10 more one-line steps (20 less 10)",
        ours=tuple(ours),
        peer="10 times podman run --rm -v",
        theirs=tuple(theirs),
        wanted_ratio=0.6,
    )
    return (row,)
