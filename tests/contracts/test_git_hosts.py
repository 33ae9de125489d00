"""Every git host that takes statuses of commits: a context for each delivery, and nothing of what is elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from sealane.adapters import SHIPPED
from sealane.egress import Allowlist
from sealane.errors import Refused, Unavailable
from sealane.notices.model import Notice
from sealane.notices.port import NoticeTarget, TargetAdapter, TargetContext
from sealane.outbox.notice_kinds import NoticeKind
from testbed.record import Bed
from tests import gitea, receivers
from tests.contracts.test_notice_targets import BACK, BEGUN, ENDED, NOTICE, SECRET

SCHEMES = {"github": ("Bearer", ""), "gitea": ("token", "/api/v1")}
"""How each git host is signed in to, and where its API is."""


@dataclass(frozen=True, kw_only=True)
class World:
    """A host, and a repository there with one commit."""

    kind: str
    url: str
    token: str
    repository: str
    commit: str
    statuses: Callable[[], Mapping[str, Mapping[str, Any]]]
    """What stands at the commit, by context."""
    away: Callable[[], None] = lambda: None
    """From now on it has trouble."""

    def open(self, token: str | None = None) -> NoticeTarget:
        """The target, signed in with a token; a good one by default."""
        adapter = SHIPPED.notice_targets.get(self.kind, TargetAdapter)
        file = adapter.file(url=self.url, token="env:TOKEN")
        allowed = Allowlist(hosts=(), listed_in="notices.yaml", own=adapter.hosts(file))
        secrets = {"env:TOKEN": self.token if token is None else token}
        return adapter.open(TargetContext(written=file, secrets=secrets, allowed=allowed, threads=receivers.THREADS))

    def here(self, notice: Notice, **changes: Any) -> Notice:
        """The notice, about the commit that is there."""
        assert notice.commit is not None
        commit = replace(notice.commit, id=self.commit)
        return replace(notice, **{"repository": self.repository, "commit": commit, **changes})


@contextmanager
def _pretended(kind: str) -> Iterator[World]:
    scheme, root = SCHEMES[kind]
    assert NOTICE.commit is not None
    commit = NOTICE.commit.id
    with receivers.statuses(f"{scheme} {SECRET}", root) as host:
        url = f"http://127.0.0.1:{host.port}"
        yield World(
            kind=kind,
            url=url,
            token=SECRET,
            repository=f"{url}/team/shop.git",
            commit=commit,
            statuses=lambda: {
                context: status for (place, context), status in host.found.items() if place == f"team/shop@{commit}"
            },
            away=lambda: setattr(host, "status", 502),
        )


@pytest.fixture(scope="module")
def real(bed: Bed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[gitea.Host]:
    with gitea.serving(bed, tmp_path_factory.mktemp("gitea")) as host:
        yield host


@contextmanager
def _real(host: gitea.Host) -> Iterator[World]:
    """A private repository, by the token of somebody who may write to it."""
    repository = host.repository()
    name, token = host.person("write:repository")
    repository.let_in(name)
    head = repository.head
    yield World(
        kind="gitea",
        url=host.url,
        token=token,
        repository=repository.url,
        commit=head,
        statuses=lambda: {
            context: {**status, "state": status["status"]} for context, status in repository.statuses(head).items()
        },
    )


@pytest.fixture(params=[*SCHEMES, "a real gitea"])
def world(request: pytest.FixtureRequest, bed: Bed) -> Iterator[World]:
    del bed  # which the real one wants
    made = _pretended(request.param) if request.param in SCHEMES else _real(request.getfixturevalue("real"))
    with made as world:
        yield world


async def test_a_commit_has_a_status_for_each_delivery(world: World) -> None:
    target = world.open()
    begun = replace(BEGUN, notice=world.here(NOTICE))
    reference = await target.tell(begun)
    await target.tell(replace(BEGUN, notice=world.here(NOTICE, formation="dev")))
    assert {context: status["state"] for context, status in world.statuses().items()} == {
        "sealane/production": "pending",
        "sealane/dev": "pending",
    }
    ended = world.here(ENDED, text=f"{ENDED.text} {'ü' * 200}")
    await target.tell(replace(begun, notice=ended, fresh=(BACK,), reference=reference))
    statuses = world.statuses()
    assert {context: status["state"] for context, status in statuses.items()} == {
        "sealane/production": "failure",
        "sealane/dev": "pending",
    }
    status = statuses["sealane/production"]
    assert status["description"].startswith("rolled back: Container web of pod web-1 ended with exit code 1 <&>.")
    assert len(status["description"]) == 140
    assert status["target_url"] == NOTICE.links[0].url


async def test_nothing_is_written_to_what_is_elsewhere_or_no_commit(world: World) -> None:
    target = world.open()
    for notice in (
        NOTICE,
        world.here(NOTICE, commit=None),
        world.here(NOTICE, kind=NoticeKind.DRIFT_FOUND),
    ):
        await target.tell(replace(BEGUN, notice=notice))
    assert world.statuses() == {}


async def test_trying_it_says_whether_its_token_is_good(world: World) -> None:
    trial = replace(BEGUN, notice=world.here(NOTICE, kind=NoticeKind.TEST, commit=None))
    await world.open().tell(trial)
    with pytest.raises(Refused, match="401"):
        await world.open("wrong").tell(trial)


@pytest.mark.parametrize("kind", SCHEMES)
async def test_a_host_that_has_trouble_is_told_later(kind: str) -> None:
    with _pretended(kind) as world:
        world.away()
        with pytest.raises(Unavailable):
            await world.open().tell(replace(BEGUN, notice=world.here(NOTICE)))
