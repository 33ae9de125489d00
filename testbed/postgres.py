"""PostgreSQL, in a data folder of the bed's own and under an ordinary user."""

from __future__ import annotations

import os
import pwd
import shutil
from typing import Final

from testbed import traces
from testbed.commands import run, succeeds
from testbed.layout import LOOPBACK, POSTGRES_PORT, Layout
from testbed.packages import postgres_program
from testbed.processes import Daemon, environment

SUPERUSER: Final = "sealane"
URL: Final = f"postgresql://{SUPERUSER}@{LOOPBACK}:{POSTGRES_PORT}/postgres"

# Everything is thrown away at `down`, so nothing needs to survive a power cut.
_SETTINGS: Final = {
    "listen_addresses": LOOPBACK,
    "port": str(POSTGRES_PORT),
    "unix_socket_directories": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "400",
    # Files instead of /dev/shm, where a killed server would leave its segments.
    "dynamic_shared_memory_type": "mmap",
}


def write_files(layout: Layout) -> None:
    """Make an empty database cluster that trusts whoever comes over the loopback."""
    user = pwd.getpwnam(_owner())
    traces.remove_segment(layout)  # only the folder knows it
    shutil.rmtree(layout.postgres, ignore_errors=True)
    layout.postgres.mkdir(parents=True, mode=0o700)
    os.chown(layout.postgres, user.pw_uid, user.pw_gid)
    initdb = postgres_program("initdb")
    options = ["--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8", f"--username={SUPERUSER}"]
    run([*_as_owner(), initdb, *options, f"--pgdata={layout.postgres}"], env=environment(layout), cwd=layout.run)


def server(layout: Layout) -> Daemon:
    """The database server."""
    settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
    return Daemon(
        name="postgres",
        argv=(*_as_owner(), postgres_program("postgres"), "-D", layout.postgres, *settings),
        ready=lambda: succeeds([postgres_program("pg_isready"), "-q", "-h", LOOPBACK, "-p", str(POSTGRES_PORT)]),
    )


def _owner() -> str:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _as_owner() -> list[str]:
    # The server refuses to be root. Homes are often closed to others, hence the right to pass through folders.
    return [
        "setpriv",
        f"--reuid={_owner()}",
        f"--regid={pwd.getpwnam(_owner()).pw_gid}",
        "--clear-groups",
        "--inh-caps=+dac_read_search",
        "--ambient-caps=+dac_read_search",
        "--",
    ]
