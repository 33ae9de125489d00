"""The programs that no Debian package holds, built from pinned Go modules and kept by the pins' hash."""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from testbed.errors import BedError
from testbed.layout import Layout

MODULES: Final = Path(__file__).parent / "go"
KUBERNETES_VERSION: Final = "1.36.3"
_OLDEST_GO: Final = (1, 26)
_SECONDS_BETWEEN_SIGNS: Final = 15.0


@dataclass(frozen=True, kw_only=True)
class Program:
    """One program of one pinned module."""

    name: str
    module: str
    """The folder below `go/` that pins it."""
    package: str
    variables: tuple[tuple[str, str], ...] = ()
    """What the linker writes into string variables."""


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
    Program(name="coredns", module="coredns", package="."),
)
PEERS: Final = (Program(name="helm", module="helm", package="helm.sh/helm/v3/cmd/helm"),)
KWOK: Final = Program(name="kwok", module="kwok", package="sigs.k8s.io/kwok/cmd/kwok")
"""Pretends machines and pods, for a bench that wants many."""


def path_of(layout: Layout, program: Program) -> Path:
    """Where `program` lies once it is built from the pins of today."""
    pins = hashlib.sha256(repr(program.variables).encode())
    for file in sorted((MODULES / program.module).iterdir()):
        pins.update(file.name.encode() + b"\0" + file.read_bytes())
    pins.update(platform.machine().encode())
    return layout.cache / "bin" / f"{program.module}-{pins.hexdigest()[:12]}" / program.name


def build(layout: Layout, programs: Iterable[Program]) -> None:
    """Build those of `programs` that are missing; an interrupted build goes on where it stopped."""
    wanted = list(programs)
    if all(path_of(layout, program).exists() for program in wanted):
        return
    with _alone(layout):
        missing = [program for program in wanted if not path_of(layout, program).exists()]
        if not missing:
            return  # another bed with the same cache built them while we waited
        go = _go()
        print(f"building {len(missing)} programs with {go}; done once, some minutes", flush=True)
        for number, program in enumerate(missing, start=1):
            _build_one(layout, go, program, f"[{number}/{len(missing)}] {program.name}")


def _build_one(layout: Layout, go: str, program: Program, title: str) -> None:
    place = path_of(layout, program)
    place.parent.mkdir(parents=True, exist_ok=True)
    unfinished = place.with_name(f".{place.name}.unfinished")
    flags = "-s -w" + "".join(f" -X {variable}={value}" for variable, value in program.variables)
    argv = [go, "build", "-mod=readonly", "-buildvcs=false", "-trimpath", "-ldflags", flags, "-o", str(unfinished)]
    # A newer toolchain or a workspace around us would build something else than the pins say.
    env = {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": ""}
    log = layout.cache / f"build-{program.name}.log"
    begun = time.monotonic()
    with log.open("wb") as words:
        child = subprocess.Popen(
            [*argv, program.package],
            cwd=MODULES / program.module,
            env=env,
            stdout=words,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _show(child, title, begun)
        except BaseException:
            # Go's own children too; what they compiled stays in Go's cache for the next try.
            os.killpg(child.pid, signal.SIGTERM)
            child.wait()
            raise
    if child.returncode:
        end = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
        raise BedError(f"{program.name} does not build:\n{end}\n(all of it: {log})")
    unfinished.replace(place)
    log.unlink()
    _say(f"{title} built in {time.monotonic() - begun:.0f} s", last=True)


def _show(child: subprocess.Popen[bytes], title: str, begun: float) -> None:
    pause = 1.0 if sys.stdout.isatty() else _SECONDS_BETWEEN_SIGNS
    while True:
        _say(f"{title} … {time.monotonic() - begun:.0f} s", last=False)
        try:
            child.wait(timeout=pause)
        except subprocess.TimeoutExpired:
            continue
        return


def _say(text: str, *, last: bool) -> None:
    if sys.stdout.isatty():
        print(f"\r\x1b[K  {text}", end="\n" if last else "", flush=True)
    else:
        print(f"  {text}", flush=True)


@contextmanager
def _alone(layout: Layout) -> Iterator[None]:
    """Hold the cache: two beds may share one, and a program is built once."""
    layout.cache.mkdir(parents=True, exist_ok=True)
    with (layout.cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _go() -> str:
    wanted = ".".join(map(str, _OLDEST_GO))
    way = f"install Go {wanted} or newer and put it on PATH (or below /usr/local/go)"
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if go is None:
        raise BedError(f"Kubernetes is built from source here, and there is no `go`; {way}")
    said = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=False).stdout.strip()
    found = re.match(r"go(\d+)\.(\d+)", said)
    if found is None or (int(found[1]), int(found[2])) < _OLDEST_GO:
        raise BedError(f"{go} is {said or 'broken'}, too old to build Kubernetes {KUBERNETES_VERSION}; {way}")
    return go
