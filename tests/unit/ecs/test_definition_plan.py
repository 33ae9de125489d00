"""Whether a task definition has to be registered, and what is shown of it."""

from __future__ import annotations

from typing import Any

from sealane.clients.aws.ecs_model import Definition
from sealane.destinations.ecs import definition_plan
from sealane.destinations.ecs.model import API_VERSION, DEFINITION, Context, ref_named
from sealane.destinations.model import HIDDEN, Identity

IDENTITY = Identity(app="shop", formation="prod", namespace="shop", revision="r3", sequence=3)


def containers(image: str, **variables: str) -> list[dict[str, Any]]:
    return [
        {
            "name": "web",
            "image": image,
            "environment": [{"name": name, "value": value} for name, value in variables.items()],
        }
    ]


def test_variables_that_somebody_else_set_are_not_shown() -> None:
    """Any of them may be a secret; what stays as it is shows no change."""
    there = Definition(
        arn="web:1",
        active=True,
        content="",
        fields={"family": "web", "containerDefinitions": containers("a", PASSWORD="hunter2", OLD="x", SAME="s")},
    )
    manifest = {
        "apiVersion": API_VERSION,
        "kind": DEFINITION,
        "metadata": {"name": "web"},
        "spec": {"containerDefinitions": containers("b", PASSWORD="new", SAME="s")},
    }
    context = Context(record=None, identity=IDENTITY, adopt=True)
    change = definition_plan.plan(ref_named(DEFINITION, "web", "shop"), manifest, None, there, context)
    text = str(change.fields)
    assert "hunter2" not in text
    assert HIDDEN in text
    assert "'x'" not in text
    assert "'new'" in text
