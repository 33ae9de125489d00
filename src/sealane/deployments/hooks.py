"""Hooks: Jobs around a rollout, run one after the other, each once for its key."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from sealane.deployments import jobs
from sealane.destinations import model as destinations
from sealane.formations.gates import Hook, Only, When
from sealane.verdicts import model as verdicts
from sealane.verdicts.messages import causes

Manifests = Mapping[str, Mapping[str, Any]]
"""Name of a hook to its rendered Job."""

_SHOWN = 10
"""How many last lines of a Job are shown."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HookRequest:
    """Hooks to run for one deployment."""

    hooks: Sequence[Hook]
    manifests: Manifests
    identity: destinations.Identity
    what: str = ""
    """Names the Jobs: a hook's `when`, or `undo`."""
    patience: timedelta = timedelta(seconds=60)
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class HookResult:
    """The result of running hooks."""

    done: tuple[str, ...] = ()
    """Hooks that succeeded, in order."""
    cause: verdicts.Cause | None = None
    """Why the first failing hook failed; later hooks did not run."""
    failure_report: Mapping[str, Any] | None = None
    """The evidence of the failure."""


async def run(order: HookRequest, where: jobs.JobContext, tell: Callable[[str], None]) -> HookResult:
    """Runs the hooks in order until one fails. Idempotent: Jobs are found by their names."""
    done: list[str] = []
    for hook in order.hooks:
        tell(f"hook {hook.name} {'is undone' if order.what == 'undo' else 'runs'}")
        end = await jobs.run(_job(hook, order), where)
        if end.cause is not None:
            cause = failed(hook, end.cause)
            tell(cause.sentence)
            return HookResult(done=tuple(done), cause=cause, failure_report=end.failure_report)
        done.append(hook.name)
        tell(_told(hook, order.what, end))
    return HookResult(done=tuple(done))


def with_variables(order: HookRequest, variables: Mapping[str, str]) -> HookRequest:
    """The request with these variables for its Jobs."""
    return replace(order, variables=variables)


def failed(hook: Hook, cause: verdicts.Cause) -> verdicts.Cause:
    """Why a hook failed, in a sentence that names the hook first."""
    reason = re.sub(r"^Job \S+ (?:failed: )?", "", cause.sentence)
    sentence = causes.closed(f"Hook {hook.name} failed: {causes.bare(reason[:1].lower() + reason[1:])}")
    return replace(cause, sentence=sentence, reason=verdicts.FactKind.HOOK_FAILED, decisive=True)


def due(hooks: Sequence[Hook], when: When, *, first: bool = False) -> tuple[Hook, ...]:
    """The hooks of one time, in order; `first` where nothing was verified before."""
    other = Only.UPGRADE if first else Only.INSTALL
    return tuple(hook for hook in hooks if hook.when is when and hook.only is not other)


def not_run(hooks: Sequence[Hook], ran: Sequence[str], *, back: bool, first: bool = False) -> tuple[Hook, ...]:
    """Hooks before a rollout that still have to run: not those that this release ran already; none in a rollback."""
    return () if back else tuple(hook for hook in due(hooks, When.BEFORE, first=first) if hook.name not in ran)


def to_undo(hooks: Sequence[Hook], done: Sequence[str]) -> tuple[Hook, ...]:
    """Hooks that ran and can be undone, the last one first."""
    return tuple(hook for hook in reversed(hooks) if hook.name in done and hook.undo)


def release_key(identity: destinations.Identity) -> str:
    """The key of `once for each release`: the release, or the revision where there is none."""
    return identity.release or identity.revision


def variables(identity: destinations.Identity, *, cause: str = "", verdict: str = "") -> dict[str, str]:
    """The variables that tell a Job about its deployment."""
    facts = {
        "SEALANE_APP": identity.app,
        "SEALANE_FORMATION": identity.formation,
        "SEALANE_RELEASE": identity.release,
        "SEALANE_REVISION": identity.revision,
        "SEALANE_SEQUENCE": str(identity.sequence),
    }
    return {**facts, **({"SEALANE_CAUSE": cause, "SEALANE_VERDICT": verdict} if cause else {})}


def _job(hook: Hook, order: HookRequest) -> jobs.JobRequest:
    identity = order.identity
    return jobs.JobRequest(
        manifest=order.manifests[hook.name],
        key=(identity.owner, str(identity.sequence), order.what or hook.when.value, hook.name),
        identity=identity,
        timeout=hook.task.timeout,
        patience=order.patience,
        variables=order.variables or variables(identity),
    )


def _told(hook: Hook, action: str, end: jobs.JobResult) -> str:
    did = "was undone" if action == "undo" else "ended well"
    lines = [line for line in end.lines if line.strip()][-_SHOWN:]
    log = "".join(f"\n{line}" for line in lines)
    return f"hook {hook.name} {did}{log}"
