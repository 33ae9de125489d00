"""Versions of an app that can be deployed to a formation, and the button for it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sealane.access.model import Actor
from sealane.environments.grants import Permission
from sealane.records.app_view import Version
from sealane.records.views import FormationRow
from sealane.server.pages.presenters import versions as shown
from sealane.server.pages.views import Action, Field

_LONGEST = 60
"""Most characters of a commit's subject."""


def may_go(row: FormationRow, built: Sequence[Version]) -> tuple[Version, ...]:
    """Versions that are not current, not on their way, and not stopped by a hold."""
    on_way = [deployment.release_id for deployment in (row.current, row.running, *row.waiting) if deployment]
    held = row.hold.place if row.hold else None
    return tuple(
        version for version in built if version.release not in on_way and (held is None or version.place > held)
    )


def deploying(row: FormationRow, built: Sequence[Version], reader: Actor) -> Iterator[Action]:
    """The button, for people who may deploy, if there is a version to deploy."""
    choices = tuple((version.release, _words(version)) for version in may_go(row, built))
    if choices and reader.may(Permission.DEPLOY, row.app, row.environment):
        yield Action(
            action=f"/apps/{row.app}/{row.formation}/deploy",
            words=f"Deploy to {row.formation}",
            asks=f"The version that you choose goes to {row.formation} as any does: policies, windows and approvals first, "
            "then its rollout and verdict.",
            yes="Deploy it",
            field=Field(name="release", label="Version", hint="", choices=choices, required=True),
            first=True,
        )


def _words(version: Version) -> str:
    """`77ab103 Add invoices`; the deploy tag if the commit is unknown."""
    came = version.origin
    if came is None or not came.commit:
        return version.deploy_tag
    subject = came.subject if len(came.subject) <= _LONGEST else f"{came.subject[: _LONGEST - 1]}…"
    return f"{came.commit[: shown.SHORT]} {subject}".strip()
