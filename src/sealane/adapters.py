"""The tables of adapters: one table per port, one line per adapter. Pure: names of modules, each loaded on first use.

Files, addresses and settings name an adapter by its key; the module behind the key has an `ADAPTER` of its port's kind.
Code that reads a file or opens an adapter is given the tables, so nothing is registered; the shipped ones are the default.
docs/adding-an-adapter.md says what each port wants.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TypeVar

from sealane.errors import NotThere
from sealane.findings import did_you_mean

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Table:
    """The adapters of one port, by their keys."""

    port: str
    """What messages call one of its adapters."""
    lines: tuple[tuple[str, str], ...]
    """Key and module of each, in the order in which they are listed."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys, in order."""
        return tuple(key for key, _ in self.lines)

    def get(self, key: str, kind: type[A]) -> A:
        """The adapter with this key, checked to be of the port's kind. Raises NotThere for a key that is not in the table."""
        module = dict(self.lines).get(key)
        if module is None:
            raise NotThere(f"there is no {self.port} {key}", hint=did_you_mean(key, self.keys))
        adapter = importlib.import_module(module).ADAPTER
        assert isinstance(adapter, kind), f"{module}.ADAPTER is no {kind.__name__}"
        return adapter

    def every(self, kind: type[A]) -> dict[str, A]:
        """All adapters by their keys, in order."""
        return {key: self.get(key, kind) for key in self.keys}

    def with_line(self, key: str, module: str) -> Table:
        """The table with one more line."""
        return Table(self.port, (*self.lines, (key, module)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Adapters:
    """All tables."""

    dialects: Table
    engines: Table
    git_hosts: Table
    secret_stores: Table
    destinations: Table
    policy_engines: Table
    gates: Table
    metric_stores: Table
    notice_targets: Table
    metric_sinks: Table


SHIPPED = Adapters(
    dialects=Table(
        "dialect of pipelines",
        (
            ("sealane", "sealane.pipelines.dialects.native"),
            ("woodpecker", "sealane.pipelines.dialects.woodpecker.adapter"),
            ("drone", "sealane.pipelines.dialects.drone.adapter"),
        ),
    ),
    engines=Table(
        "engine",
        (
            ("docker", "sealane.runners.docker_engine"),
            ("dummy", "sealane.runners.dummy"),
        ),
    ),
    git_hosts=Table(
        "git host",
        (
            ("github", "sealane.events.sources.github"),
            ("gitea", "sealane.events.sources.gitea"),
            ("gitlab", "sealane.events.sources.gitlab"),
            ("bitbucket", "sealane.events.sources.bitbucket"),
        ),
    ),
    secret_stores=Table(
        "store of secrets",
        (
            ("env", "sealane.secrets.stores.environment"),
            ("age", "sealane.secrets.stores.age"),
        ),
    ),
    destinations=Table(
        "kind of destination",
        (
            ("kubernetes", "sealane.destinations.kubernetes.adapter"),
            ("relay", "sealane.destinations.relay"),
            ("elastic_beanstalk", "sealane.destinations.elastic_beanstalk.adapter"),
            ("ecs", "sealane.destinations.ecs.adapter"),
            ("opentofu", "sealane.destinations.opentofu.adapter"),
            ("dummy", "sealane.destinations.dummy.adapter"),
        ),
    ),
    policy_engines=Table("policy engine", (("cel", "sealane.policies.cel_engine"),)),
    gates=Table(
        "kind of gate",
        (
            ("http", "sealane.deployments.gates.http"),
            ("metric", "sealane.deployments.gates.metric"),
            ("job", "sealane.deployments.gates.job"),
            ("alerts", "sealane.deployments.gates.alerts"),
        ),
    ),
    metric_stores=Table(
        "metric store",
        (
            ("grafana", "sealane.deployments.metric_stores.grafana"),
            ("prometheus", "sealane.deployments.metric_stores.prometheus"),
            ("datadog", "sealane.deployments.metric_stores.datadog"),
            ("influxdb", "sealane.deployments.metric_stores.influxdb"),
        ),
    ),
    notice_targets=Table(
        "kind of notice target",
        (
            ("webhook", "sealane.notices.targets.webhook"),
            ("mail", "sealane.notices.targets.mail"),
            ("slack", "sealane.notices.targets.slack"),
            ("github", "sealane.notices.targets.github"),
            ("gitea", "sealane.notices.targets.gitea"),
            ("apprise", "sealane.notices.targets.apprise"),
        ),
    ),
    metric_sinks=Table(
        "metric sink",
        (
            ("dogstatsd", "sealane.metric_sinks.dogstatsd"),
            ("datadog", "sealane.metric_sinks.datadog"),
            ("influxdb", "sealane.metric_sinks.influxdb"),
            ("otlp", "sealane.metric_sinks.otlp"),
        ),
    ),
)
"""The adapters that come with Sealane."""
