"""Which targets receive an event, by the operators' rules and those of the commit. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sealane.environments.notice_files import NoticeConfig
from sealane.outbox import notice_kinds
from sealane.outbox.notice_kinds import NoticeKind
from sealane.pipelines import notices
from sealane.pipelines.notices import NoticeRule, Webhook


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


def following(
    told: Iterable[Recipient], addressed: Iterable[Recipient], config: NoticeConfig, *, kind: NoticeKind
) -> tuple[Recipient, ...]:
    """Those of the `told` who have a message about the same deployment that the event changes, though no rule addresses it.

    An end that nobody asks to be notified of is for all of them; other events are for targets that edit their message.
    """
    others = {recipient.target for recipient in addressed}
    edited = {name for name, target in config.targets.items() if target.edits}
    return tuple(
        recipient
        for recipient in told
        if recipient.target not in others and (kind in notice_kinds.CLOSING or recipient.target in edited)
    )


def addresses(config: NoticeConfig, added: Iterable[NoticeRule]) -> tuple[str, ...]:
    """All targets that may have been told of anything: those that operators list, and the webhooks of the commit."""
    return (*config.targets, *(_address(rule.own) for rule in added if rule.own is not None))


def _address(own: Webhook) -> str:
    return own.url.partition("?")[0]


def _of_commit(rule: NoticeRule, config: NoticeConfig, app: str) -> Iterator[Recipient]:
    for name in rule.to:
        if config.refused(app, name) is None:
            yield Recipient(target=name, template=rule.template)
    if rule.own is not None:
        own = {"url": rule.own.url, **({"secret": rule.own.secret} if rule.own.secret else {})}
        yield Recipient(target=_address(rule.own), own=own, template=rule.template)
