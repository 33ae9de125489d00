"""The engine adapter for Docker and Podman: finds the engine, and limits what steps may use of its machine."""

from __future__ import annotations

import logging

from sealane.clients.engine import discovery
from sealane.clients.engine.model import Confinement, EngineLimits
from sealane.runners import capabilities
from sealane.runners.docker import ContainerDefaults, DockerRunner
from sealane.runners.image_builds import EngineBuilder
from sealane.runners.port import EngineAdapter, EngineContext, OpenEngine

_log = logging.getLogger(__name__)


async def _open(context: EngineContext) -> OpenEngine:
    variables = dict(context.variables)
    if context.socket:
        variables["DOCKER_HOST"] = context.socket
    engine = await discovery.find(variables)
    defaults = ContainerDefaults(
        pull_patience=context.pull_patience, confinement=_confinement(context, await engine.limits())
    )
    runner = DockerRunner(engine, owner=context.owner, habits=defaults, pulls=context.pulls)
    return OpenEngine(runner=runner, builder=EngineBuilder(engine.address))


def _confinement(context: EngineContext, can: EngineLimits) -> Confinement:
    """The limits for steps. One that the engine can't set is reported and dropped; otherwise no step would start."""
    wanted = context.limits
    for name, limit, able in (("memory", wanted.memory, can.memory), ("processes", wanted.pids, can.pids)):
        if limit is not None and not able:
            _log.warning("the engine can't limit the %s of steps: its machine lacks the control group for it", name)
    memory = capabilities.memory(wanted.memory, can.memory_of_machine) if wanted.memory and can.memory else None
    return Confinement(
        capabilities=wanted.capabilities,
        new_privileges=wanted.new_privileges,
        memory=memory,
        pids=wanted.pids if can.pids else None,
    )


ADAPTER = EngineAdapter(open=_open)
