"""Who is told: by the operators' rules, and by those that a commit adds and may add."""

from __future__ import annotations

import pytest

from sealane.environments import notice_files
from sealane.environments.notice_files import NoticeConfig
from sealane.notices import recipients
from sealane.outbox.notice_kinds import NoticeKind
from sealane.pipelines.notices import NoticeRule, Webhook

FILE = """targets:
  ops: {webhook: {url: "https://ops.example.com/"}}
  team: {webhook: {url: "https://team.example.com/"}, commits: [shop]}
notices:
  - {to: ops, of: [deployment.rolled_back, run.failed]}
  - {to: ops, of: deployment.deployed, environments: [prod*], apps: [shop], owners: [payments], template: {title: x}}
"""


def config() -> NoticeConfig:
    config_read, wrong = notice_files.read(FILE, "notices.yaml")
    assert config_read is not None, wrong
    return config_read


@pytest.mark.parametrize(
    ("kind", "app", "owner", "environment", "told"),
    [
        ("deployment.rolled_back", "shop", "payments", "dev", ["ops"]),
        ("deployment.deployed", "shop", "payments", "production", ["ops"]),
        ("deployment.deployed", "shop", "payments", "dev", []),
        ("deployment.deployed", "mail", "payments", "production", []),
        ("deployment.deployed", "shop", "others", "production", []),
        ("run.failed", "shop", "payments", None, ["ops"]),
        ("run.fixed", "shop", "payments", None, []),
    ],
)
def test_rules_choose_by_app_environment_and_owner(
    kind: str, app: str, owner: str, environment: str | None, told: list[str]
) -> None:
    recipients_told = recipients.of(config(), (), kind=NoticeKind(kind), app=app, owner=owner, environment=environment)
    assert [recipient.target for recipient in recipients_told] == told


@pytest.mark.parametrize(("app", "told"), [("shop", ["team"]), ("mail", [])])
def test_a_commit_names_only_what_operators_let_its_app_name(app: str, told: list[str]) -> None:
    added = (NoticeRule(to=("ops", "team", "nobody"), of=frozenset({NoticeKind.HOLD_SET})),)
    recipients_told = recipients.of(config(), added, kind=NoticeKind.HOLD_SET, app=app, owner="x", environment="dev")
    assert [recipient.target for recipient in recipients_told] == told


def test_a_commit_may_bring_a_webhook_along() -> None:
    hook = Webhook(url="https://hooks.example.com/a?b", secret="env:KEY")
    added = (NoticeRule(own=hook, of=frozenset({NoticeKind.HOLD_SET})),)
    recipients_told = recipients.of(config(), added, kind=NoticeKind.HOLD_SET, app="shop", owner="x", environment="dev")
    assert [(recipient.target, recipient.own) for recipient in recipients_told] == [
        ("https://hooks.example.com/a", {"url": hook.url, "secret": "env:KEY"})
    ]
