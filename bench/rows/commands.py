"""What small commands cost: processor seconds, which other work on the machine does not change much."""

from __future__ import annotations

import resource
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import serving
from bench.demo import places
from bench.figures import Row
from testbed.record import Bed

_REPEATS = 7


def measure(here: Bed) -> tuple[Row, ...]:
    """Each in turns with what people type beside it."""
    kubectl = (here.kubectl, f"--kubeconfig={here.admin_kubeconfig}")
    with TemporaryDirectory() as name, serving.server(Path(name), DOCKER_HOST=here.docker_host) as server:
        version = _row(
            "sealane --version (processor time)",
            lambda: places.run(str(places.SEALANE), "--version"),
            "kubectl version --client",
            lambda: places.run(*kubectl, "version", "--client"),
            wanted=0.12,
        )
        status = _row(
            "sealane status of a local server (processor time)",
            lambda: server.run("status"),
            "kubectl get pods",
            lambda: places.run(*kubectl, "get", "pods"),
            wanted=0.35,
        )
    return (version, status)


def _row(work: str, ours: Callable[[], object], peer: str, theirs: Callable[[], object], *, wanted: float) -> Row:
    pairs = [(_processor(ours), _processor(theirs)) for _ in range(_REPEATS)]
    return Row(
        work=work,
        ours=tuple(mine for mine, _ in pairs),
        peer=peer,
        theirs=tuple(other for _, other in pairs),
        wanted_seconds=wanted,
    )


def _processor(work: Callable[[], object]) -> float:
    """The processor seconds of the processes that it starts and ends."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
