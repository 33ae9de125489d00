"""Whether a revision's fields are still as they were written, after its rollout. Pure.

Ready does not tell: somebody may have set another image meanwhile, or a killed command's late write may have come in.
Fields that an autoscaler, a controller or a person owns stay theirs, as the destination says.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sealane.destinations import model as destinations
from sealane.verdicts import model as verdicts
from sealane.verdicts.messages import causes


@dataclass(frozen=True, kw_only=True, slots=True)
class Conflicts:
    """Changes to what was written."""

    cause: verdicts.Cause | None = None
    """Somebody else changed it."""
    ours: tuple[str, ...] = ()
    """`Kind/name` of objects that another write of Sealane changed, such as one under way when it was fenced off."""


def conflicts(
    changes: Sequence[destinations.ObjectChange],
    *,
    now: datetime,
    mask: Callable[[str], str] = str,
    during: str = "while it rolled out",
) -> Conflicts:
    """What writing the same again would change, by who changed it. The watcher judges objects that are gone."""
    blamed = [(change, fields) for change in changes if (fields := _by_others(change)) or _is_taken(change)]
    if blamed:
        return Conflicts(cause=_cause(*blamed[0], others=len(blamed) - 1, now=now, mask=mask, during=during))
    return Conflicts(ours=tuple(_name(change) for change in changes if _fields(change)))


def _fields(change: destinations.ObjectChange) -> list[destinations.FieldChange]:
    """The fields that count."""
    if change.refusal is not None or change.action is not destinations.Action.CHANGE:
        return []
    return [field for field in change.fields if not field.theirs]


def _by_others(change: destinations.ObjectChange) -> list[destinations.FieldChange]:
    return [field for field in _fields(change) if field.manager is not None]


def _is_taken(change: destinations.ObjectChange) -> bool:
    """Whether its labels now name another owner."""
    return change.refusal is not None and change.refusal.reason is destinations.Reason.FOREIGN


def _cause(
    change: destinations.ObjectChange,
    fields: Sequence[destinations.FieldChange],
    *,
    others: int,
    now: datetime,
    mask: Callable[[str], str],
    during: str,
) -> verdicts.Cause:
    name = _name(change)
    times = [field.at for field in fields if field.at]
    more = f", and so {'was 1 more object' if others == 1 else f'were {others} more objects'}" if others else ""
    sentence = f"{causes.name(name)} {_said(change, fields, max(times, default=None), during)}{more}"
    return verdicts.Cause(
        sentence=causes.capital(causes.sentences(mask(sentence))),
        object=name,
        workload=name,
        reason=verdicts.FactKind.CHANGED,
        decisive=True,
        since=max(times, default=now),
        others=others,
    )


def _said(
    change: destinations.ObjectChange, fields: Sequence[destinations.FieldChange], at: datetime | None, during: str
) -> str:
    if change.refusal is not None:
        return f"was taken away {during}: {causes.bare(change.refusal.message)}"
    first, more = fields[0], len(fields) - 1
    when = f" at {at:%H:%M:%S} UTC" if at else ""
    and_more = f" (and {more} more {'field' if more == 1 else 'fields'})" if more else ""
    return (
        f"was changed by {first.manager}{when} {during}: "
        f"{first.path} is {_shown(first.before)} and was to be {_shown(first.after)}{and_more}"
    )


def _shown(value: Any) -> str:
    if value is None:
        return "not there"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= destinations.MAX_VALUE else f"{text[: destinations.MAX_VALUE]}…"


def _name(change: destinations.ObjectChange) -> str:
    return f"{change.ref.kind}/{change.ref.name}"
