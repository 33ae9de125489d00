"""Real metric stores for tests: Debian's Prometheus and InfluxDB, unpacked into the cache and run from there, and OpenTelemetry's collector.

They are not installed: nothing of them starts with the machine, and only tests that ask for them run them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from testbed import golang, unpacked
from testbed.layout import Layout
from testbed.on_demand import free_port, running

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
_COLLECTOR = """receivers:
  otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:{port}"}}}}}}
exporters:
  file: {{path: {kept}, flush_interval: 100ms}}
service:
  pipelines:
    traces: {{receivers: [otlp], exporters: [file]}}
    metrics: {{receivers: [otlp], exporters: [file]}}
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
        _prometheus(),
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
    with running([unpacked.program("usr/bin/influxd", "influxdb"), "-config", config], folder):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def collector(layout: Layout, folder: Path, port: int) -> Iterator[Path]:
    """OpenTelemetry's collector on a port; gives the file to which it adds a line of OTLP's JSON for each request it takes."""
    golang.build(layout, (golang.COLLECTOR,))  # a bed that another version started may have none yet
    config, kept = folder / "collector.yaml", folder / "kept.json"
    config.write_text(_COLLECTOR.format(port=port, kept=kept))
    with running([golang.path_of(layout, golang.COLLECTOR), "--config", config], folder, answers=kept.exists):
        yield kept


def promtool() -> Path:
    """Prometheus' checker of rules and metrics."""
    return _prometheus().with_name("promtool")


def _prometheus() -> Path:
    return unpacked.program("usr/bin/prometheus", "prometheus")
