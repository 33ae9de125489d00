"""The programs that no Debian package holds, built from pinned Go modules and kept by the pins' hash."""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from testbed import toolchain
from testbed.errors import BedError
from testbed.layout import Layout
from testbed.progress import Progress, clock, minutes

MODULES: Final = Path(__file__).parent / "go"
KUBERNETES_VERSION: Final = "1.36.3"

# Measured, and only for the progress line: what it takes to build the whole cluster from nothing.
_CLUSTER_PACKAGES: Final = 2840
_CLUSTER_SECONDS: Final = 620.0
_ENOUGH_TO_JUDGE: Final = 0.1
# A compiler lives for a second, and needn't collect its garbage at every doubling. The limit is for the few packages
# that are so large that they would take all memory otherwise.
_SELDOM_COLLECTED: Final = {"GOGC": "400", "GOMEMLIMIT": "1536MiB"}


@dataclass(frozen=True, kw_only=True)
class Program:
    """One program of one pinned module."""

    name: str
    module: str
    """The folder below `go/` that pins it."""
    package: str
    variables: tuple[tuple[str, str], ...] = ()
    """What the linker writes into string variables."""
    folders: tuple[str, ...] = ()
    """Folders of the package's module that it reads while it runs: they are kept beside it."""
    share: float = 1.0
    """How much there is to compile, by that of a program of the cluster: for the progress line alone."""


def _kubernetes(name: str) -> Program:
    major, minor, _ = KUBERNETES_VERSION.split(".")
    # Without these the servers call themselves v0.0.0, and clients that compare versions refuse them.
    stamps = [
        (f"{home}.{variable}", value)
        for home in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
        for variable, value in (("gitVersion", f"v{KUBERNETES_VERSION}"), ("gitMajor", major), ("gitMinor", minor))
    ]
    return Program(name=name, module="kubernetes", package=f"k8s.io/kubernetes/cmd/{name}", variables=tuple(stamps))


KUBECTL: Final = _kubernetes("kubectl")
CLUSTER: Final = (
    _kubernetes("kube-apiserver"),
    _kubernetes("kube-controller-manager"),
    _kubernetes("kube-scheduler"),
    _kubernetes("kubelet"),
    _kubernetes("kube-proxy"),
    KUBECTL,
    # In the module of Kubernetes: with its versions of what both need, little of CoreDNS is left to compile.
    Program(name="coredns", module="kubernetes", package="./coredns"),
)
HELM: Final = Program(name="helm", module="helm", package="helm.sh/helm/v3/cmd/helm", share=2.0)
PEERS: Final = (HELM,)
GITEA: Final = Program(
    name="gitea",
    module="gitea",
    package="code.gitea.io/gitea",
    folders=("options", "public", "templates"),
    share=3.0,
)
"""A git host, without SQLite, which would want a C compiler."""
OPENTOFU: Final = Program(name="tofu", module="opentofu", package="github.com/opentofu/opentofu/cmd/tofu", share=2.5)
COLLECTOR: Final = Program(name="otelcol", module="otelcol", package="./", share=1.5)
"""OpenTelemetry's collector, with only what it receives and a file to keep it in: a fraction of the distribution."""
FOR_TESTS: Final = (GITEA, HELM, COLLECTOR)
KWOK: Final = Program(name="kwok", module="kwok", package="sigs.k8s.io/kwok/cmd/kwok")
"""Pretends machines and pods, for a bench that wants many."""


def for_tests() -> tuple[Program, ...]:
    """What tests want beside the cluster, without what the machine has."""
    return FOR_TESTS if _own_opentofu() else (*FOR_TESTS, OPENTOFU)


def _own_opentofu() -> str | None:
    return shutil.which("tofu") or shutil.which("terraform")


def opentofu(layout: Layout) -> Path:
    """OpenTofu or Terraform: the machine's own, or else OpenTofu, built if it is missing."""
    if own := _own_opentofu():
        return Path(own)
    build(layout, (OPENTOFU,))
    return path_of(layout, OPENTOFU)


def path_of(layout: Layout, program: Program) -> Path:
    """Where `program` lies once it is built from the pins of today."""
    pins = hashlib.sha256(repr(program.variables).encode())
    module = MODULES / program.module
    for file in sorted(path for path in module.rglob("*") if path.is_file()):
        pins.update(str(file.relative_to(module)).encode() + b"\0" + file.read_bytes())
    pins.update(platform.machine().encode())
    return layout.cache / "bin" / f"{program.module}-{pins.hexdigest()[:12]}" / program.name


def missing(layout: Layout, programs: Iterable[Program]) -> list[Program]:
    """Those of `programs` that are not built yet."""
    return [program for program in programs if not path_of(layout, program).exists()]


def time_to_build(programs: Iterable[Program]) -> str:
    """About how long it takes to build `programs` on this machine, for people."""
    return minutes(_share(programs) * _CLUSTER_SECONDS / (os.cpu_count() or 1))


def _share(programs: Iterable[Program]) -> float:
    """How much there is to compile, by that of the whole cluster."""
    return sum(program.share for program in programs) / sum(program.share for program in CLUSTER)


def build(layout: Layout, programs: Iterable[Program]) -> None:
    """Build those of `programs` that are missing; an interrupted build goes on where it stopped."""
    wanted = missing(layout, programs)
    if wanted:
        print(f"building {', '.join(program.name for program in wanted)}: done once", flush=True)
        with Progress() as progress, Building(layout, wanted, progress) as building:
            building.finish()
        toolchain.forget_downloads(layout)


class Building:
    """Programs being built in the background while something else is done; leaving early ends it."""

    def __init__(self, layout: Layout, programs: Iterable[Program], progress: Progress) -> None:
        self._layout = layout
        self._programs = list(programs)
        self._progress = progress
        self._error: Exception | None = None
        self._child: subprocess.Popen[str] | None = None
        self._given_up = threading.Event()
        self._worker = threading.Thread(target=self._work)

    def __enter__(self) -> Self:
        self._worker.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._given_up.set()
        if self._child and self._child.poll() is None:
            # Go's own children too; what they compiled stays in Go's cache for the next try.
            os.killpg(self._child.pid, signal.SIGTERM)
        self._worker.join()

    def finish(self) -> None:
        """Wait until all of it is built. Raises `BedError` with Go's last words when it does not build."""
        self._worker.join()
        if self._error:
            raise self._error

    def _work(self) -> None:
        try:
            with _alone(self._layout):
                # Another bed with the same cache may have built them while we waited.
                if wanted := missing(self._layout, self._programs):
                    self._build(wanted)
        except (BedError, OSError, subprocess.SubprocessError) as error:
            self._error = error

    def _build(self, wanted: list[Program]) -> None:
        if not toolchain.installed():
            self._progress.tell("programs", "fetching Go")
        go = toolchain.find(self._layout)
        begun = time.monotonic()
        for module in sorted({program.module for program in wanted}):
            self._build_module(go, module, [program for program in wanted if program.module == module])
        self._progress.tell("programs", f"built in {clock(time.monotonic() - begun)}", left=0)

    def _build_module(self, go: toolchain.Toolchain, module: str, wanted: list[Program]) -> None:
        """Build all programs of one module at once: what they share is compiled once, and no core waits for a linker."""
        how = toolchain.as_owner(self._layout)
        # A newer toolchain or a workspace around us would build something else than the pins say.
        how["env"] |= {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": ""} | go.env
        how["env"] = _SELDOM_COLLECTED | how["env"]
        place = path_of(self._layout, wanted[0]).parent
        unfinished = place / ".unfinished"
        _make_folder(unfinished, like=self._layout.cache)
        variables = {setting for program in wanted for setting in program.variables}
        flags = "-s -w" + "".join(f" -X {variable}={value}" for variable, value in sorted(variables))
        # What a debugger reads is not linked in the end, so the compiler needn't write it: a tenth of its time.
        argv = [go.go, "build", "-v", "-mod=readonly", "-buildvcs=false", "-trimpath", "-gcflags=all=-dwarf=false"]
        argv += ["-ldflags", flags, "-o", f"{unfinished}/", *(program.package for program in wanted)]
        log = self._layout.cache / f"build-{module}.log"
        with subprocess.Popen(
            argv,
            cwd=MODULES / module,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            **how,
        ) as self._child:
            if self._given_up.is_set():
                self._child.terminate()
            self._follow(self._child, log, expected=round(_CLUSTER_PACKAGES * _share(wanted)))
        if self._child.returncode:
            end = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
            raise BedError(f"the programs of {module} do not build:\n{end}\n(all of it: {log})")
        for program in wanted:
            path = path_of(self._layout, program)
            _make_folder(path.parent, like=self._layout.cache)
            if program.folders:
                self._keep(go, program, how)
            (unfinished / program.name).replace(path)
        shutil.rmtree(unfinished)
        log.unlink()

    def _keep(self, go: toolchain.Toolchain, program: Program, how: dict[str, Any]) -> None:
        """Copy what the program reads out of Go's folder of modules, which others may not see and which is emptied."""
        argv = [go.go, "list", "-mod=readonly", "-f", "{{.Dir}}", program.package]
        listed = subprocess.run(argv, cwd=MODULES / program.module, capture_output=True, text=True, check=True, **how)
        kept = path_of(self._layout, program).parent
        for folder in program.folders:
            copy = ["cp", "--recursive", "--no-preserve=mode", f"{listed.stdout.strip()}/{folder}", f"{kept}/"]
            subprocess.run(copy, check=True, **how)

    def _follow(self, child: subprocess.Popen[str], log: Path, *, expected: int) -> None:
        """Copy what Go says into the log, and tell how far it is: it names each package that it compiles."""
        assert child.stdout
        fetched = compiled = 0
        begun = 0.0
        with log.open("w") as words:
            for line in child.stdout:
                words.write(line)
                words.flush()
                if line.startswith("go: downloading"):
                    fetched += 1
                    self._progress.tell("programs", f"fetching sources ({fetched})")
                elif len(line.split()) == 1:
                    compiled += 1
                    begun = begun or time.monotonic()
                    self._tell_share(min(compiled / expected, 0.99), time.monotonic() - begun, expected)

    def _tell_share(self, share: float, passed: float, expected: int) -> None:
        guess = _CLUSTER_SECONDS * expected / _CLUSTER_PACKAGES / (os.cpu_count() or 1)
        whole = passed / share if share > _ENOUGH_TO_JUDGE else max(guess, passed)
        self._progress.tell("programs", f"{share:.0%} built", left=whole * (1 - share))


def _make_folder(folder: Path, *, like: Path) -> None:
    """Make `folder` and what is missing above it, all of them belonging to the owner of `like`."""
    owner = like.stat()
    for path in reversed([folder, *folder.parents]):
        if not path.exists():
            path.mkdir()
            os.chown(path, owner.st_uid, owner.st_gid)


@contextmanager
def _alone(layout: Layout) -> Iterator[None]:
    """Hold the cache: two beds may share one, and a program is built once."""
    layout.cache.mkdir(parents=True, exist_ok=True)
    path = layout.cache / "lock"
    with path.open("w") as lock:
        owner = layout.cache.stat()
        if path.stat().st_uid != owner.st_uid:
            os.chown(path, owner.st_uid, owner.st_gid)
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
