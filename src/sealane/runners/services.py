"""Waits until a service is ready, by its healthcheck, run in its container because Podman's own needs systemd."""

from __future__ import annotations

import asyncio
import math
from datetime import timedelta

from sealane.clients.engine import errors
from sealane.clients.engine.api import Engine
from sealane.clients.engine.model import ContainerState, ImageCheck, Phase
from sealane.pipelines.model import NO_CHECK, Healthcheck
from sealane.runners import outcomes
from sealane.runners.model import ServiceHealth, ServiceSpec

_SETTLING = 0.25
"""Seconds a service without a healthcheck must run to count as ready."""
_LOOK = 0.5
"""Seconds between two looks at whether it still runs, while the next check is not due."""
_LOG_LINES = 100
_ENGINES_INTERVAL = timedelta(seconds=30)
_ENGINES_TIMEOUT = timedelta(seconds=30)
_ENGINES_RETRIES = 3
"""The engines' default when an image does not say."""


async def await_healthy(engine: Engine, name: str, service: ServiceSpec) -> ServiceHealth:
    """Waits until the service in the named container is healthy, has ended, or has had its time."""
    check = await _check(engine, name, service)
    asking = _Asking(engine, name, check)
    try:
        async with asyncio.timeout(service.ready_within.total_seconds()):
            reason = await asking.until_decided()
    except TimeoutError:
        reason = f"not healthy within {outcomes.span(service.ready_within)}{asking.last_words()}"
    if reason is None:
        return ServiceHealth(healthy=True)
    return ServiceHealth(healthy=False, reason=reason, log=await _last_lines(engine, name))


async def ended_early(engine: Engine, name: str) -> ServiceHealth | None:
    """How a service ended that should still be running; None while it runs."""
    reason = _ended(await engine.state(name))
    return ServiceHealth(healthy=False, reason=reason, log=await _last_lines(engine, name)) if reason else None


class _Asking:
    def __init__(self, engine: Engine, name: str, check: Healthcheck | None) -> None:
        self._engine = engine
        self._name = name
        self._check = check
        self._last = ""

    def last_words(self) -> str:
        """The last output of the check, if any."""
        return f"; its check said last: {self._last}" if self._last else ""

    async def until_decided(self) -> str | None:
        """Returns None once it is healthy, or why it never will be."""
        if self._check is None:
            await asyncio.sleep(_SETTLING)
            return _ended(await self._engine.state(self._name))
        loop = asyncio.get_running_loop()
        begun = loop.time()
        failures = 0
        while True:
            if problem := _ended(await self._engine.state(self._name)):
                return problem
            asked = loop.time()
            if await self._healthy(self._check):
                return None
            if asked - begun >= self._check.start_period.total_seconds():
                failures += 1
            if failures >= max(1, self._check.retries):
                return f"not healthy after {failures} checks{self.last_words()}"
            if problem := await self._ended_before(asked + self._check.interval.total_seconds()):
                return problem

    async def _ended_before(self, time: float) -> str | None:
        """Waits until that time of the loop's clock, but at most until the service ends."""
        loop = asyncio.get_running_loop()
        while (left := time - loop.time()) > 0:
            if problem := _ended(await self._engine.state(self._name)):
                return problem
            await asyncio.sleep(min(left, _LOOK))
        return None

    async def _healthy(self, check: Healthcheck) -> bool:
        try:
            healthy, self._last = await self._engine.is_healthy(self._name, check.test, check.timeout.total_seconds())
        except (errors.NameTaken, errors.ContainerMissing, errors.EngineFailed):
            if _ended(await self._engine.state(self._name)):  # just ended: the next look says how
                return False
            raise
        return healthy


def _ended(state: ContainerState | None) -> str | None:
    if state is None:
        return "its container was removed by somebody else"
    return f"it ended: {outcomes.exit_words(state)}" if state.phase is Phase.ENDED else None


async def _check(engine: Engine, name: str, service: ServiceSpec) -> Healthcheck | None:
    """The service's check, or its image's; None when neither has one, or the service turns it off."""
    if service.healthcheck is not None:
        return None if service.healthcheck.test[0] == NO_CHECK else service.healthcheck
    try:
        check = await engine.healthcheck(name)
    except errors.ContainerMissing:
        return None
    return of_image(check) if check else None


def of_image(check: ImageCheck) -> Healthcheck:
    """An image's check, run as often as Sealane's own, with the image's timeouts.

    Images are made for production: most check every 30 s, too slow for a pipeline.
    """
    ours = Healthcheck(test=check.test)
    interval = min(ours.interval, check.interval or ours.interval)
    patience = (check.interval or _ENGINES_INTERVAL) * (check.retries or _ENGINES_RETRIES)
    return Healthcheck(
        test=check.test,
        interval=interval,
        timeout=check.timeout or _ENGINES_TIMEOUT,
        retries=max(ours.retries, math.ceil(patience / interval)),
        start_period=check.start_period or timedelta(),
    )


async def _last_lines(engine: Engine, name: str) -> bytes:
    try:
        stream = await engine.logs(name, follow=False, tail=_LOG_LINES)
    except errors.ContainerMissing:
        return b""
    log = b""
    try:
        while (piece := await stream.read()) is not None:
            log += piece
    finally:
        await stream.close()
    return log
