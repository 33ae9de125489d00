"""What a journal refuses to keep."""

from __future__ import annotations

import pytest

from sealane import journal
from sealane.deployments import model
from sealane.deployments.memory import Prepared
from sealane.destinations.stages import Stage
from sealane.secrets.values import SecretValue


async def gives_targets() -> model.Target:
    raise NotImplementedError


async def gives_stages() -> tuple[Stage, ...]:
    raise NotImplementedError


async def gives_plans() -> Prepared | None:
    raise NotImplementedError


async def gives_secrets() -> dict[str, SecretValue]:
    raise NotImplementedError


@pytest.mark.parametrize("body", [gives_targets, gives_stages, gives_plans, gives_secrets])
def test_a_body_whose_result_may_hold_a_secret_is_refused(body: object) -> None:
    with pytest.raises(TypeError):
        journal.packed(None, body)  # type: ignore[arg-type]
