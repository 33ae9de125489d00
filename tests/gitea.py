"""Repositories, people and hooks at a real Gitea, by its API."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from testbed import gitea
from testbed.layout import Layout
from testbed.record import Bed
from tests import databases


@dataclass(frozen=True, kw_only=True)
class Host:
    """A Gitea, asked as its administrator."""

    url: str
    token: str
    api: httpx.Client

    def ask(self, method: str, path: str, **how: Any) -> Any:
        """What its API answers."""
        answer = self.api.request(method, path, **how)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def repository(self) -> Repository:
        """A private repository with one commit."""
        made = {"name": f"shop-{secrets.token_hex(4)}", "private": True, "auto_init": True, "default_branch": "main"}
        return Repository(host=self, path=self.ask("POST", "/user/repos", json=made)["full_name"])

    def person(self, *scopes: str) -> tuple[str, str]:
        """Somebody who may do nothing yet; their name, and a token for these scopes."""
        name, password = f"p-{secrets.token_hex(4)}", secrets.token_hex(12)
        made = {"username": name, "email": f"{name}@example.com", "password": password, "must_change_password": False}
        self.ask("POST", "/admin/users", json=made)
        given = {"name": "t", "scopes": list(scopes)}
        with httpx.Client(base_url=self.api.base_url, auth=(name, password), timeout=60) as client:
            answer = client.post(f"/users/{name}/tokens", json=given)
        assert answer.is_success, answer.text
        return name, str(answer.json()["sha1"])


@dataclass(frozen=True, kw_only=True)
class Repository:
    """One of its repositories."""

    host: Host
    path: str
    """`owner/name`."""

    @property
    def url(self) -> str:
        return f"{self.host.url}/{self.path}.git"

    def signed_in(self, token: str, name: str = gitea.ADMINISTRATOR) -> str:
        """Its address with a password."""
        return self.url.replace("://", f"://{name}:{token}@")

    @property
    def head(self) -> str:
        """The newest commit of main."""
        return str(self.ask("GET", "/branches/main")["commit"]["id"])

    def ask(self, method: str, path: str, **how: Any) -> Any:
        """What its part of the API answers."""
        return self.host.ask(method, f"/repos/{self.path}{path}", **how)

    def hook(self, url: str, secret: str, *events: str) -> int:
        """Has Gitea call an address; gives the hook's id."""
        config = {"url": url, "content_type": "json", "secret": secret}
        made = {"type": "gitea", "config": config, "events": list(events or ("push",)), "active": True}
        return int(self.ask("POST", "/hooks", json=made)["id"])

    def let_in(self, name: str, permission: str = "write") -> None:
        """Lets somebody work on it."""
        self.ask("PUT", f"/collaborators/{name}", json={"permission": permission})

    def statuses(self, commit: str) -> Mapping[str, dict[str, Any]]:
        """What stands at a commit, by context: the last of each."""
        answer = self.ask("GET", f"/commits/{commit}/status")
        return {status["context"]: status for status in answer["statuses"] or ()}


@contextmanager
def serving(bed: Bed, folder: Path) -> Iterator[Host]:
    """A Gitea, for as long as this lasts."""
    with databases.fresh(bed.postgres_url) as database, gitea.gitea(Layout.from_environment(), folder, database) as up:
        headers = {"Authorization": f"token {up.token}"}
        with httpx.Client(base_url=f"{up.url}/api/v1", headers=headers, timeout=60, trust_env=False) as api:
            yield Host(url=up.url, token=up.token, api=api)
