"""Converts engines' answers to Sealane's values: Docker and Podman use different words for the same things."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sealane.clients.engine import errors
from sealane.clients.engine.model import ContainerState, EngineLimits, ImageCheck, Phase
from sealane.errors import SealaneError

_BEFORE_START = {"created", "configured", "initialized"}
_AFTER_END = {"exited", "stopped", "dead"}


def state(inspected: dict[str, Any]) -> ContainerState:
    """The container's state, from the engine's long description of it."""
    described = inspected.get("State") or {}
    status = str(described.get("Status") or "").lower()
    wanted = str((inspected.get("Config") or {}).get("StopSignal") or "") or None
    if status in _BEFORE_START:
        return ContainerState(phase=Phase.CREATED, error=str(described.get("Error") or ""), stop_signal=wanted)
    started = _time(described.get("StartedAt"))
    if status not in _AFTER_END:
        return ContainerState(phase=Phase.RUNNING, started=started, stop_signal=wanted)
    return ContainerState(
        phase=Phase.ENDED,
        exit_code=int(described.get("ExitCode") or 0),
        out_of_memory=bool(described.get("OOMKilled")),
        started=started,
        ended=_time(described.get("FinishedAt")),
        error=str(described.get("Error") or ""),
    )


def last_check(inspected: dict[str, Any]) -> str:
    """The output and result of a container's last health check."""
    state = inspected.get("State") or {}
    log = (state.get("Health") or state.get("Healthcheck") or {}).get("Log") or [{}]
    return words(str(log[-1].get("Output") or ""), int(log[-1].get("ExitCode") or 0))


def image_check(inspected: dict[str, Any]) -> ImageCheck | None:
    """The health check in an engine's long description of a container."""
    described = (inspected.get("Config") or {}).get("Healthcheck") or {}
    test = tuple(described.get("Test") or ())
    if len(test) < 2:  # nothing, or NONE
        return None
    return ImageCheck(
        test=test,
        interval=_span(described.get("Interval")),
        timeout=_span(described.get("Timeout")),
        retries=int(described.get("Retries") or 0) or None,
        start_period=_span(described.get("StartPeriod")),
    )


def is_rootless(info: dict[str, Any]) -> bool:
    """Whether the engine with this description runs as a plain user: Podman has a field for it, Docker an option."""
    return bool(info.get("Rootless")) or any("rootless" in option for option in info.get("SecurityOptions") or ())


def words(output: str, exit_code: int) -> str:
    """A program's last words and its exit code."""
    return f"{' '.join(output.split())[-300:]} (exit code {exit_code})".lstrip()


def message(answer: str) -> str:
    """The message of an engine's error response."""
    try:
        return str(json.loads(answer)["message"])
    except (ValueError, KeyError, TypeError):
        return answer


def pull_problem(image: str, text: str) -> SealaneError:
    """Why an image could not be fetched: missing or denied, or perhaps available later."""
    lower = text.lower()
    reason = " ".join(text.split())[:400]
    if _only_local(image):
        return errors.ImageMissing(
            f"image {image} is not on this engine, and a name that begins with localhost/ can't be fetched",
            hint="build it, or name the registry it is in",
        )
    if any(words in lower for words in errors.NOT_GIVEN):
        return errors.ImageMissing(
            f"image {image} can't be pulled: {reason}", hint="check its name and tag, and that you may read it"
        )
    if any(words in lower for words in errors.DISK_FULL):
        return errors.engine_says(text)
    return errors.EngineFailed(
        f"image {image} is not on this engine and could not be fetched: {reason}",
        hint="check the network and the registry, then try again",
    )


def subnets(network: Mapping[str, Any]) -> tuple[str, ...]:
    """The addresses of a network, from the engine's description of it."""
    given = ((network.get("IPAM") or {}).get("Config")) or ()
    return tuple(str(subnet["Subnet"]) for subnet in given if subnet.get("Subnet"))


def limits(info: Mapping[str, Any]) -> EngineLimits:
    """The limits that an engine supports, as it reports them; a missing report means no."""
    return EngineLimits(
        memory_of_machine=int(info.get("MemTotal") or 0),
        memory=bool(info.get("MemoryLimit")),
        pids=bool(info.get("PidsLimit")),
    )


def pulled_too_long(image: str, seconds: float) -> errors.EngineFailed:
    """The error for a pull that took too long."""
    return errors.EngineFailed(
        f"image {image} is not on this engine and could not be fetched within {seconds:g} s",
        hint="see that its registry answers; operators give more time with SEALANE_ENGINE__PULL_PATIENCE",
    )


def raise_pull_problem(image: str, lines: Iterable[bytes]) -> None:
    """Raises the problem that the engine's pull report contains, if any."""
    for line in lines:
        report = json.loads(line) if line.strip() else {}
        if problem := report.get("error"):
            raise pull_problem(image, str(problem))


def _only_local(image: str) -> bool:
    return image.startswith("localhost/")


def _span(nanoseconds: Any) -> timedelta | None:
    return timedelta(microseconds=nanoseconds / 1000) if nanoseconds else None


def _time(text: Any) -> datetime | None:
    """An engine's time; None for the year 1, which engines write for "never"."""
    if not isinstance(text, str) or not text or text.startswith("0001-"):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return None
