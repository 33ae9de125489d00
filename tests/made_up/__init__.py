"""A made-up adapter for every port, as somebody would add one: a module each, and a line each in the tables."""

from __future__ import annotations

from dataclasses import replace

from sealane.adapters import SHIPPED, Adapters

_LINES = {
    "dialects": "dialect",
    "engines": "engine",
    "git_hosts": "git_host",
    "secret_stores": "secret_store",
    "destinations": "destination",
    "policy_engines": "policy_engine",
    "gates": "gate",
    "notice_targets": "notice_target",
    "metric_sinks": "metric_sink",
}

MADE_UP: Adapters = replace(
    SHIPPED,
    **{port: getattr(SHIPPED, port).with_line("madeup", f"{__name__}.{module}") for port, module in _LINES.items()},
    metric_stores=SHIPPED.metric_stores.with_line("numbers", f"{__name__}.metric_store"),
)
"""The shipped tables with one line more each; the key is `madeup`, but where gates and metric stores share a mapping."""
