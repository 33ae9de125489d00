"""The page about policies is true: its table is the default pack, and its examples are read without a complaint."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from sealane.configfiles import documents
from sealane.environments import reading as environments
from sealane.policies import packs, reading
from sealane.policies.model import Scope

PAGE = (Path(__file__).parents[2] / "docs" / "policies.md").read_text()
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_the_table_is_the_default_pack() -> None:
    """A row a policy, sorted by name: name (a star for those of a release), effect, and what it says."""
    policies = sorted(packs.load("default@1"), key=lambda policy: policy.name)
    rows = [
        f"| `{policy.name}`{' *' if policy.scope is Scope.RELEASE else ''} | {policy.effect} "
        f"| {policy.validations[0].message} |"
        for policy in policies
    ]

    match = re.search(r"\| policy \| effect \| what it asks \|\n\|---\|---\|---\|\n(.*?)\n\n", PAGE, re.DOTALL)

    assert match
    assert match[1].splitlines() == rows


def test_the_examples_are_read_without_a_complaint() -> None:
    """The policy, a binding of the pack's, the environment; and the ConfigMap holds text only."""
    policy, environment, binding, facts = BLOCKS
    replicas = next(Path(str(packs.__file__)).parent.glob("default/1/replicas.yaml")).read_text()

    assert reading.read({"own.yaml": policy})[1] == []
    assert environments.read(environment, "production.yaml")[1] == []
    assert reading.read({"replicas.yaml": replicas, "binding.yaml": binding})[1] == []
    assert documents.read(facts, "facts.yaml")[1] == []
    assert {type(value) for value in yaml.safe_load(facts)["data"].values()} == {str}
