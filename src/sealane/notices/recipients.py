"""Which targets receive an event, by the operators' rules and those of the commit. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sealane.environments.notice_files import NoticeConfig
from sealane.outbox.notice_kinds import NoticeKind
from sealane.pipelines import notices
from sealane.pipelines.notices import NoticeRule


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipient:
    """One target that receives it."""

    target: str
    """Its name, or the address of a target that a commit defines."""
    own: Mapping[str, Any] | None = None
    """The target as the commit defines it, when operators don't list it."""
    template: Mapping[str, str] | None = None


def of(
    config: NoticeConfig,
    added: Iterable[NoticeRule],
    *,
    kind: NoticeKind,
    app: str,
    owner: str,
    environment: str | None,
) -> tuple[Recipient, ...]:
    """The recipients, each once, by the first rule that names the target. `added` are the rules of the commit.

    A target that a commit names without the operators' permission receives nothing; `sealane validate` on the server says
    so.
    """
    recipients: dict[str, Recipient] = {}
    for rule in config.rules:
        if notices.matches(rule, kind=kind, app=app, owner=owner, environment=environment):
            for name in rule.to:
                recipients.setdefault(name, Recipient(target=name, template=rule.template))
    for rule in added:
        if notices.matches(rule, kind=kind, app=app, owner=owner, environment=environment):
            for recipient in _of_commit(rule, config, app):
                recipients.setdefault(recipient.target, recipient)
    return tuple(recipients.values())


def _of_commit(rule: NoticeRule, config: NoticeConfig, app: str) -> Iterator[Recipient]:
    for name in rule.to:
        if config.refused(app, name) is None:
            yield Recipient(target=name, template=rule.template)
    if rule.own is not None:
        own = {"url": rule.own.url, **({"secret": rule.own.secret} if rule.own.secret else {})}
        yield Recipient(target=rule.own.url.partition("?")[0], own=own, template=rule.template)
