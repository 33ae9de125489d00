"""`notices.yaml`: what is wrong in it is told with its place, and how to fix it."""

from __future__ import annotations

import pytest

from sealane.environments import notice_files

HOOK = 'targets: {hook: {webhook: {url: "https://hooks.example.com/a"}}}\n'
MAIL = "targets: {m: {mail: {server: mail.example.com, MORE, sender: a@example.com, to: [b@example.com]}}}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            'targets: {hook: {webhok: {url: "https://hooks.example.com/a"}}}\n',
            ["notices.yaml:1:18:", "did you mean webhook?"],
        ),
        (
            HOOK + "notices: [{to: hok, of: run.failed}]\n",
            ["notices.yaml:2:16: there is no target hok", "did you mean hook?"],
        ),
        (HOOK + "notices: [{to: hook, of: run.faild}]\n", ["notices.yaml:2:26:", "did you mean run.failed?"]),
        (
            HOOK + "notices: [{to: hook, of: run.failed, app: [shop]}]\n",
            ["notices.yaml:2:38: unknown key app (here it is called apps)"],
        ),
        (HOOK + "notices: [{to: hook, of: run.failed, apps: ['a[']}]\n", ["notices.yaml:2:45:", "is not valid"]),
        (
            HOOK + "notices: [{to: hook, of: run.failed, template: {title: '${comit}'}}]\n",
            ["notices.yaml:2:56:", "a notice has no ${comit}", "did you mean commit?"],
        ),
        ('targets: {hook: {webhook: {url: "https://u:p@hooks.example.com/a"}}}\n', ["goes under secret:"]),
        (
            'targets: {hook: {webhook: {url: "https://hooks.example.com/a", secret: hunter2}}}\n',
            ["never the value itself"],
        ),
        (
            'targets: {hook: {webhook: {url: "https://hooks.example.com/a", secret: "vault:a"}}}\n',
            ["notices.yaml:1:72: there is no store of secrets called vault here"],
        ),
        (
            MAIL.replace("MORE", "security: none, user: a, password: 'env:P'"),
            ["the password would go to the server in clear"],
        ),
        (MAIL.replace("MORE", "password: 'env:P'"), ["a password needs who signs in with it"]),
        ("targets: {m: {mail: {server: 'smtp://mail', sender: a@b, to: [c@d]}}}\n", ["leave out smtp://"]),
    ],
)
def test_mistakes_are_told_with_their_place(text: str, said: list[str]) -> None:
    config, wrong = notice_files.read(text, "notices.yaml")
    assert config is None
    told = "\n".join(map(str, wrong))
    assert all(words in told for words in said), told
    assert "hunter2" not in told


def test_without_rules_nobody_is_told() -> None:
    assert notice_files.read("", "notices.yaml") == (notice_files.NOTHING, [])
