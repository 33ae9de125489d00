"""Makes a notice from an event: its words, facts, log and links. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from typing import Any

from sealane import controls, inputs
from sealane.deployments import messages as deployments
from sealane.notices import topics
from sealane.notices.facts import NoticeFacts
from sealane.notices.model import Commit, Entry, Link, Notice, Tone
from sealane.outbox import notice_kinds
from sealane.outbox.notice_kinds import NoticeKind
from sealane.pipelines import notices as rules
from sealane.releases.origin import Origin

MOST_LINES = 20
"""Lines of a log that a notice has."""
MOST_TITLE, MOST_TEXT = 300, 8_000
"""The most characters that a template may produce."""
_NAMED = 3
"""Drifted fields that are named."""
_SHORT = 7
_TONES = {
    NoticeKind.DEPLOYMENT_STARTED: Tone.GOING,
    NoticeKind.DEPLOYMENT_DEPLOYED: Tone.GOOD,
    NoticeKind.DEPLOYMENT_ROLLED_BACK: Tone.BAD,
    NoticeKind.DEPLOYMENT_FAILED: Tone.BAD,
    NoticeKind.DEPLOYMENT_CANCELLED: Tone.OVER,
    NoticeKind.DEPLOYMENT_SUPERSEDED: Tone.OVER,
    NoticeKind.APPROVAL_ASKED: Tone.WAITS,
    NoticeKind.HOLD_SET: Tone.BAD,
    NoticeKind.HEALTH_DEGRADED: Tone.BAD,
    NoticeKind.HEALTH_RECOVERED: Tone.GOOD,
    NoticeKind.DRIFT_FOUND: Tone.WAITS,
    NoticeKind.RUN_FAILED: Tone.BAD,
    NoticeKind.RUN_FIXED: Tone.GOOD,
    NoticeKind.PLAN_PASSED: Tone.GOOD,
    NoticeKind.PLAN_FAILED: Tone.BAD,
    NoticeKind.TEST: Tone.GOOD,
}
_SAID = {
    NoticeKind.DEPLOYMENT_STARTED: "rolling out",
    NoticeKind.DEPLOYMENT_DEPLOYED: "deployed",
    NoticeKind.DEPLOYMENT_ROLLED_BACK: "rolled back",
    NoticeKind.DEPLOYMENT_FAILED: "failed",
    NoticeKind.DEPLOYMENT_CANCELLED: "cancelled",
    NoticeKind.DEPLOYMENT_SUPERSEDED: "superseded",
    NoticeKind.APPROVAL_ASKED: "waits for approval",
    NoticeKind.HOLD_SET: "held",
    NoticeKind.HEALTH_DEGRADED: "degraded",
    NoticeKind.HEALTH_RECOVERED: "healthy again",
    NoticeKind.DRIFT_FOUND: "somebody changed what was deployed",
    NoticeKind.RUN_FAILED: "failed",
    NoticeKind.RUN_FIXED: "passes again",
    NoticeKind.PLAN_PASSED: "planned",
    NoticeKind.PLAN_FAILED: "would not be deployed",
}


def notice(facts: NoticeFacts, template: Mapping[str, str] | None = None) -> Notice:
    """The notice of an event; a template's words replace the usual ones.

    Untrusted programs and templates may have written any part, so characters that move or hide others are removed.
    """
    usual: Notice = _shown(_notice(facts))
    if template is None:
        return usual
    words = _words(usual)
    title = inputs.fitted(rules.filled(template.get("title", ""), words), most=MOST_TITLE)
    text = rules.filled(template.get("text", ""), words, most=MOST_TEXT)
    return replace(usual, title=title or usual.title, text=_shown(text) if "text" in template else usual.text)


def _shown(value: Any) -> Any:
    """The same value without characters that no target should show, at any depth."""
    if type(value) is str:
        return inputs.storable(controls.removed(value))
    if isinstance(value, tuple):
        return tuple(_shown(part) for part in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{part.name: _shown(getattr(value, part.name)) for part in fields(value)})
    return value


def trial(target: str, *, by: str, at: datetime, server: str) -> Notice:
    """The test notice for a target."""
    text = "A notice will look like this one."
    return Notice(
        thing=f"test:{target}",
        kind=NoticeKind.TEST,
        tone=Tone.GOOD,
        app="",
        owner="",
        title=f"Sealane can tell {target}",
        text=text,
        facts=(("asked by", by),),
        links=(Link(words="notices", url=f"{server}/notices"),),
        entries=(Entry(kind=NoticeKind.TEST, at=at, text=text, event=0),),
    )


def _notice(facts: NoticeFacts) -> Notice:
    event, kind, origin = facts.event, facts.kind, facts.origin
    text = _text(facts)
    log_of, log = _log(facts)
    return Notice(
        thing=topics.thing(facts),
        kind=kind,
        tone=_TONES[kind],
        app=str(event.app),
        owner=facts.subject.owner,
        formation=event.formation,
        environment=facts.subject.environment,
        run=event.run,
        deployment=event.deployment,
        title=f"{_subject(facts)}: {_said(facts)}",
        text=text,
        facts=tuple(_facts(facts)),
        log=log,
        log_of=log_of,
        links=tuple(_links(facts)),
        version=_version(facts),
        commit=_commit(origin),
        repository=facts.subject.repository,
        entries=(Entry(kind=kind, at=event.at, text=_entry(facts, text), event=event.id),),
    )


def _subject(facts: NoticeFacts) -> str:
    if facts.run is not None:
        line = topics.line_of(facts.run)
        if facts.kind in notice_kinds.OF_PLAN:
            return f"{facts.event.about} on {line}" if line else facts.event.about
        return f"{facts.run.label} on {line}" if line else facts.run.label
    if facts.kind in topics.OF_FORMATION or facts.deployment is None:
        return f"{facts.event.about}, which others deploy" if facts.subject.observed else facts.event.about
    return f"{facts.event.app} {_version(facts)} to {facts.event.formation}"


def _version(facts: NoticeFacts) -> str:
    """What is deployed, as shown on pages: the short commit, else the revision's hash."""
    commit = facts.origin.commit if facts.origin else ""
    revision = facts.deployment.revision_id if facts.deployment else ""
    return commit[:_SHORT] or deployments.short(revision)


def _text(facts: NoticeFacts) -> str:
    """The cause, or whose approval is missing."""
    data, why = facts.event.data, facts.why
    match facts.kind:
        case NoticeKind.APPROVAL_ASKED:
            return _sentence("; ".join(_rule(rule) for rule in data.get("rules", ())))
        case NoticeKind.HEALTH_DEGRADED:
            return _sentence(str(data.get("cause") or ""))
        case NoticeKind.DRIFT_FOUND:
            return _sentence(_drifted(data))
        case NoticeKind.RUN_FAILED:
            return _sentence(why.sentence) if why else ""
        case (
            NoticeKind.DEPLOYMENT_ROLLED_BACK
            | NoticeKind.DEPLOYMENT_FAILED
            | NoticeKind.DEPLOYMENT_CANCELLED
            | NoticeKind.DEPLOYMENT_SUPERSEDED
            | NoticeKind.HOLD_SET
            | NoticeKind.PLAN_PASSED
            | NoticeKind.PLAN_FAILED
        ):
            return _sentence(str(data.get("reason") or ""))
        case _:
            return ""


def _drifted(data: Mapping[str, Any]) -> str:
    """What somebody changed, and who: `Deployment/web spec.replicas by kubectl-scale, and 2 more`."""
    named = [
        " ".join(filter(None, (field["object"], field["path"], f"by {field['by']}" if field["by"] else "")))
        for field in data["first"][:_NAMED]
    ]
    more = max(data["fields"], data["objects"]) - len(named)
    return ", ".join(named) + (f", and {more} more" if more > 0 else "")


def _rule(rule: Mapping[str, Any]) -> str:
    count = rule["count"]
    return f"{count} {'person' if count == 1 else 'people'} of {', '.join(rule['by'])} must agree"


def _sentence(text: str) -> str:
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."


def _entry(facts: NoticeFacts, text: str) -> str:
    if facts.run is not None and facts.kind not in notice_kinds.OF_PLAN:
        return f"{facts.run.label} {_said(facts)}"
    because = f": {text.rstrip('.')}" if text and facts.kind in topics.OF_FORMATION else ""
    return f"{_said(facts)}{because}"


def _said(facts: NoticeFacts) -> str:
    """What happened, in a few words; for an unhealthy formation its state, which may be `missing`."""
    state = facts.event.data.get("state") if facts.kind is NoticeKind.HEALTH_DEGRADED else None
    return str(state or _SAID[facts.kind])


def _facts(facts: NoticeFacts) -> Iterator[tuple[str, str]]:
    event, origin, deployment = facts.event, facts.origin, facts.deployment
    if event.formation:
        yield "formation", event.about
    if facts.subject.environment:
        yield "environment", facts.subject.environment
    if facts.subject.observed and (version := event.data.get("version")):
        yield "version", str(version)
    if origin is not None and origin.commit:
        yield "commit", f"{origin.commit[:_SHORT]} {origin.subject}".strip()
        if origin.author:
            yield "author", origin.author
        if origin.branch:
            yield "branch", origin.branch
    if deployment is not None and deployment.requested_by:
        yield "asked by", deployment.requested_by
    yield "owner", facts.subject.owner
    if seconds := event.data.get("seconds"):
        yield "for" if facts.kind is NoticeKind.HEALTH_RECOVERED else "took", f"{seconds:.0f} s"


def _log(facts: NoticeFacts) -> tuple[str, tuple[str, ...]]:
    """The end of the log that shows the cause: of the failed step, or of the container to blame."""
    why = facts.why
    if log := facts.event.data.get("log"):
        return f"{log['object']} ({log['container']})", tuple(log["lines"])[-MOST_LINES:]
    if why is None or _TONES[facts.kind] is not Tone.BAD or facts.kind in notice_kinds.OF_PLAN:
        return "", ()
    if why.log is not None:
        return f"the step {why.log.step}", tuple(why.log.lines)[-MOST_LINES:]
    for log in (why.report or {}).get("logs", ()):
        if log["lines"]:
            return f"{log['object']} ({log['container']})", tuple(log["lines"])[-MOST_LINES:]
    return "", ()


def _links(facts: NoticeFacts) -> Iterator[Link]:
    event = facts.event
    if facts.subject.observed:
        yield Link(words="overview", url=facts.server)
    if event.deployment:
        yield Link(words="deployment", url=f"{facts.server}/deployments/{event.deployment}")
    run = event.run or (facts.origin.run if facts.origin else None)
    if run:
        step = f"?step=plan/{event.formation}" if facts.kind in notice_kinds.OF_PLAN else ""
        yield Link(words="run", url=f"{facts.server}/runs/{run}{step}")
    if facts.kind is NoticeKind.APPROVAL_ASKED:
        yield Link(words="approve", url=f"{facts.server}/approvals")


def _commit(origin: Origin | None) -> Commit | None:
    if origin is None or not origin.commit:
        return None
    return Commit(id=origin.commit, subject=origin.subject, author=origin.author, branch=origin.branch)


def _words(notice: Notice) -> dict[str, str]:
    commit = notice.commit
    return {
        "app": notice.app,
        "owner": notice.owner,
        "formation": notice.formation or "",
        "environment": notice.environment or "",
        "kind": notice.kind,
        "title": notice.title,
        "text": notice.text,
        "commit": commit.id if commit else "",
        "subject": commit.subject if commit else "",
        "author": (commit.author or "") if commit else "",
        "branch": (commit.branch or "") if commit else "",
        "version": notice.version,
        "log": "\n".join(notice.log),
        "link": notice.links[0].url if notice.links else "",
    }
