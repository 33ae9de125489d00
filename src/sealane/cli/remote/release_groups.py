"""Release groups, printed: one story, a line for each member and its rollback."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sealane.cli import output
from sealane.cli.remote import client
from sealane.records.release_groups import Stays

_STAYS = {stays.value: stays.words for stays in Stays}


def parts(group: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Its deployments, rollbacks included."""
    for member in group["members"]:
        yield from filter(None, (member["forward"], member["back"]))


def show(group: dict[str, Any]) -> None:
    """Prints the group, as the server tells it."""
    order = "side by side" if group["parallel"] else "one after the other"
    output.sentence(f"  release group, {order}: {client.pill(str(group['stage']))}")
    for member in group["members"]:
        output.sentence(f"    {member['formation']}  {_forward(member)}")
        if back := member["back"]:
            output.sentence(f"      its rollback {back['deployment']}: {_part(back)}")
        elif stays := member["stays"]:
            output.sentence(f"      stays: {_STAYS.get(stays, stays)}")
    if hidden := group["hidden"]:
        output.sentence(f"    and {hidden} more that you may not see")


def _forward(member: dict[str, Any]) -> str:
    if member["forward"] is None:
        why = member["unoffered"]
        return f"not offered{f': {why}' if why else ''}"
    return _part(member["forward"])


def _part(part: dict[str, Any]) -> str:
    state = str(part["state"])
    if state == "waiting" and part["says"]:
        return output.style(str(part["says"]), "yellow")
    says = str(part["says"]).removeprefix(f"{state.replace('_', ' ')}: ")
    return f"{client.pill(state)}{f': {says}' if says else ''}"
