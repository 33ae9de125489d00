"""What a removed app or person leaves behind: nothing that the next app of the name gets, no word that still counts."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from sealane.access.model import ADMINISTRATORS, Actor
from sealane.accounts.registration import Apps
from sealane.accounts.sign_in import Access
from sealane.clients.git_http_backend import Repositories
from sealane.clock import SetClock
from sealane.environments.app_access import DEFAULTS, AppAccess
from sealane.environments.grants import Grant, Permission
from sealane.errors import Conflicting
from sealane.records.deployments import ApprovalRule, Deployment, DeploymentState, Vote
from sealane.secrets import keys
from sealane.store import votes
from sealane.store.all_stores import Store
from tests.serving import commit, git

from .samples import NOON, deployment, push, release, revision

ADMIN = Actor(name="admin", groups=frozenset({ADMINISTRATORS}), via="token")
CLERKS = ApprovalRule(by=("clerks", "judges"), count=2, source="approval")
GOING = {DeploymentState.QUEUED, DeploymentState.ROLLING_OUT}


@pytest.fixture
def access(store: Store) -> Access:
    return Access(store, key=b"k" * 32, session=timedelta(hours=1), now=SetClock(NOON))


@pytest.fixture
def apps(store: Store, access: Access, tmp_path: Path) -> Apps:
    clock = SetClock(NOON)
    repositories = Repositories(tmp_path / "repositories")
    return Apps(store, access, repositories, key=b"k" * 32, identities=tmp_path, now=clock)


def push_into(bare: Path, work: Path) -> str:
    """A commit in a bare repository, as a push puts it there."""
    git(work.parent, "clone", "-q", str(bare), str(work))
    commit(work, {"private.txt": "of the first team"})
    git(work, "push", "-q", "origin", "HEAD:main")
    return git(work, "rev-parse", "HEAD").stdout.strip()


@pytest.mark.parametrize("rotations", [0, 1, 3])
async def test_the_next_app_of_a_name_gets_nothing_of_the_former_one(
    apps: Apps, tmp_path: Path, rotations: int
) -> None:
    """No hook secret that was ever its, no key, no commit; all of it is kept aside for whoever removed it by mistake."""
    first = await apps.register("ledger", owner="books", by=ADMIN)
    known = {first.hook_secret}
    for _ in range(rotations):
        known.add((await apps.rotate_hook_secret("ledger", by=ADMIN))[0])
    recipient = await apps.recipient("ledger")
    folder = tmp_path / "repositories"
    head = push_into(folder / "ledger.git", tmp_path / "work")

    await apps.remove("ledger", by=ADMIN)
    second = await apps.register("ledger", owner="others", by=ADMIN)

    secrets = {second.hook_secret, *await apps.hook_secrets("ledger")}
    secrets |= {(await apps.rotate_hook_secret("ledger", by=ADMIN))[0] for _ in range(rotations + 2)}
    assert not known & secrets
    assert await apps.recipient("ledger") != recipient
    assert await Repositories(folder).refs("ledger") == {}
    (aside,) = [path for path in folder.iterdir() if path.name.startswith("ledger.git.removed-")]
    assert git(aside, "rev-parse", "main").stdout.strip() == head
    kept = [path.read_text() for path in (tmp_path / "identities").glob("ledger.txt.removed-*")]
    assert [recipient in text for text in kept] == [True]


async def test_what_a_killed_server_left_of_a_removed_app_is_put_aside_when_the_name_is_given_again(
    apps: Apps, store: Store, tmp_path: Path
) -> None:
    """A repository that was made by a registration that failed has no commits, and is taken as it is."""
    await apps.register("ledger", owner="books", by=ADMIN)
    folder = tmp_path / "repositories"
    push_into(folder / "ledger.git", tmp_path / "work")
    await store.apps.remove("ledger", by="admin", at=NOON)  # killed here
    await Repositories(folder).create("atlas")

    await apps.register("ledger", owner="others", by=ADMIN)
    await apps.register("atlas", owner="others", by=ADMIN)

    assert await Repositories(folder).refs("ledger") == {}
    assert sorted(path.name.partition(".removed")[0] for path in folder.iterdir()) == [
        "atlas.git",
        "ledger.git",
        "ledger.git",
    ]


async def test_another_app_s_key_stays_where_it_is(apps: Apps, tmp_path: Path) -> None:
    """Also of one whose name begins alike."""
    await apps.register("ledger", owner="books", by=ADMIN)
    await apps.register("ledger-2", owner="books", by=ADMIN)
    other = await apps.recipient("ledger-2")
    await apps.remove("ledger", by=ADMIN)
    assert await apps.recipient("ledger-2") == other
    assert keys.identities(tmp_path, "ledger") == ()


@pytest.mark.parametrize("state", DeploymentState)
async def test_an_app_is_not_removed_from_under_what_goes_on(store: Store, state: DeploymentState) -> None:
    """What only waits goes with it; what was let through, or rolls out, is to be ended first."""
    await store.releases.add(release(1), sequence=1, run_id=None)
    made = await store.deployments.offer(deployment(1, 1, release_id="rel-1"), revision("v1"))
    if state in GOING:
        await store.deployment_queue.open(made.id, revision_id=made.revision_id, at=NOON)
    if state is DeploymentState.ROLLING_OUT:
        await store.deployment_queue.begin(made.id, at=NOON)
    if state is DeploymentState.ENDED:
        await store.deployments.reject(made.id, reason="no", at=NOON)
    if state in GOING:
        with pytest.raises(Conflicting, match=f"{made.id} of shop goes on"):
            await store.apps.remove("shop", by="ann", at=NOON)
    else:
        await store.apps.remove("shop", by="ann", at=NOON)
        assert await store.apps.all() == ()


async def test_an_app_is_not_removed_from_under_its_run(store: Store) -> None:
    """Whose containers nobody would end."""
    receipt = await store.events.receive(push("a"), source="git")
    with pytest.raises(Conflicting, match=f"{receipt.run_id} of shop goes on"):
        await store.apps.remove("shop", by="ann", at=NOON)
    await store.runs.ask_cancel(receipt.run_id, by="ann", at=NOON)


async def asked(store: Store) -> Deployment:
    """A deployment that wants two people of two groups."""
    return await store.deployments.offer(deployment(1, 1, rules=(CLERKS,)), revision("v1"))


def yes(subject: Deployment, user: str, *groups: str, approves: bool = True) -> Vote:
    said = frozenset(groups)
    return Vote(user=user, groups=said, revision_id=subject.revision_id, approves=approves, comment="", at=NOON)


@pytest.mark.parametrize(
    ("now", "counts"),
    [
        (None, False),
        ((), False),
        (("porters",), False),
        (("judges",), False),
        (("clerks",), True),
        (("clerks", "porters"), True),
    ],
    ids=str,
)
async def test_a_yes_counts_while_its_person_is_still_in_the_group(
    store: Store, access: Access, now: tuple[str, ...] | None, counts: bool
) -> None:
    """Who was removed (None), or put out of the group they spoke for, speaks for it no more, also where they came into another."""
    await access.add_user("olga", frozenset({"clerks", "porters"}), by=ADMIN)
    await access.add_user("omar", frozenset({"judges"}), by=ADMIN)
    subject = await asked(store)
    await store.votes.add(subject, yes(subject, "olga", "clerks", "porters"))
    if now is None:
        await access.remove_user("olga", by=ADMIN)
    else:
        await access.set_groups("olga", frozenset(now), by=ADMIN)
    await store.votes.add(subject, yes(subject, "omar", "judges"))

    (waiting,) = [*await store.views.pending(), None][:1]
    assert (waiting is None) is counts
    if waiting is not None:
        assert waiting.given == ("omar",)
    view = await store.views.deployment(subject.id)
    assert view.approval is not None
    assert (view.approval.missing == ()) is counts
    assert [vote.user for vote in view.approval.votes] == ["olga", "omar"]
    around = await store.views.circumstances(subject)
    assert [vote.user for vote in around.votes if vote.groups & {"clerks", "judges"}] == ["olga", "omar"][not counts :]


@pytest.mark.parametrize(
    ("may", "counts"),
    [({}, True), ({"environments": ("elsewhere",)}, False), ({"apps": ("kiln",)}, False), ({"apps": ("sh*",)}, True)],
    ids=str,
)
async def test_a_yes_counts_while_operators_let_its_group_approve_there(
    store: Store, access: Access, may: dict[str, tuple[str, ...]], counts: bool
) -> None:
    """Not by what `access.yaml` said when it was given; a no stays."""
    await access.add_user("olga", frozenset({"clerks"}), by=ADMIN)
    subject = await asked(store)
    await store.votes.add(subject, yes(subject, "olga", "clerks"))
    cast = await store.votes.of(subject.id, subject.revision_id)
    grant = Grant(groups=frozenset({"clerks"}), may=frozenset({Permission.APPROVE}), **may)
    (vote,) = votes.as_granted(cast, subject, AppAccess(grants=(grant,)))
    assert (vote.approves, vote.groups) == (True, frozenset({"clerks"} if counts else ()))
    assert votes.as_granted(cast, subject, DEFAULTS) == cast


async def test_a_no_stays_a_no(store: Store, access: Access) -> None:
    """Whoever said it is gone meanwhile."""
    await access.add_user("olga", frozenset({"clerks"}), by=ADMIN)
    subject = await asked(store)
    await store.votes.add(subject, yes(subject, "olga", "clerks", approves=False))
    await access.remove_user("olga", by=ADMIN)
    assert [vote.approves for vote in await store.votes.of(subject.id, subject.revision_id)] == [False]


@pytest.mark.parametrize("how", ["let through", "rolling out", "called off", "another revision"])
async def test_a_word_that_comes_too_late_is_told(store: Store, how: str) -> None:
    """Kept in silence, a no would look as if it had stopped what goes out."""
    subject = await asked(store)
    if how in {"let through", "rolling out"}:
        await store.deployment_queue.open(subject.id, revision_id=subject.revision_id, at=NOON)
    if how == "rolling out":
        await store.deployment_queue.begin(subject.id, at=NOON)
    if how == "called off":
        await store.cancellations.cancel(subject.id, by="ann", at=NOON)
    if how == "another revision":
        await store.deployments.revise(subject.id, revision("v7"), note="changed", at=NOON)
    with pytest.raises(Conflicting, match="no longer waits for that answer"):
        await store.votes.add(subject, yes(subject, "olga", "clerks", approves=False))
    assert await store.votes.of(subject.id, subject.revision_id) == ()
