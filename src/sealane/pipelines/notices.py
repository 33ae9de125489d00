"""Rules for notices, in `.sealane.yml` and in the operators' `notices.yaml`. Pure.

The docstrings here are the descriptions in the JSON Schema and the words of the reference in the documentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from sealane.configfiles import globs
from sealane.configfiles.documents import Document, Path
from sealane.configfiles.fields import File, Glob, Matching, Maybe, Name
from sealane.findings import Finding, Place, did_you_mean
from sealane.outbox.notice_kinds import NoticeKind

KindName = Literal[
    "deployment.started",
    "deployment.deployed",
    "deployment.rolled_back",
    "deployment.failed",
    "approval.asked",
    "hold.set",
    "health.degraded",
    "health.recovered",
    "drift.found",
    "run.failed",
    "run.fixed",
    "plan.passed",
    "plan.failed",
]
WORDS = (
    *("app", "owner", "formation", "environment", "kind", "title", "text", "commit", "subject", "author", "branch"),
    *("version", "log", "link"),
)
"""The placeholders of a template: ${app}."""
_WORD = re.compile(r"\$\{([^{}]*)\}")

GlobsOfNames = Maybe[Annotated[list[Glob], Field(min_length=1, max_length=200)]]
Text = Annotated[str, Field(min_length=1, max_length=4096)]
Address = Annotated[
    str,
    Matching(
        pattern=r"https?://[^\s/?#@]+(?:[/?][^\s#]*)?",
        expected="an address such as https://hooks.example.com/sealane",
        longest=2048,
        quiet=True,
        hint=lambda text: "who may send there is a secret: it goes under secret:" if "@" in text else None,
    ),
]
Reference = Annotated[
    str,
    Matching(
        pattern=r"[a-z][a-z0-9]*:[^\s]+",
        expected="a reference to a secret",
        longest=512,
        quiet=True,
        hint=lambda _: "it reads like env:HOOK_KEY, never the value itself",
    ),
]


class WebhookFile(File):
    """An address that gets every notice as a signed request."""

    url: Address
    """Where the request goes."""
    secret: Maybe[Reference] = None
    """A reference to the key it is signed with; requests are not signed when left out."""


class OwnTargetFile(File):
    """A target that operators don't list: a webhook at a host that they do."""

    webhook: WebhookFile
    """An address that gets every notice as a signed request."""


class TemplateFile(File):
    """Texts instead of the usual ones. Placeholders such as ${app} are replaced."""

    title: Maybe[Text] = None
    """The first line; the usual one when left out."""
    text: Maybe[Text] = None
    """What follows; the usual one when left out."""


def _shape(value: Any) -> str | None:
    shapes: dict[type, str] = {str: "(one)", list: "(list)"}
    return shapes.get(type(value))


def _own_shape(value: Any) -> str | None:
    return "(own)" if isinstance(value, dict) else _shape(value)


Names = Annotated[
    Annotated[Name, Tag("(one)")] | Annotated[list[Name], Field(min_length=1, max_length=50), Tag("(list)")],
    Discriminator(
        _shape, custom_error_type="shape", custom_error_message="must be the name of a target or a list of them"
    ),
]
NamesOrOwn = Annotated[
    Annotated[Name, Tag("(one)")]
    | Annotated[list[Name], Field(min_length=1, max_length=50), Tag("(list)")]
    | Annotated[OwnTargetFile, Tag("(own)")],
    Discriminator(
        _own_shape,
        custom_error_type="shape",
        custom_error_message="must be the name of a target, a list of them, or {webhook: {url: …}}",
    ),
]
Kinds = Annotated[
    Annotated[KindName, Tag("(one)")] | Annotated[list[KindName], Field(min_length=1, max_length=50), Tag("(list)")],
    Discriminator(_shape, custom_error_type="shape", custom_error_message="must be what happened or a list of it"),
]


class _RuleFile(File):
    """Who is told of what."""

    of: Kinds
    """What they are told of: deployment.started, deployment.deployed, deployment.rolled_back, deployment.failed,
    approval.asked, hold.set, health.degraded, health.recovered, drift.found, run.failed, run.fixed, plan.passed, plan.failed."""
    environments: GlobsOfNames = None
    """Globs of the environments it is about; all, and what is of no environment, when left out."""
    template: Maybe[TemplateFile] = None
    """Texts instead of the usual ones."""


class NoticeFile(_RuleFile):
    """Who is told of what."""

    to: Names
    """The target or targets, by name."""
    apps: GlobsOfNames = None
    """Globs of the apps it is about; all when left out."""
    owners: GlobsOfNames = None
    """Globs of the groups that own the apps it is about; all when left out."""


class AppNoticeFile(_RuleFile):
    """Who is told of what happens to this app, in addition to the operators' notices."""

    to: NamesOrOwn
    """Targets that the operators list and let this app name, or a webhook at a host that they list."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Webhook:
    """A webhook from a commit."""

    url: str
    secret: str | None = None
    """A reference to the key."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NoticeRule:
    """Who gets which notices."""

    to: tuple[str, ...] = ()
    """Targets by name."""
    own: Webhook | None = None
    of: frozenset[NoticeKind]
    apps: tuple[str, ...] | None = None
    """Globs; None: all."""
    environments: tuple[str, ...] | None = None
    owners: tuple[str, ...] | None = None
    template: Mapping[str, str] | None = None
    place: Place | None = None


def rule(written: NoticeFile | AppNoticeFile, place: Place) -> NoticeRule:
    """The rule in a file's text."""
    to = written.to
    named = (to,) if isinstance(to, str) else tuple(to) if isinstance(to, list) else ()
    kinds = [written.of] if isinstance(written.of, str) else written.of
    template = written.template
    words = {"title": template.title, "text": template.text} if template else {}
    own = None if isinstance(to, str | list) else Webhook(url=to.webhook.url, secret=to.webhook.secret)
    apps, owners = (written.apps, written.owners) if isinstance(written, NoticeFile) else (None, None)
    return NoticeRule(
        to=named,
        own=own,
        of=frozenset(map(NoticeKind, kinds)),
        apps=_globs(apps),
        environments=_globs(written.environments),
        owners=_globs(owners),
        template={name: text for name, text in words.items() if text is not None} or None,
        place=place,
    )


def rule_problems(written: NoticeFile | AppNoticeFile, document: Document, path: Path) -> Iterator[Finding]:
    """Problems that the shape can't express."""
    for key in ("apps", "environments", "owners"):
        for index, glob in enumerate(getattr(written, key, None) or ()):
            if reason := globs.problem(glob):
                yield Finding(message=f"{glob} is not valid: {reason}", place=document.place((*path, key, index)))
    for key in ("title", "text"):
        for word in _WORD.findall(getattr(written.template, key, None) or ""):
            if word not in WORDS:
                place = document.place((*path, "template", key))
                hint = did_you_mean(word, WORDS) or f"there are {', '.join(WORDS)}"
                yield Finding(message=f"a notice has no ${{{word}}}", place=place, hint=hint)


def matches(rule: NoticeRule, *, kind: NoticeKind, app: str, owner: str, environment: str | None) -> bool:
    """Whether the rule applies. Notices without an environment only match a rule without environments."""
    return (
        kind in rule.of
        and fits(rule.apps, app)
        and fits(rule.owners, owner)
        and (rule.environments is None or (environment is not None and fits(rule.environments, environment)))
    )


def fits(patterns: tuple[str, ...] | None, name: str) -> bool:
    """Whether one of the globs matches the name; None matches all."""
    return patterns is None or any(globs.matches(pattern, name) for pattern in patterns)


def filled(template: str, words: Mapping[str, str], most: int = 8_000) -> str:
    """The template with its placeholders replaced, cut to so many characters."""
    room = most - len(_WORD.sub("", template))

    def word(placeholder: re.Match[str]) -> str:
        nonlocal room
        value = words.get(placeholder[1], "")[: max(0, room)]
        room -= len(value)
        return value

    return _WORD.sub(word, template)[:most]


def _globs(written: list[str] | None) -> tuple[str, ...] | None:
    return None if written is None else tuple(written)
