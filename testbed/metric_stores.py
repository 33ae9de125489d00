"""Real metric stores for tests: Debian's Prometheus and InfluxDB, unpacked into the cache and run from there.

They are not installed: nothing of them starts with the machine, and only tests that ask for them run them.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from testbed.commands import run, succeeds
from testbed.errors import BedError
from testbed.on_demand import free_port, running

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "sealane" / "metric-stores"
_PROGRAMS = {"prometheus": "usr/bin/prometheus", "influxdb": "usr/bin/influxd"}

_PROMETHEUS = """global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{rules}]
scrape_configs:
  - {{job_name: itself, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}
"""
_SCRAPED = """  - {{job_name: {job}, authorization: {{credentials: {token}}}, static_configs: [{{targets: ["{target}"]}}]}}
"""
_INFLUXDB = """reporting-disabled = true
bind-address = "127.0.0.1:{inner}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
[http]
  bind-address = "127.0.0.1:{port}"
"""


@contextmanager
def prometheus(
    folder: Path, *, scraped: Mapping[str, str] | None = None, token: str = "none", rules: Path | None = None
) -> Iterator[str]:
    """A Prometheus that scrapes itself every second; gives its address as soon as it is started.

    `scraped` are others, by the name of their job, that are shown the token; `rules` is a file of alerts.
    """
    port = free_port()
    config = folder / "prometheus.yml"
    jobs = [_SCRAPED.format(job=job, target=target, token=token) for job, target in (scraped or {}).items()]
    config.write_text(_PROMETHEUS.format(port=port, rules=rules or "") + "".join(jobs))
    argv: list[str | Path] = [
        program("prometheus"),
        f"--config.file={config}",
        "--enable-feature=exemplar-storage",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]
    with running(argv, folder):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def influxdb(folder: Path) -> Iterator[str]:
    """An InfluxDB without databases; gives its address as soon as it is started."""
    port = free_port()
    config = folder / "influxdb.conf"
    config.write_text(_INFLUXDB.format(folder=folder, port=port, inner=free_port()))
    with running([program("influxdb"), "-config", config], folder):
        yield f"http://127.0.0.1:{port}"


def promtool() -> Path:
    """Prometheus' checker of rules and metrics."""
    return program("prometheus").with_name("promtool")


def program(package: str) -> Path:
    """The package's program, fetched and unpacked the first time. Raises BedError."""
    unpacked = CACHE / package
    path = unpacked / _PROGRAMS[package]
    if path.exists():
        return path
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        fetch = ["sh", "-c", f"cd {scratch} && apt-get download {package}"]
        if not succeeds(fetch, within=300):
            run(["apt-get", "update"], within=600)
            run(fetch, within=300)
        (archive,) = Path(scratch).glob("*.deb")
        run(["dpkg", "--extract", archive, Path(scratch) / "root"])
        shutil.rmtree(unpacked, ignore_errors=True)
        (Path(scratch) / "root").rename(unpacked)
    if not path.exists():
        raise BedError(f"Debian's package {package} has no {_PROGRAMS[package]}")
    return path
