"""The same thing asked twice, or by many at the same moment: it is done once, and the others are told."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

import pytest

from sealane.access.model import Actor
from sealane.errors import Conflicting, Refused
from sealane.records.accounts import Token, User
from sealane.records.deployments import ApprovalRule, DeploymentKind, DeploymentState, Vote
from sealane.records.scopes import EVERYTHING
from sealane.releases.model import Release
from sealane.store import releases
from sealane.store.all_stores import Store
from sealane.workflows.operations import Requests

from .samples import NOON, deployment, release, revision

CLERKS = ApprovalRule(by=("clerks",), count=1, source="approval")
NOBODY: Any = None
"""Stands for what a request that is refused never reaches."""


async def test_the_same_thing_asked_at_once_is_done_once_and_told_to_the_others(store: Store) -> None:
    """On both databases: what a check did not see yet, because another writer had not landed, it sees when it looks again."""
    subject = await store.deployments.offer(deployment(1, 1, rules=(CLERKS,)), revision("v1"))
    user = User(name="zoe", groups=frozenset({"clerks"}), created=NOON)

    async def add_user(number: int) -> None:
        await store.people.add(user, _token(number), by="admin")

    async def vote(_: int) -> None:
        said = frozenset({"clerks"})
        word = Vote(user="zoe", groups=said, revision_id=subject.revision_id, approves=True, comment="", at=NOON)
        await store.votes.add(subject, word)

    async def deploy(number: int) -> None:
        wanted = replace(deployment(9), id=f"d-same-{number}")
        await store.deployments.offer(wanted, revision("v9"))

    for what, told in ((add_user, 7), (vote, 7), (deploy, 0)):
        came = await asyncio.gather(*(what(number) for number in range(8)), return_exceptions=True)
        kinds = Counter(type(result).__name__ for result in came)
        assert kinds == Counter({"NoneType": 8 - told} | ({"Conflicting": told} if told else {})), (what, came)


async def test_of_two_releases_that_exclude_each_other_one_is_stored(store: Store) -> None:
    """Though they come at the same moment, when none of them sees another yet."""

    def alone(_: Release) -> None:
        raise Conflicting("its version is of something else")

    def adding(number: int) -> Awaitable[None]:
        made = replace(release(1), id=f"rel-same-{number}")
        return store.database.write(lambda c: releases.add(c, made, sequence=0, run_id=None, beside=alone))

    came = await asyncio.gather(*map(adding, range(6)), return_exceptions=True)
    assert Counter(type(result).__name__ for result in came) == Counter(NoneType=1, Conflicting=5), came
    assert len(await store.releases.tagged("shop", release(1).deploy_tag)) == 1


def _token(number: int) -> Token:
    return Token(
        id=f"zoe{number}",
        kind="user",
        user="zoe",
        app=None,
        name="first",
        hash="x",
        created=NOON,
        used=None,
        expires=None,
    )


@pytest.mark.parametrize("state", DeploymentState)
async def test_a_button_that_is_pressed_twice_goes_back_once(store: Store, state: DeploymentState) -> None:
    """The second press would go back from what the first one is bringing, which its person never saw."""
    back = await store.deployments.offer(deployment(5, 5, kind=DeploymentKind.ROLLBACK), revision("v5"))
    if state in {DeploymentState.QUEUED, DeploymentState.ROLLING_OUT}:
        await store.deployment_queue.open(back.id, revision_id=back.revision_id, at=NOON)
    if state is DeploymentState.ROLLING_OUT:
        await store.deployment_queue.begin(back.id, at=NOON)
    if state is DeploymentState.ENDED:
        await store.deployments.reject(back.id, reason="no", at=NOON)
    asking = Requests(tools=NOBODY, store=store, gates=NOBODY, intake=NOBODY, glass=NOBODY)
    ann = Actor(name="ann", groups=frozenset({"developers"}), via="token", deploys=EVERYTHING)
    with pytest.raises(Refused if state is DeploymentState.ENDED else Conflicting) as raised:
        await asking.rollback("shop", "production", by=ann)
    assert (f"being rolled back already: {back.id}" in raised.value.message) is (state is not DeploymentState.ENDED)
