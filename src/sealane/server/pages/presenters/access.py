"""Rights as a table: one row per person or app, one column per environment. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sealane.access.model import Actor
from sealane.access.rights import AppRights, Right
from sealane.environments.grants import Permission
from sealane.records.accounts import User
from sealane.server.pages.access_views import AccessCell, AccessRow, AccessTable
from sealane.server.pages.views import Link, Tone

_TONES: Mapping[Permission, Tone] = {
    Permission.READ: "off",
    Permission.DEPLOY: "ok",
    Permission.APPROVE: "wait",
    Permission.ADMINISTER: "run",
}
_NOWHERE = "no environment yet"


def own(actor: Actor, known: Sequence[AppRights]) -> AccessTable:
    """The reader's rights, by app. An app links to its people if the reader may see their rights."""
    columns = tuple(sorted({name for app_rights in known for name in app_rights.environments})) or (_NOWHERE,)
    rows = (
        AccessRow(
            name=Link(
                words=app_rights.app,
                href=f"/access/{app_rights.app}" if actor.may_everywhere(Permission.DEPLOY, app_rights.app) else "",
            ),
            about=app_rights.owner,
            cells=_cells(columns, app_rights.environments, app_rights.rights),
        )
        for app_rights in known
    )
    return AccessTable(app="", columns=columns, rows=tuple(rows))


def of_app(app: str, environments: Sequence[str], people: Iterable[tuple[User, Sequence[Right]]]) -> AccessTable:
    """People with rights on the app, by name; the others are listed below."""
    columns = tuple(environments) or (_NOWHERE,)
    rows: list[AccessRow] = []
    nothing: list[str] = []
    for user, rights in people:
        cells = _cells(columns, environments, rights)
        if any(cell is not None and cell.may for cell in cells):
            rows.append(AccessRow(name=Link(words=user.name), about=", ".join(sorted(user.groups)), cells=cells))
        else:
            nothing.append(user.name)
    return AccessTable(app=app, columns=columns, rows=tuple(rows), nothing=tuple(nothing))


def _cells(
    columns: Iterable[str], environments: Iterable[str], rights: Sequence[Right]
) -> tuple[AccessCell | None, ...]:
    """For an app without environments, each column shows the rights that one has everywhere."""
    about = frozenset(environments)
    return tuple(_cell(column, rights) if column in about or not about else None for column in columns)


def _cell(environment: str, rights: Iterable[Right]) -> AccessCell:
    mine = [right for right in rights if right.covers(environment)]
    held = {right.permission for right in mine}
    may = tuple((permission.value, _TONES[permission]) for permission in Permission if permission in held)
    because = tuple(dict.fromkeys(f"{right.permission}: {right.because}" for right in mine))
    return AccessCell(environment=environment, may=may, because=because)
