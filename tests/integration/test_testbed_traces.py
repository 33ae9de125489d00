"""A second bed, in a network namespace and a home of its own, seen from outside: whatever happens, `down` leaves nothing.

Nothing here asks the bed what it owns. Processes are found by their network namespace, cgroup and files, the rest by
looking at the machine.
"""

from __future__ import annotations

import ctypes
import json
import os
import random
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from testbed.access import ACCOUNT_USER
from testbed.layout import API_PORT, Layout
from testbed.record import Bed, read

_ROOT = Path(__file__).parents[2]
_WEB = "mkdir /w && echo here >/w/index.html && exec httpd -f -p 8080 -h /w"
# A bed takes seconds to start on an idle machine; these tests start several, perhaps on a busy one.
pytestmark = [pytest.mark.timeout(900), pytest.mark.alone]


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """A place for a bed that shares nothing with the one on the host but the programs and images."""

    space: str
    layout: Layout

    def run(self, *argv: str, fails: bool = False) -> str:
        """Run a program in the other network namespace; return what it prints, or complains about if it is to fail."""
        places = {"SEALANE_TESTBED_HOME": str(self.layout.home), "SEALANE_TESTBED_CACHE": str(self.layout.cache)}
        if self.layout.other_cluster:
            places["SEALANE_TEST_KUBECONFIG"] = str(self.layout.other_cluster)
        done = subprocess.run(
            ["ip", "netns", "exec", self.space, *argv],
            cwd=_ROOT,
            env={**os.environ, **places},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert (done.returncode != 0) == fails, f"{argv}:\n{done.stdout}\n{done.stderr}"
        return done.stderr if fails else done.stdout

    def testbed(self, command: str, *, fails: bool = False) -> str:
        return self.run(sys.executable, "-m", "testbed", command, fails=fails)

    @property
    def bed(self) -> Bed:
        return read(self.layout.record)

    def kubectl(self, *words: str) -> str:
        return self.run(self.bed.kubectl, f"--kubeconfig={self.bed.admin_kubeconfig}", *words)

    def engine(self, method: str, target: str, body: object = None) -> str:
        words = ["curl", "--silent", "--show-error", "--unix-socket", self.bed.engine_socket, "--request", method]
        given = ["--header", "Content-Type: application/json", "--data", json.dumps(body)] if body is not None else []
        return self.run(*words, *given, f"http://engine/v1.41{target}")


@dataclass(kw_only=True)
class Census:
    """What there is of a bed on the machine."""

    processes: set[int] = field(default_factory=set)
    mounts: set[str] = field(default_factory=set)
    interfaces: set[str] = field(default_factory=set)
    namespaces: set[str] = field(default_factory=set)
    rules: set[str] = field(default_factory=set)
    cgroups: set[str] = field(default_factory=set)
    sockets: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    reserved: set[str] = field(default_factory=set)


def census(place: Elsewhere) -> Census:
    """Count everything that is in the namespace, in the home, or named after either."""
    home, tag = str(place.layout.home), place.layout.tag
    listed = place.run("nft", "list", "ruleset")
    fixed = [Path("/var/lib/cni/results"), Path("/var/log/containers")]
    links = [file for folder in fixed if folder.exists() for file in folder.iterdir()]
    unix = place.run("cat", "/proc/net/unix").splitlines()
    return Census(
        processes=_processes(place),
        mounts={line for line in Path("/proc/self/mountinfo").read_text().splitlines() if f"{home}/" in line},
        interfaces={line.split()[1] for line in place.run("ip", "-o", "link").splitlines()},
        namespaces={
            entry.name
            for entry in Path("/run/netns").iterdir()
            if re.match(r"cni-|netns-", entry.name) and _inside(entry)
        },
        rules={re.sub(r"packets \d+ bytes \d+", "", line) for line in listed.splitlines() if not line.startswith("#")},
        cgroups={str(path) for path in Path("/sys/fs/cgroup").rglob(f"*{tag}*")},
        sockets={line.split()[7] for line in unix if len(line.split()) > 7 and line.split()[7].startswith("/")},
        reserved=set(place.run("cat", "/proc/sys/net/ipv4/ip_local_reserved_ports").strip().split(",")) - {""},
        files={str(file) for file in links if tag in file.name or (file.is_symlink() and home in str(file.readlink()))},
    )


def _inside(entry: Path) -> bool:
    return entry.name in _OURS


_OURS: set[str] = set()
"""Names below /run/netns that containers of these tests were given."""


def _processes(place: Elsewhere) -> set[int]:
    home, tag = str(place.layout.home), place.layout.tag
    inode = Path(f"/run/netns/{place.space}").stat().st_ino
    processes = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            here = (process / "ns/net").stat().st_ino == inode
            texts = [(process / name).read_bytes() for name in ("cmdline", "cgroup", "mountinfo")]
        except OSError:
            continue
        root = next((line for line in texts[2].splitlines() if line.split()[4] == b"/"), b"")
        if here or f"{home}/".encode() in texts[0] + root or tag.encode() in texts[1]:
            processes.add(int(process.name))
    return processes


@pytest.fixture
def elsewhere(bed: Bed) -> Iterator[Elsewhere]:
    """An empty place; `bed` makes sure that programs and images are built, which takes a network."""
    space = f"bed-{secrets.token_hex(3)}"
    home = Path(tempfile.mkdtemp(prefix="sl-"))
    subprocess.run(["ip", "netns", "add", space], check=True)
    place = Elsewhere(space=space, layout=Layout(home=home, cache=Layout.from_environment().cache))
    try:
        yield place
    finally:
        place.testbed("down")
        subprocess.run(["ip", "netns", "delete", space], check=True)
        shutil.rmtree(home)


def _work(place: Elsewhere) -> list[Path]:
    """Run a pod with a host port and a container with a network and a published port; name what may be left of them."""
    bed = place.bed
    port = {"name": "web", "image": bed.busybox_image, "command": ["sh", "-c", _WEB]}
    spec = {"containers": [{**port, "ports": [{"containerPort": 8080, "hostPort": 38100}]}]}
    overrides = json.dumps({"apiVersion": "v1", "spec": spec})
    place.kubectl("run", "web", f"--image={bed.busybox_image}", f"--overrides={overrides}")
    place.kubectl("expose", "pod", "web", "--port=80", "--target-port=8080")
    place.kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=90s")

    place.engine("POST", "/networks/create", {"Name": "apart", "Driver": "bridge"})
    host = {"NetworkMode": "apart", "PortBindings": {"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": "38101"}]}}
    container = {"Image": bed.busybox_image, "Cmd": ["sh", "-c", _WEB], "ExposedPorts": {"8080/tcp": {}}}
    made = json.loads(place.engine("POST", "/containers/create", {**container, "HostConfig": host}))
    place.engine("POST", f"/containers/{made['Id']}/start")
    seen = json.loads(place.engine("GET", f"/containers/{made['Id']}/json"))
    assert seen["State"]["Running"], seen
    space = Path(seen["NetworkSettings"]["SandboxKey"])
    _OURS.add(space.name)
    assert "here" in place.run("curl", "--silent", "--retry", "20", "--retry-connrefused", "http://127.0.0.1:38101/")
    groups = list(Path("/sys/fs/cgroup").rglob(f"*{made['Id']}*"))
    segment = Path(
        f"/proc/sysvipc/shm#{(place.layout.postgres / 'postmaster.pid').read_text().splitlines()[6].split()[1]}"
    )
    assert space.exists()
    assert groups
    return [space, *groups, segment]


def _still_there(traces: list[Path]) -> list[Path]:
    segments = {f"shm#{line.split()[1]}" for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]}
    return [trace for trace in traces if trace.exists() or trace.name in segments]


def _kill(place: Elsewhere, share: float) -> None:
    """Kill a share of the bed's processes, chosen by chance, as a machine short of memory would."""
    seed = secrets.randbits(32)
    print(f"killing {share} of the processes with seed {seed}")
    there = sorted(_processes(place))
    for pid in random.Random(seed).sample(there, round(len(there) * share)):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _assert_nothing_left(place: Elsewhere, before: Census, up: Census, traces: list[Path]) -> None:
    assert census(place) == before
    assert not [path for path in up.sockets if Path(path).exists()]
    assert not _still_there(traces)
    assert {file.name for file in place.layout.home.iterdir()} <= {"lock", "failed-logs"}


def test_a_bed_starts_once_and_ends_without_a_trace_and_without_a_stranger(elsewhere: Elsewhere, bed: Bed) -> None:
    before = census(elsewhere)
    others = _recorded(bed)
    with tempfile.TemporaryDirectory(prefix="sl-") as another:  # sockets take no long path
        _start_more_than_once(elsewhere, Path(another))
    traces = _work(elsewhere)
    up = census(elsewhere)
    with subprocess.Popen(["sleep", "600"]) as stranger:
        # As if the kernel had given the id of a daemon that ended to somebody else.
        record = elsewhere.layout.processes / "coredns.json"
        record.write_text(json.dumps({**json.loads(record.read_text()), "pid": stranger.pid}))
        elsewhere.testbed("down")
        ended = stranger.poll() is not None
        stranger.kill()

    # Without these the comparison below would say nothing.
    for kind, things in vars(up).items():
        assert len(things) > len(vars(before)[kind]), f"no {kind} were seen while the bed ran"
    _assert_nothing_left(elsewhere, before, up, traces)
    assert not ended
    assert _recorded(bed) == others, "the bed on the host was disturbed"


def _start_more_than_once(elsewhere: Elsewhere, another_home: Path) -> None:
    """However often it is asked for, one bed starts; another home gets none in the same namespace and ends none there."""
    with ThreadPoolExecutor() as pool:
        said = list(pool.map(elsewhere.testbed, ["up", "up"]))
    assert sum("starting" in one for one in said) == 1
    assert all("the bed is up" in one for one in said)

    there = census(elsewhere)
    assert elsewhere.testbed("up").startswith("the bed is up (")
    assert there.processes <= census(elsewhere).processes

    second = replace(elsewhere, layout=replace(elsewhere.layout, home=another_home))
    assert str(elsewhere.layout.home) in second.testbed("up", fails=True)
    (another_home / "run").mkdir()
    second.testbed("down")
    after = census(elsewhere)
    assert (after.rules, after.interfaces) == (there.rules, there.interfaces)
    assert elsewhere.testbed("up").startswith("the bed is up (")


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_a_bed_of_which_processes_were_killed_is_repaired_and_still_ends_clean(
    elsewhere: Elsewhere, share: float
) -> None:
    before = census(elsewhere)
    elsewhere.testbed("up")
    traces = _work(elsewhere)
    _kill(elsewhere, share)
    assert "replaced" in elsewhere.testbed("up")
    traces += _work(elsewhere)
    up = census(elsewhere)
    _kill(elsewhere, share)
    elsewhere.testbed("down")

    _assert_nothing_left(elsewhere, before, up, traces)


def test_a_bed_whose_records_are_lost_is_found_again(elsewhere: Elsewhere) -> None:
    before = census(elsewhere)
    elsewhere.testbed("up")
    traces = _work(elsewhere)
    up = census(elsewhere)
    shutil.rmtree(elsewhere.layout.processes)
    elsewhere.layout.record.unlink()
    elsewhere.testbed("down")

    _assert_nothing_left(elsewhere, before, up, traces)


def test_a_bed_for_another_cluster_starts_none_and_leaves_that_one_alone(elsewhere: Elsewhere, bed: Bed) -> None:
    before = census(elsewhere)
    with _reachable(elsewhere.space, API_PORT):
        place = replace(elsewhere, layout=replace(elsewhere.layout, other_cluster=Path(bed.admin_kubeconfig)))
        place.testbed("up")
        offered = place.bed
        processes = {json.loads(file.read_text())["name"] for file in place.layout.processes.iterdir()}
        whoami = ["auth", "whoami", "--output=jsonpath={.status.userInfo.username}"]
        account = place.run(offered.kubectl, f"--kubeconfig={offered.sealane_kubeconfig}", *whoami)
        assert place.testbed("up").startswith("the bed is up (")
        place.testbed("down")

    assert processes == {"registry", "engine", "postgres", "docker"}
    assert not offered.own_cluster
    assert account == ACCOUNT_USER
    assert Path(bed.admin_kubeconfig).exists()
    _assert_nothing_left(elsewhere, before, before, [])


@contextmanager
def _reachable(space: str, port: int) -> Iterator[None]:
    """Carry connections to a loopback port in another network namespace to the same port here."""
    with ThreadPoolExecutor(max_workers=1) as elsewhere:
        # Only the thread changes its namespace, and a socket stays in the one it was made in.
        listener = elsewhere.submit(_listen_in, space, port).result()
    ends: list[socket.socket] = [listener]

    def copy(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def accept() -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(("127.0.0.1", port))
                ends.extend((near, far))
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=copy, args=pair, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield
    finally:
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


def _listen_in(space: str, port: int) -> socket.socket:
    with Path(f"/run/netns/{space}").open() as handle:
        assert ctypes.CDLL(None, use_errno=True).setns(handle.fileno(), 0) == 0, os.strerror(ctypes.get_errno())
    subprocess.run(["ip", "-netns", space, "link", "set", "dev", "lo", "up"], check=True)
    return socket.create_server(("127.0.0.1", port))


def _recorded(bed: Bed) -> dict[str, str]:
    return {file.name: file.read_text() for file in Path(bed.home, "run", "processes").glob("*.json")}
