"""Plays every scenario in policies/: rendered objects and facts, and what the default pack must decide."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from sealane.configfiles import documents
from sealane.policies import evaluate, packs, reading
from sealane.policies.model import Facts
from sealane.stencils.model import Origin, Rendered

SCENARIOS = sorted((Path(__file__).parent / "policies").glob("*.yaml"))


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_the_scenario_is_decided_as_it_says(path: Path) -> None:
    """The verdict, and of each decision effect, policy, object, field and line."""
    told: dict[str, Any] = yaml.safe_load(path.read_text())
    parsed, findings = documents.read(told["objects"], "web.yaml")
    assert findings == []
    objects = [
        Rendered(object=document.value, origin=Origin(file=document.file, places=document.values))
        for document in parsed
    ]
    own, findings = reading.read({"own.yaml": told.get("policies", "")})
    assert findings == []
    facts = {key: tuple(value) if isinstance(value, list) else value for key, value in told["facts"].items()}

    decisions = evaluate.vet(objects, [*packs.load("default@1"), *own], Facts(**facts))

    decided = [
        f"{decision.effect} {decision.policy} {decision.subject} {decision.path} {decision.place.line}"
        for decision in decisions
    ]
    assert decided == told["decisions"]
    assert evaluate.verdict(decisions) == told["verdict"]
