"""A real control plane beside the test bed's, without a node: what has thousands of objects leaves the bed alone.

It ends with the block, and all that it held goes with it. One that a killed bench left behind is ended by the next.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from testbed import access, certificates, control, golang, processes
from testbed.layout import Layout
from testbed.processes import Daemon

_LIFTED = 1000
"""Its ports lie so far above the bed's."""


@contextmanager
def beside(bed: Layout) -> Iterator[Layout]:
    """Its folders and addresses, once it answers and Sealane has an account there. Raises BedError."""
    layout = replace(bed, home=bed.home / "beside", lifted=_LIFTED)
    _end(layout)
    try:
        _start(layout)
        yield layout
    finally:
        _end(layout)


def _start(layout: Layout) -> None:
    for folder in (layout.processes, layout.logs, layout.bin, layout.run / "home", layout.run / "tmp"):
        folder.mkdir(parents=True)
    for program in golang.CLUSTER:
        (layout.bin / program.name).symlink_to(golang.path_of(layout, program))
    certificates.make_all(layout)
    control.write_files(layout)
    _answers(layout, control.etcd(layout))
    _answers(layout, control.api_server(layout))
    _answers(layout, control.controllers(layout), control.scheduler(layout))
    access.apply(layout, access.manifests())
    access.write_account(layout)


def _answers(layout: Layout, *wanted: Daemon) -> None:
    for daemon in wanted:
        processes.start(layout, daemon)
    for daemon in wanted:
        processes.wait_for(layout, daemon)


def _end(layout: Layout) -> None:
    """Who asks the API server ends before it does."""
    for process in reversed(processes.recorded(layout).values()):
        processes.stop(process)
    shutil.rmtree(layout.home, ignore_errors=True)
