"""Batches of notices: one message covers many new things, so that nobody gets a flood of messages. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sealane.notices.model import Entry, Notice, Outgoing, Tone

MOST = 10
"""The most messages about new things that one target gets within a minute."""
_NAMED = 40
"""Things that one message names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """A notice that is due, in short."""

    id: str
    target: str
    told: int
    """The version that the target has; 0 before any."""


def batches(due: Sequence[Due], sent: Mapping[str, int], *, apart: bool = False) -> tuple[tuple[str, ...], ...]:
    """The ids that share each message; `sent`: messages about new things that each target got in the last minute.

    Updates of an existing message never wait. New things get a message each while there is room; the rest share one, or
    wait when there is no room at all. Where things are told `apart`, each has its own, however many they are.
    """
    if apart:
        return tuple((notice.id,) for notice in due)
    made: list[tuple[str, ...]] = [(notice.id,) for notice in due if notice.told]
    for target in dict.fromkeys(notice.target for notice in due):
        fresh = tuple(notice.id for notice in due if notice.target == target and not notice.told)
        room = MOST - sent.get(target, 0)
        if len(fresh) <= room:
            made += [(notice_id,) for notice_id in fresh]
        elif room > 0:
            made.append(fresh)
    return tuple(made)


def digest(together: Sequence[Outgoing]) -> Notice:
    """One notice about all of them."""
    notices = [outgoing.notice for outgoing in together]
    bad = sum(notice.tone is Tone.BAD for notice in notices)
    last = notices[-1]
    title = f"{len(notices)} things happened" + (f", {bad} of them bad" if bad else "")
    more = f"and {len(notices) - _NAMED} more" if len(notices) > _NAMED else ""
    first = notices[0].entries[-1]
    titles = [*(notice.title for notice in notices[:_NAMED]), *([more] if more else [])]
    entries = tuple(
        Entry(kind=first.kind, at=first.at, text=text, event=number + 1) for number, text in enumerate(titles)
    )
    return Notice(
        thing=f"together:{together[0].id}",
        kind=last.kind,
        tone=Tone.BAD if bad else last.tone,
        app=last.app if len({notice.app for notice in notices}) == 1 else "",
        owner=last.owner if len({notice.owner for notice in notices}) == 1 else "",
        title=title,
        text="",
        entries=entries,
    )
