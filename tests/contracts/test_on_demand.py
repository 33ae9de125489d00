"""Programs that tests run for themselves leave nothing behind, whatever becomes of the tests."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

from testbed.on_demand import free_port
from tests.serving import until

SCRIPT = """
import sys, time
from pathlib import Path
from testbed.on_demand import running

with running(["sleep", "3600"], Path(sys.argv[1])) as process:
    print(process.pid, flush=True)
    time.sleep(3600)
"""


def test_a_program_ends_with_a_test_that_is_killed(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", SCRIPT, str(tmp_path)]
    with subprocess.Popen(argv, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True) as test:
        assert test.stdout is not None
        stat = Path("/proc", test.stdout.readline().strip(), "stat")
        assert stat.exists()
        test.kill()
    until("the program to end", lambda: not stat.exists() or stat.read_text().rpartition(") ")[2].startswith("Z"))


def test_a_free_port_is_none_that_a_connection_takes_meanwhile() -> None:
    """The kernel gives connections theirs from a range; a program that starts later may want the port that was drawn."""
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for _ in range(200):
        port = free_port()
        assert port < first
        socket.create_server(("127.0.0.1", port)).close()
