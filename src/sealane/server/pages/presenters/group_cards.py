"""Release groups as cards. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from sealane.records.release_groups import GroupReport, GroupStage, MemberReport
from sealane.server.pages.group_views import GroupCard, GroupRow
from sealane.server.pages.presenters import states
from sealane.server.pages.views import Pill, Tone
from sealane.verdicts.messages import causes

OPEN = {GroupStage.WAITING, GroupStage.MOVING, GroupStage.ROLLING_BACK}
"""Stages of release groups that have not ended."""
_TONES: dict[GroupStage, Tone] = {
    GroupStage.WAITING: "wait",
    GroupStage.MOVING: "run",
    GroupStage.ROLLING_BACK: "run",
    GroupStage.DEPLOYED: "ok",
    GroupStage.ROLLED_BACK: "bad",
    GroupStage.PARTLY: "bad",
    GroupStage.SUPERSEDED: "off",
}


def card(group: GroupReport, here: str = "", *, hints: Mapping[str, str] | None = None) -> GroupCard:
    """The card; `here` is the deployment on whose page it stands, `hints` tell how to get deployments out after all."""
    hidden = group.hidden
    return GroupCard(
        pill=Pill(tone=_TONES[group.stage], words=group.stage.words),
        words=causes.closed(causes.capital(group.outcome)) if group.outcome else "",
        order="side by side" if group.parallel else "one after the other",
        rows=tuple(_row(member, here, hints or {}) for member in group.members),
        hidden=f"and {hidden} {'member' if hidden == 1 else 'members'} that you may not see" if hidden else "",
    )


def _row(member: MemberReport, here: str, hints: Mapping[str, str]) -> GroupRow:
    forward, back = member.forward, member.back
    return GroupRow(
        formation=member.formation,
        where=", ".join(filter(None, (member.environment, member.destination))),
        pill=states.delivered(forward.state) if forward else Pill(tone="off", words="not offered"),
        href=forward.page if forward and forward.deployment != here else "",
        words=causes.capital(forward.says) if forward else causes.capital(member.unoffered),
        hint=hints.get(forward.deployment, "") if forward else "",
        back_pill=states.delivered(back.state) if back else None,
        back_href=back.page if back and back.deployment != here else "",
        back_words=causes.capital(back.says) if back else f"Stays: {member.stays.words}" if member.stays else "",
    )
