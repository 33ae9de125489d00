"""Which variables programs get: those that operators list, and for pull requests none of the others."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from sealane.destinations.opentofu.adapter import ADAPTER, OpenTofuFile
from sealane.destinations.opentofu.planner import TofuPlanner
from sealane.destinations.opentofu.previews import TofuPreviewer
from sealane.destinations.port import DestinationContext
from sealane.environments import reading

OWN = "folder: kept, program: /bin/sh, variables: [REGION=eu], pass_variables: [KEY, GONE]"


def entry(more: str) -> OpenTofuFile:
    text = f"environment: dev\ndestinations: {{network: {{opentofu: {{{OWN}{more}}}}}}}\napps: {{}}\n"
    environment, findings = reading.read(text, "dev.yaml")
    assert environment, findings
    assert hash(environment.destinations["network"]), "connections are kept by it"
    return cast(OpenTofuFile, environment.destinations["network"].written)


def test_plans_of_pull_requests_get_their_own_variables_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("KEY", "READER_KEY", "OTHER"):
        monkeypatch.setenv(name, name.lower())
    context = DestinationContext(name="network", environment="dev", state=tmp_path, keys=tmp_path)
    closed = entry("")
    assert not ADAPTER.plans_pull_requests(closed)
    written = entry(", pull_requests: {pass_variables: [KEY=READER_KEY]}")
    assert ADAPTER.plans_pull_requests(written)
    assert ADAPTER.planner
    assert ADAPTER.previewer
    planner = cast(TofuPlanner, ADAPTER.planner(written, context))
    assert planner.programs.variables == {"KEY": "key", "REGION": "eu"}
    previewer = cast(TofuPreviewer, ADAPTER.previewer(written, context))
    assert previewer.programs.variables == {"KEY": "reader_key"}
    assert previewer.programs.confined
    none = entry(", pull_requests: {}")
    assert cast(TofuPreviewer, ADAPTER.previewer(none, context)).programs.variables == {}
