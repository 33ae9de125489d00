"""How a difference is shown: object by object, then what else there is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sealane.cli import output

if TYPE_CHECKING:
    from sealane.cli.local import local_formation
    from sealane.destinations.model import FieldChange, Inventory, ObjectChange
    from sealane.stencils.model import Revision

_MARKS = {"create": ("+", "green"), "change": ("~", "yellow"), "delete": ("-", "red")}


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """What a deployment would change."""

    changes: tuple[ObjectChange, ...]
    gone: Inventory
    """Objects of the formation's last deployment that it no longer has."""
    behind: Inventory = ()
    """Objects in namespaces that it left: they stay until a person confirms their deletion."""
    says: str = ""
    """A sentence on where else it is, or was."""

    way_back: str | None = None
    """Why a failure could not be rolled back."""

    @property
    def differs(self) -> bool:
        return bool(self.gone or self.behind) or any(
            change.action != "none" or change.refusal for change in self.changes
        )


def show(difference: Difference, project: local_formation.Project, revision: Revision) -> None:
    """Prints it for people."""
    for change in difference.changes:
        written = _place(project, revision, change)
        if change.refusal:
            output.data(output.style(f"! {change.ref}  refused: {change.refusal.message}", "red"))
            if written:
                output.data(output.style(f"    {written}", "dim"))
            if change.refusal.hint:
                output.data(output.style(f"    {change.refusal.hint}", "dim"))
        elif change.action in _MARKS:
            mark, colour = _MARKS[change.action]
            place = output.style(f"  {written or ''}", "dim")
            output.data(f"{output.style(f'{mark} {change.ref}', 'bold', colour)}{place}")
            if change.adopted:
                output.data(output.style("    taken over: it is there, and nobody's labels claim it", "yellow"))
            for field in change.fields:
                _show_field(field)
        _show_left(change)
    _show_rest(difference)
    output.say(_summary(difference))


def _show_rest(difference: Difference) -> None:
    """Shows what is deleted or stays, and other facts to know beforehand."""
    for ref in difference.gone:
        output.data(output.style(f"- {ref}", "bold", "red"))
    for ref in difference.behind:
        output.data(f"{output.style(f'= {ref}', 'bold', 'yellow')}  stays behind")
    if difference.way_back:
        output.say(f"should the deployment fail, {difference.way_back}", "yellow")
    if difference.says:
        output.say(difference.says, "yellow")


def _show_left(change: ObjectChange) -> None:
    if change.left and change.action == "none":
        output.data(output.style(f"= {change.ref}", "bold"))
    for field in change.left:
        output.data(output.style(f"    {field}", "yellow"))


def _show_field(field: FieldChange) -> None:
    output.data(f"    {field.path}")
    if field.before is not None:
        output.data(output.style(f"      - {_value(field.before)}", "red"))
    if field.after is not None:
        output.data(output.style(f"      + {_value(field.after)}", "green"))
    if field.manager:
        when = f", {field.at:%Y-%m-%d %H:%M:%S} UTC" if field.at else ""
        output.data(output.style(f"      set by {field.manager}{when}", "dim"))


def _value(value: Any) -> str:
    return value if isinstance(value, str) and "\n" not in value else json.dumps(value, ensure_ascii=False)


def _summary(difference: Difference) -> str:
    counts = {
        "to create": sum(change.action == "create" and not change.refusal for change in difference.changes),
        "to change": sum(change.action == "change" and not change.refusal for change in difference.changes),
        "to take over": sum(change.adopted for change in difference.changes),
        "to delete": len(difference.gone),
        "to stay behind": len(difference.behind),
        "fields that stay": sum(len(change.left) for change in difference.changes),
        "refused": sum(change.refusal is not None for change in difference.changes),
    }
    return ", ".join(f"{count} {word}" for word, count in counts.items() if count) or "nothing would change"


def _place(project: local_formation.Project, revision: Revision, change: ObjectChange) -> str | None:
    """Where the object is written, or which part of it is refused."""
    fields = change.refusal.fields if change.refusal else ()
    written = (rendered.origin.place_named(fields) for rendered in revision.objects if rendered.key == change.ref.key)
    return next((str(project.seen(place)) for place in written), None)


def plain(difference: Difference, project: local_formation.Project, revision: Revision) -> dict[str, Any]:
    """The same for programs."""
    return {
        "differs": difference.differs,
        "revision": revision.id,
        "objects": [
            {
                "action": change.action,
                "object": str(change.ref),
                "place": _place(project, revision, change),
                "checked": change.checked,
                "adopted": change.adopted,
                "refusal": change.refusal.message if change.refusal else None,
                "left": [
                    {"path": field.path, "manager": field.manager, "value": field.value, "message": str(field)}
                    for field in change.left
                ],
                "fields": [
                    {
                        "path": field.path,
                        "before": field.before,
                        "after": field.after,
                        "manager": field.manager,
                        "at": field.at,
                    }
                    for field in change.fields
                ],
            }
            for change in difference.changes
        ],
        "way_back": difference.way_back,
        "gone": [str(ref) for ref in difference.gone],
        "behind": [str(ref) for ref in difference.behind],
        "elsewhere": difference.says,
    }
