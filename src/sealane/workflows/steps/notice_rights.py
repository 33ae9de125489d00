"""Warns the person who pushed of notice targets that operators don't let a commit name."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from sealane.environments import config_folder, notice_files
from sealane.findings import Finding, Severity
from sealane.pipelines.model import Pipeline
from sealane.pipelines.notices import NoticeRule
from sealane.workflows.context import Tools


def problems(tools: Tools, app: str, pipeline: Pipeline) -> list[Finding]:
    """A warning for each target that the app may not name. Raises Unavailable."""
    if not pipeline.notices:
        return []
    folder = tools.settings.config_folder
    config, _ = config_folder.gather_notices(folder, base=folder, adapters=tools.adapters)
    known = config or notice_files.NOTHING
    return [
        Finding(message=f"nobody is told there: {why}", place=rule.place or pipeline.place, severity=Severity.WARNING)
        for rule in pipeline.notices
        for why in _refusals(known, app, rule)
    ]


def _refusals(config: notice_files.NoticeConfig, app: str, rule: NoticeRule) -> Iterator[str]:
    for name in rule.to:
        if why := config.refused(app, name):
            yield why
    if rule.own is not None:
        parts = urlsplit(rule.own.url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        if why := config.allowed(()).refused(parts.hostname or "", port):
            yield why
