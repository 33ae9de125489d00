"""Groups of settings: what the server does, and what it reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, field_validator

from sealane.charts.buckets import BucketAccess
from sealane.log_lines import Form
from sealane.runners import capabilities
from sealane.settings.group import Group
from sealane.settings.values import (
    BucketName,
    Capability,
    Days,
    HostEntry,
    Seconds,
)


class Runs(Group):
    """Runs of pipelines."""

    at_once: int = Field(default=4, ge=1)
    """Runs that one worker has at the same time; more wait in the queue. Four keep a small machine busy without
    starving the rollouts beside them."""

    per_app: int | None = Field(default=None, ge=1)
    """Runs of one app at the same time, for each worker. An app that waits comes before one that has more, and this keeps a
    slot free for it. None: all slots of all workers but one; a server with a single slot has none to keep."""

    per_push: int = Field(default=20, ge=1)
    """Runs that one push starts at most. Webhooks come one a branch, so those of an app within a minute count as one push.
    The overview shows the others with the command that runs them; the trunk always runs."""

    steps_at_once: int = Field(default=16, ge=1)
    """Steps and images of one run that run at the same time, where the pipeline allows it."""

    keep_workspaces: bool = False
    """Keeps the clone of a finished run on disk, to look at. Off: it is removed when the run ends."""


class Worker(Group):
    """How a worker finds work, and how a dead worker is noticed."""

    heartbeat: Seconds = Field(default=2.0, gt=0)
    """Seconds between two heartbeats."""

    dead_after: Seconds = Field(default=15.0, gt=0)
    """Seconds of silence after which another worker takes over. Longer than a slow database or a long garbage
    collection, short enough that nobody waits for a dead machine."""

    poll: Seconds = Field(default=0.1, gt=0, le=60)
    """Seconds between two looks into a queue: the longest wait of a push to another process before its run starts;
    a push to this process starts at once. A larger number costs less when idle. On SQLite an idle server looks once a second."""

    sweep: Seconds = Field(default=5.0, gt=0)
    """Seconds between two looks for dead workers and for work that was stored but not queued."""

    remember_days: Days = Field(default=7.0, gt=0)
    """Days for which the steps of an ended workflow are kept, to look at when something went wrong. Runs, deployments,
    failure reports and logs stay."""


class Events(Group):
    """Domain events, for programs that follow them."""

    keep_days: Days = Field(default=7.0, gt=0)
    """Days for which an event can be read at `/api/events`: a program that was away for longer misses some. The audit and the
    timelines of deployments stay."""


class Metrics(Group):
    """Metrics, and the metric stores that get them: see docs/metrics.md."""

    token: SecretStr | None = None
    """Token that is needed to read `/metrics`, as `Authorization: Bearer …`. None: only this machine reads it, and no
    proxy's clients do."""

    refresh: Seconds = Field(default=5.0, ge=0)
    """Seconds for which `/metrics` shows the same counts of the tables again, however many ask."""

    prefix: str = Field(default="sealane", pattern=r"[A-Za-z][A-Za-z0-9_.]*")
    """The prefix of the names of metrics that sinks get: `sealane.release.count`."""

    sinks: dict[str, dict[str, SecretStr]] = Field(default_factory=dict)
    """Metric stores that are told of deployments and runs, by `dogstatsd`, `datadog`, `influxdb` and `otlp`, with a variable for
    each of their settings: `SEALANE_METRICS__SINKS__DATADOG__API_KEY`. docs/metrics.md lists them."""


class Engine(Group):
    """The container engine that runs steps and builds images."""

    kind: str = "docker"
    """`docker`: Docker's or Podman's engine API. `dummy`: pretends, for tests; warns at start. Any other is refused."""

    socket: str | None = None
    """Address of the engine, `unix:///run/docker.sock`. None: `DOCKER_HOST`, then the usual sockets, the first that
    answers."""

    pull_patience: Seconds = Field(default=600.0, gt=0)
    """Seconds that the engine may take to fetch one image for a step or service."""

    add_hosts: list[HostEntry] = Field(default_factory=list)
    """Hosts of URLs in a Dockerfile's `ADD`, in a JSON list: `["downloads.example.com"]`. The engine fetches them from its
    machine's own network, and follows where they redirect to. Empty: none; a `RUN` fetches from its container."""

    build_patience: Seconds = Field(default=3600.0, gt=0)
    """Seconds that building one image, and pushing it, may take each."""


class Helm(Group):
    """Helm, which renders the charts of formations: see docs/helm.md."""

    program: str = "helm"
    """The program, version 3.13 or newer: a name on the `PATH`, or a path. Commands without a server read it, too."""

    patience: Seconds = Field(default=60.0, gt=0)
    """Seconds that rendering one chart may take."""

    hosts: list[HostEntry] = Field(default_factory=list)
    """Chart repositories and registries that charts may be fetched from, and the hosts that those redirect to, in a JSON list:
    `["charts.example.com", "ghcr.io"]`. The host of `SEALANE_REGISTRY__PREFIX` is always one. Empty: no other."""

    passwords: dict[HostEntry, SecretStr] = Field(default_factory=dict)
    """Passwords of HTTP repositories by host, in a JSON object: `{"charts.example.com": "user:…"}`, each sent to its own host
    only. For registries those of `docker login` count."""

    buckets: dict[BucketName, BucketAccess] = Field(default_factory=dict)
    """S3 buckets that charts and values may come from, in a JSON object: `{"charts": {"region": "eu-central-1", "apps": ["shop"]}}`. Each
    may have `region`, `profile`, `role`, `external_id`, `endpoint` (of a store that is not Amazon's) and `apps`, the apps that may read it; all
    when left out. Commands without a server read it, too, and reach other buckets as the AWS SDK does."""


class Steps(Group):
    """What steps and services may use of the engine's machine. A pipeline file can't ask for more."""

    capabilities: list[Capability] = Field(default_factory=lambda: list(capabilities.DEFAULT))
    """Capabilities of Linux, in a JSON list; steps have no others. The default is what package managers, `su`, `chown` and
    databases need. Without MKNOD, NET_RAW, SETPCAP and AUDIT_WRITE."""

    new_privileges: bool = False
    """Whether programs of a step may gain more rights than their parent, as `sudo` does. Off, root's own `su` works."""

    memory: str | None = "75%"
    """Memory of each step and service, swap included: `512m`, `4g`, or a share of the engine's machine. `none`: no limit."""

    pids: int | None = Field(default=4096, ge=16)
    """Processes and threads of each step and service. `none`: no limit."""

    reach_server: bool = False
    """Whether steps may ask this server: its pages, its API and the repositories it serves. See docs/steps.md for what
    else is on the machine."""

    @field_validator("memory", "pids", mode="before")
    @classmethod
    def _none(cls, value: Any) -> Any:
        return None if value == "none" else value

    @field_validator("memory")
    @classmethod
    def _an_amount(cls, written: str | None) -> str | None:
        if written is not None:
            capabilities.memory(written, 0)
        return written


class Secrets(Group):
    """Where secret values come from."""

    identities: Path | None = None
    """Folder whose `identities/APP.txt` hold the apps' age identities, which open their encrypted files. None: the
    data folder."""


class Log(Group):
    """The server's log, on standard error."""

    format: Form = Form.LOGFMT
    """`logfmt`: `event=run.ended app=shop status=passed`, for people and most collectors. `json`: an object a line."""
