"""The evidence of a failed deployment, taken before anything is rolled back or cleaned up."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

import msgspec

from sealane import typed_data
from sealane.deployments import model
from sealane.destinations.port import Destination
from sealane.verdicts import model as verdicts
from sealane.verdicts.messages import causes

Mask = Callable[[str], str]
"""Takes secrets' values out of a text."""

_TELLING = re.compile(
    r"error|exception|fatal|panic|fail|denied|refused|cannot|can't|unable|no such|not found|missing|invalid",
    re.IGNORECASE,
)
_ANSWERED = re.compile(r"\b5\d\d\b")
"""A request that the application failed to answer, as access logs write it."""
_LISTENING = re.compile(
    r"\b(?:listen\w*|running (?:on|at)|serv\w+ (?:on|at)|bound to|started on)\b.*\b\d{2,5}\b", re.IGNORECASE
)
"""Where the application says it listens: another place than the probe's explains why the probe gets no answer."""
_PROBES = frozenset({verdicts.FactKind.PROBE_FAILING, verdicts.FactKind.KILLED_BY_PROBE})
_LONGEST = 300
_ASKS = "asks"
"""The detail of a fact that repeats a container's input: its probe's command. Code decides on the other details."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FailureReport:
    """What was known at the judgement. Plain data throughout; it goes through `msgspec.to_builtins` and back."""

    taken: datetime
    cause: verdicts.Cause | None
    workloads: tuple[verdicts.Workload, ...] = ()
    instances: tuple[verdicts.Instance, ...] = ()
    others: tuple[verdicts.Cause, ...] = ()
    """Further, less causal causes."""
    events: Sequence[Mapping[str, Any]] = ()
    """`at object container reason message count`, oldest first."""
    logs: Sequence[Mapping[str, Any]] = ()
    """`object container previous lines`: last lines of what ended or is not ready, the blamed container first."""
    probes: Sequence[Mapping[str, Any]] = ()
    """`object container probe asks answer`."""
    terminations: Sequence[Mapping[str, Any]] = ()
    """`object container exit_code reason at times`."""
    difference: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    """What the revision changed from the last verified one."""

    def to_json(self) -> dict[str, Any]:
        """Plain data, as it is stored."""
        plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(self))
        return plain

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The failure report that `to_json` gave."""
        return typed_data.convert(data, cls)


_NAMES = frozenset({"at", "object", "container", "type", "reason", "probe"})
"""Names that the destination gives: shown even where all texts of containers are hidden."""


@dataclass(frozen=True, slots=True)
class HiddenMask:
    """The mask when not every secret is known: it shows the reason in place of every text."""

    why: str

    def __call__(self, text: str) -> str:
        """What is shown instead of the text."""
        return f"(not shown: {self.why})" if text.strip() else text


def plain(text: str) -> str:
    """The mask when there are no secrets."""
    return text


async def take(
    destination: Destination,
    target: model.Target,
    watched: model.WatchResult,
    *,
    others: Sequence[verdicts.Cause] = (),
    difference: Sequence[Mapping[str, Any]] = (),
    mask: Mask = plain,
) -> FailureReport:
    """Gathers the report; writes nothing. The cause gains the most telling line of its log.

    Missing evidence (a log that is gone) is left out; it never prevents a rollback.
    """
    raw = masked(await destination.evidence(target.identity, watched.observation), mask)
    cause = watched.judgement.cause
    logs = _blamed_first(raw.get("logs", ()), cause)
    return FailureReport(
        taken=watched.observation.at,
        cause=_told(cause, destination, target, logs) if cause else None,
        workloads=watched.observation.workloads,
        instances=watched.observation.instances,
        others=tuple(others),
        events=tuple(raw.get("events", ())),
        logs=logs,
        probes=tuple(raw.get("probes", ())),
        terminations=tuple(raw.get("terminations", ())),
        difference=tuple(difference),
    )


def refused(cause: verdicts.Cause, *, difference: Sequence[Mapping[str, Any]] = ()) -> FailureReport:
    """The report of a deployment that the destination refused."""
    return FailureReport(taken=cause.since, cause=cause, difference=tuple(difference))


def masked(value: Any, mask: Mask) -> Any:
    """Plain data with every text masked."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        names = _NAMES if isinstance(mask, HiddenMask) else frozenset()
        return {key: part if key in names else masked(part, mask) for key, part in value.items()}
    if isinstance(value, list | tuple) and value and all(isinstance(part, str) for part in value):
        return lines(value, mask)
    if isinstance(value, list | tuple):
        return [masked(part, mask) for part in value]
    return value


def lines(printed: Sequence[str], mask: Mask) -> list[str]:
    """The lines masked as one text: a secret may span several."""
    return mask("\n".join(printed)).split("\n") if printed else []


def unseen(observation: verdicts.Observation, mask: Mask) -> verdicts.Observation:
    """The observation with the texts of containers, probes and controllers masked; everything told is made of it."""
    facts = tuple(
        replace(
            fact,
            words=mask(fact.words),
            detail={key: mask(text) if key == _ASKS else text for key, text in fact.detail.items()},
        )
        for fact in observation.facts
    )
    workloads = tuple(replace(workload, message=mask(workload.message)) for workload in observation.workloads)
    return replace(observation, facts=facts, workloads=workloads)


def _told(
    cause: verdicts.Cause, destination: Destination, target: model.Target, logs: Sequence[Mapping[str, Any]]
) -> verdicts.Cause:
    """The cause with the most telling line, and with what its log and its manifest explain together."""
    printed = [line for log in logs if log["container"] == cause.container for line in log["lines"]]
    hint = destination.hint(target.manifests, cause, printed)
    sentence = causes.sentences(cause.sentence, hint) if hint else cause.sentence
    return replace(cause, sentence=sentence, log=telling(logs, cause) or cause.log)


def telling(logs: Sequence[Mapping[str, Any]], cause: verdicts.Cause | None) -> str | None:
    """The most telling line of the blamed container's log: the last one that sounds like trouble, else the last.

    Only the log of a container that ended or doesn't answer counts.
    """
    if cause is None:
        return None
    is_shown = any(
        log["object"] == cause.object for log in logs
    )  # else the cause is a workload's: any of its instances'
    for log in logs:
        if log["container"] == cause.container and (log["object"] == cause.object or not is_shown):
            lines = [line.strip() for line in log["lines"] if line.strip()]
            if lines:
                tells = [_TELLING, *([_ANSWERED, _LISTENING] if cause.reason in _PROBES else [])]
                telling_lines = (line for pattern in tells for line in reversed(lines) if pattern.search(line))
                line = next(telling_lines, lines[-1])
                return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
    return None


def _blamed_first(logs: Sequence[Mapping[str, Any]], cause: verdicts.Cause | None) -> tuple[Mapping[str, Any], ...]:
    """Logs of the blamed container first; among those, the run that ended before the one that runs now."""
    if cause is None:
        return tuple(logs)

    def rank(log: Mapping[str, Any]) -> tuple[bool, bool, bool]:
        return log["object"] != cause.object, log["container"] != cause.container, not log["previous"]

    return tuple(sorted(logs, key=rank))
