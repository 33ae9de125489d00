"""Starting the bed, each part when what it needs answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from testbed import (
    access,
    before,
    certificates,
    control,
    dns,
    docker,
    engine,
    firewall,
    golang,
    health,
    images,
    network,
    node,
    packages,
    parts,
    postgres,
    registry,
    toolchain,
)
from testbed.errors import BedError
from testbed.layout import Layout
from testbed.processes import Daemon, last_words, recorded, start, stop, wait_for
from testbed.progress import Progress
from testbed.record import Bed, describe
from testbed.waiting import until

_NODE_PATIENCE: Final = 120.0
_FILES_OF: Final = {"docker": docker.write_files, "postgres": postgres.write_files}
"""What has to be written before something beside starts."""


def programs(layout: Layout) -> tuple[golang.Program, ...]:
    """What a bed runs and offers."""
    return golang.CLUSTER if layout.other_cluster is None else (golang.KUBECTL,)


def _to_build(layout: Layout, *, lean: bool) -> list[golang.Program]:
    return golang.missing(layout, programs(layout) + (() if lean else golang.for_tests()))


def prepare(layout: Layout, *, lean: bool = False) -> None:
    """Get everything that is kept between starts: packages, programs and images, side by side where it takes long."""
    own = layout.other_cluster is None
    programs_missing = _to_build(layout, lean=lean)
    packages_missing = packages.missing(cluster=own, lean=lean)
    if not programs_missing and not packages_missing:
        _check(layout)
        images.make(layout, _bases(layout))
        return
    _announce(programs_missing, packages_missing)
    layout.cache.mkdir(parents=True, exist_ok=True)
    if programs_missing:
        packages.install(toolchain.packages_to_fetch_it())
    with Progress() as progress, golang.Building(layout, programs_missing, progress) as building:
        packages.install(packages_missing, progress)
        _check(layout)
        images.make(layout, _bases(layout), progress)
        building.finish()


def _bases(layout: Layout) -> tuple[images.BaseImage, ...]:
    return images.served() + ((images.pause(),) if layout.other_cluster is None else ())


def _announce(programs_missing: list[golang.Program], packages_missing: list[str]) -> None:
    """Say what comes and how long it takes, before it begins."""
    parts = [f"{len(packages_missing)} Debian packages are installed"] if packages_missing else []
    if programs_missing:
        names = ", ".join(program.name for program in programs_missing)
        parts.append(f"{names} are built from source ({golang.time_to_build(programs_missing)})")
    print(f"done once: {' while '.join(parts)}", flush=True)


def _check(layout: Layout) -> None:
    """Raise when something that is not ours is where the bed has to be, before minutes are spent on it."""
    own = layout.other_cluster is None
    network.lift_loopback()
    if owner := network.other_owner(layout):
        raise BedError(
            f"the bed with the home {owner} has this network namespace; use it, or end it with "
            f"`SEALANE_TESTBED_HOME={owner} python3 -m testbed down`"
        )
    if own and (tables := firewall.stranger_tables()):
        raise BedError(f"another cluster's tables are in the packet filter: {', '.join(tables)}")
    if heard := network.listened_on(layout):
        raise BedError(f"another program listens on port {', '.join(heard)}, which the bed needs")


def start_all(layout: Layout, *, lean: bool = False) -> Bed:
    """Start every part of a bed of which nothing runs, and return what it offers; a lean bed has nothing beside."""
    own = layout.other_cluster is None
    before.remember(layout)
    network.claim(layout)
    network.reserve_ports(layout)
    for folder in (layout.processes, layout.logs, layout.bin, layout.run / "home", layout.run / "tmp"):
        folder.mkdir(parents=True, exist_ok=True)
    layout.run.chmod(0o755)
    for program in programs(layout):
        (layout.bin / program.name).symlink_to(golang.path_of(layout, program))
    work = [
        lambda: _services(layout, lean=lean),
        lambda: _cluster(layout) if own else _account(layout),
        # Some gigabytes, whose removal takes longer than anything else here waits.
        lambda: toolchain.forget_downloads(layout),
    ]
    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(part) for part in work]:
            done.result()
    bed = describe(layout)
    bed.write(layout.record)
    return bed


def restock(layout: Layout, *, lean: bool = False) -> None:
    """Put the base images back where a test has removed them."""
    for image in images.served():
        if not images.served_by_registry(image):
            images.push(layout, image)
        if not engine.has(layout, image.name):
            engine.load(layout, image.archive(layout))
        if not lean and not docker.has(layout, image.name):
            docker.copy_from_podman(layout, engine.podman(layout), engine.variables(layout), image.name)


def start_beside(layout: Layout) -> None:
    """Start what nothing else needs, unless it runs; a bed that others use stays as it is."""
    golang.build(layout, golang.for_tests())
    processes = recorded(layout)
    missing = []
    for daemon in parts.beside(layout):
        process = processes.get(daemon.name)
        if process and process.alive:
            if health.soon(daemon.ready):
                continue
            stop(process)
        missing.append(daemon)
    if missing:
        packages.install(packages.missing(cluster=layout.other_cluster is None))
        for write in [_FILES_OF[daemon.name] for daemon in missing]:
            write(layout)
        _start(layout, missing)


def _services(layout: Layout, *, lean: bool) -> None:
    """The registry and the engine with the base images, and what is beside."""
    for write in (registry.write_files, engine.write_files):
        write(layout)
    _start(layout, parts.services(layout))
    if not lean:
        start_beside(layout)
    restock(layout, lean=lean)


def _cluster(layout: Layout) -> None:
    certificates.make_all(layout)
    network.give_node_an_address()
    for write in (control.write_files, node.write_files, dns.write_files):
        write(layout)
    _start(layout, [control.etcd(layout), node.containerd(layout)])
    _start(layout, [control.api_server(layout)], meanwhile=lambda: _pause_image(layout))
    _start(
        layout,
        [control.controllers(layout), control.scheduler(layout), node.kubelet(layout), node.proxy(layout)],
        meanwhile=lambda: access.apply(layout, access.manifests() + access.dns_manifests()),
    )
    _start(layout, [dns.server(layout)], meanwhile=lambda: access.write_account(layout))
    until(
        lambda: node.node_ready(layout),
        within=_NODE_PATIENCE,
        missed=lambda: f"the node did not become ready:\n{last_words(layout, 'kubelet')}",
    )


def _pause_image(layout: Layout) -> None:
    node.import_image(layout, images.pause().archive(layout))


def _account(layout: Layout) -> None:
    """Sealane's account in a cluster that is not ours."""
    access.apply(layout, access.manifests())
    access.write_account(layout)


def _start(layout: Layout, daemons: Iterable[Daemon], *, meanwhile: Callable[[], None] = lambda: None) -> None:
    begun = time.monotonic()
    wanted = list(daemons)
    for daemon in wanted:
        start(layout, daemon)
    meanwhile()
    for daemon in wanted:
        wait_for(layout, daemon)
        print(f"  {daemon.name} answers ({time.monotonic() - begun:.1f} s)", flush=True)
