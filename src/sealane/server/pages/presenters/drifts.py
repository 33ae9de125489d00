"""Drift: the changes since a deployment, and who made them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sealane.access.model import Actor
from sealane.deployments.drift_check import Drift, DriftKind, DriftReport
from sealane.destinations.model import FieldChange
from sealane.records.views import DeploymentView
from sealane.server.pages.deployment_views import DriftedRow, DriftPage
from sealane.server.pages.presenters import actions
from sealane.server.pages.presenters.deployments import version
from sealane.server.pages.views import Pill

_WORDS = {
    DriftKind.CHANGED: "changed",
    DriftKind.GONE: "deleted",
    DriftKind.TAKEN: "taken over",
    DriftKind.LEFT: "left",
    DriftKind.REFUSED: "refused",
    DriftKind.OUTPUT: "other output",
}


def drift(view: DeploymentView, report: DriftReport, actor: Actor) -> DriftPage:
    """The page for one reader; the button only for people who may deploy."""
    return DriftPage(
        id=view.deployment.id,
        app=view.deployment.app,
        formation=view.deployment.formation,
        version=version(view),
        rows=tuple(_row(drift) for drift in report.objects),
        actions=actions.of_drift(view.deployment, actor) if report.fixable else (),
    )


def _row(drifted: Drift) -> DriftedRow:
    return DriftedRow(
        name=drifted.object,
        pill=Pill(tone="bad" if drifted.kind is DriftKind.GONE else "wait", words=_WORDS[drifted.kind]),
        note=drifted.note or ("It was deployed, and is not there now." if drifted.kind is DriftKind.GONE else ""),
        lines=tuple(line for field in drifted.fields for line in _lines(field)),
        who=tuple(dict.fromkeys(_who(field) for field in drifted.fields if field.manager)),
    )


def _lines(field: FieldChange) -> Iterator[str]:
    """As a difference: from the deployed state to the current one."""
    yield f"@@ {field.path}"
    if field.after is not None:
        yield f"-{_value(field.after)}"
    if field.before is not None:
        yield f"+{_value(field.before)}"


def _who(field: FieldChange) -> str:
    when = f" on {field.at:%Y-%m-%d at %H:%M:%S} UTC" if field.at else ""
    return f"{field.manager}{when}"


def _value(value: Any) -> str:
    return value if isinstance(value, str) and "\n" not in value else json.dumps(value, ensure_ascii=False)
