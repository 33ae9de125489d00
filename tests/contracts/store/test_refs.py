"""What of a reference's history starts a run: what moves it does, however often it was there; copies do not."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, rule, run_state_machine_as_test

from sealane.blobs.logs import Logs
from sealane.events.model import Event, EventKind, RefGone
from sealane.store.all_stores import Store
from tests import databases
from tests.properties import examples

from .samples import NOON, app

COMMITS = "abc"
REFS = {"refs/heads/main": EventKind.PUSH, "refs/tags/v1": EventKind.TAG, "refs/pull/7/head": EventKind.PULL_REQUEST}


@dataclass(frozen=True)
class Message:
    """What a host sends of one move; `after` is None for a deletion."""

    number: int
    ref: str
    before: str | None
    after: str | None

    @property
    def move(self) -> tuple[str, str | None, str | None]:
        return self.ref, self.before, self.after


class Host(RuleBasedStateMachine):
    """A git host that people push to, and whose messages come in any order, twice, and under other ids."""

    store: Store
    runner: asyncio.Runner
    names: Iterator[str]
    sent = Bundle("sent")
    waiting = Bundle("waiting")

    @initialize()
    def begin(self) -> None:
        self.name = next(self.names)
        self.runner.run(self.store.apps.add(app(self.name), by="ann"))
        self.at: dict[str, str | None] = dict.fromkeys(REFS)
        self.numbers = itertools.count()
        self.known: dict[str, str | None] = {}
        """What each id that was received started."""
        self.newest: dict[str, tuple[tuple[str, str | None, str | None], str]] = {}
        """The newest move of each reference that Sealane knows of, with its run."""

    def moved(self, ref: str, after: str | None) -> Message:
        message = Message(next(self.numbers), ref, self.at[ref], after)
        self.at[ref] = after
        return message

    @rule(target=waiting, ref=st.sampled_from([*REFS]), commit=st.sampled_from(COMMITS))
    def push(self, ref: str, commit: str) -> Message:
        """Also by force: any commit follows any other."""
        commit = commit if commit != self.at[ref] else COMMITS[(COMMITS.index(commit) + 1) % len(COMMITS)]
        return self.moved(ref, commit)

    @rule(target=waiting, ref=st.sampled_from([*REFS]))
    def delete(self, ref: str) -> Message:
        return self.moved(ref, None)

    @rule(target=sent, message=consumes(waiting))
    def deliver(self, message: Message) -> Message:
        """In whichever order."""
        self.receive(message, f"{self.name}-{message.number}")
        return message

    @rule(message=sent)
    def redeliver(self, message: Message) -> None:
        """Under the same id, however late: it starts nothing."""
        self.receive(message, f"{self.name}-{message.number}")

    @rule(message=sent)
    def replay(self, message: Message) -> None:
        """Under a new id, as Gitea does when a person asks: no new run while nothing else moved the reference."""
        self.receive(message, f"{self.name}-again-{next(self.numbers)}")

    @rule(ref=st.sampled_from([*REFS]))
    def rerun(self, ref: str) -> None:
        """What a person asks for is a run of its own, and makes no copy a new event or a new event a copy."""
        event = Event(kind=REFS[ref], app=self.name, ref=ref, commit="a" * 40, received=NOON)
        receipt = self.runner.run(self.store.events.receive(event, source="rerun", requested_by="kim"))
        assert not receipt.duplicate

    def receive(self, message: Message, delivery: str) -> None:
        if message.after is None:
            gone = RefGone(app=self.name, ref=message.ref, reason="", delivery=delivery, received=NOON)
            self.runner.run(self.store.events.forget(gone, source="host"))
            if delivery not in self.known:
                self.newest.pop(message.ref, None)
                self.known[delivery] = None
            return
        event = Event(
            kind=REFS[message.ref],
            app=self.name,
            ref=message.ref,
            before=message.before and message.before * 40,
            commit=message.after * 40,
            delivery=delivery,
            received=NOON,
        )
        receipt = self.runner.run(self.store.events.receive(event, source="host"))
        move, run = self.newest.get(message.ref, (None, None))
        expected = self.known.get(delivery) or (run if move == message.move else None)
        assert receipt.duplicate == (expected is not None), message
        if expected is None:
            assert receipt.run_id not in self.known.values()
            self.newest[message.ref] = (message.move, receipt.run_id)
            self.known[delivery] = receipt.run_id
        else:
            assert receipt.run_id == expected


async def _open(folder: Path) -> Store:
    return await Store.open(f"sqlite:///{databases.fill(folder)}", logs=Logs(folder / "logs"))


def test_any_history_of_a_host(tmp_path: Path) -> None:
    """Pushes, forced ones, deletions, redeliveries, replays and messages out of order."""
    with asyncio.Runner() as runner:
        Host.store, Host.runner = runner.run(_open(tmp_path)), runner
        Host.names = (f"app-{number}" for number in itertools.count())
        try:
            run_state_machine_as_test(Host, settings=settings(max_examples=examples(60), stateful_step_count=25))
        finally:
            runner.run(Host.store.close())


def moves(ref: str, *commits: str | None) -> list[Event | RefGone]:
    """What a host sends of a reference that goes from commit to commit; None deletes it."""
    told: list[Event | RefGone] = []
    for before, after in itertools.pairwise((None, *commits)):
        if after is None:
            told.append(RefGone(app="shop", ref=ref, reason="", received=NOON))
        else:
            whole = before * 40 if before else None
            told.append(Event(kind=REFS[ref], app="shop", ref=ref, before=whole, commit=after * 40, received=NOON))
    return told


@pytest.mark.parametrize("ids", [None, "d-{}".format], ids=["pushed", "by-webhook"])
@pytest.mark.parametrize(
    ("ref", "commits"),
    [
        ("refs/heads/main", ("c", "d", "c", "d", "c", "d")),
        ("refs/heads/main", ("c", None, "c", None, "c")),
        ("refs/tags/v1", ("c", None, "c")),
        ("refs/pull/7/head", ("c", "d", None, "d")),
    ],
    ids=["force-pushed back and forth", "a branch made again", "a tag made again", "a pull request reopened"],
)
async def test_what_was_there_before_runs_again(
    store: Store, ref: str, commits: tuple[str | None, ...], ids: Callable[[int], str] | None
) -> None:
    started = []
    for number, event in enumerate(moves(ref, *commits)):
        told = replace(event, delivery=ids(number) if ids else None)
        if isinstance(told, RefGone):
            await store.events.forget(told, source="host")
        else:
            started.append(await store.events.receive(told, source="host"))
    assert [receipt.duplicate for receipt in started] == [False] * sum(commit is not None for commit in commits)


async def test_two_apps_of_one_repository_hear_the_same_message(store: Store) -> None:
    """A host sends all hooks of a repository the same id."""
    await store.apps.add(app("store"), by="ann")
    event = replace(moves("refs/heads/main", "c")[0], delivery="one")
    assert isinstance(event, Event)
    receipts = [await store.events.receive(replace(event, app=name), source="github") for name in ("shop", "store")]
    assert [receipt.duplicate for receipt in receipts] == [False, False]


async def test_what_a_rerun_ran_is_not_where_a_branch_stands(store: Store) -> None:
    """A server that comes back compares with where branches were pushed to, and knows nothing of deleted ones."""
    first, second = moves("refs/heads/main", "c", "d")
    tag, gone = moves("refs/tags/v1", "c", None)
    for event in (first, second, tag):
        assert isinstance(event, Event)
        await store.events.receive(event, source="git")
    assert isinstance(first, Event)
    await store.events.receive(first, source="rerun", requested_by="kim")
    assert isinstance(gone, RefGone)
    await store.events.forget(gone, source="git")
    assert await store.views.heads("shop") == {"refs/heads/main": "d" * 40}


async def test_runs_of_one_commit_in_one_second_have_deploy_tags_of_their_own(store: Store) -> None:
    """A branch and a tag on it, pushed at once. Beginning again keeps the tag that was given."""
    (first,), (second,) = moves("refs/heads/main", "c"), moves("refs/tags/v1", "c")
    given = []
    for event in (first, second):
        assert isinstance(event, Event)
        run_id = (await store.events.receive(event, source="git")).run_id
        for later in (0, 5):
            tags = (f"{number + later}-ccc" for number in itertools.count())
            await store.runs.begin(run_id, at=NOON + timedelta(seconds=later), deploy_tags=tags)
            given.append((await store.runs.get(run_id)).deploy_tag)
    assert given == ["0-ccc", "0-ccc", "1-ccc", "1-ccc"]
