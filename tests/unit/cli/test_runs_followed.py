"""A run on a server as people follow it: drawn in any width, told in lines, and what was seen kept small."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from sealane.cli.remote import deployment_follow
from sealane.cli.screens import rollout_lines, server_run_lines, server_run_live
from sealane.cli.screens.rollout_messages import Wait
from sealane.deployments import glimpse
from sealane.verdicts.model import Health, Instance, Observation, Workload

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WAIT = Wait(
    what="the approval of 2 more of release-managers, sre", who="anyone of them but ada: sealane approve d-6why4kxbiz"
)


def step(name: str, status: str, *, kind: str = "step", reason: str | None = None) -> dict[str, Any]:
    begun = None if status == "waiting" else NOON.isoformat()
    ended = NOON.isoformat() if status in {"passed", "failed"} else None
    return {
        "key": f"{kind}/{name}",
        "kind": kind,
        "name": name,
        "status": status,
        "reason": reason,
        "started": begun,
        "ended": ended,
    }


def view(*steps: dict[str, Any], message: str = "Sell carts") -> dict[str, Any]:
    event = {"commit": "4f7c2d1" * 5, "message": message}
    run = {"app": "shop", "sequence": 12, "event": event, "started": NOON.isoformat(), "created": NOON.isoformat()}
    return {"run": run, "steps": list(steps)}


def drawn(width: int, *steps: dict[str, Any]) -> tuple[server_run_live.Drawn, Console]:
    console = Console(width=width, height=24, file=io.StringIO(), force_terminal=True, color_system=None)
    screen = server_run_live.Drawn(console, lambda: NOON + timedelta(seconds=65))
    screen.tell(view(*steps), ())
    rollout = screen.deployment("production")
    rollout.open("shop/production #12, revision 4f7c2d1, asked for by ada", started=NOON)
    rollout.waits(NOON, (WAIT,))
    return screen, console


def lines(screen: server_run_live.Drawn, console: Console) -> list[str]:
    with console.capture() as captured:
        console.print(screen)
    return captured.get().splitlines()


@given(
    width=st.integers(30, 140), name=st.text("abcdefgh-", min_size=1, max_size=60), reason=st.text("abc d", max_size=90)
)
def test_no_line_is_wider_than_the_terminal(width: int, name: str, reason: str) -> None:
    """Whatever steps are called and say."""
    shown = lines(*drawn(width, step(name, "failed", reason=reason), step("test", "running")))

    assert max(len(line.rstrip()) for line in shown) <= width


def test_at_80_columns_the_way_on_stands_whole_and_words_are_not_cut() -> None:
    """The command can be copied."""
    shown = lines(*drawn(80, step("test", "passed"), step("production", "passed", kind="deliver")))

    assert shown[0].startswith("shop #12  4f7c2d1  Sell carts")
    assert [line.strip() for line in shown[-2:]] == [
        f"⠋ waits for {WAIT.what}",
        "anyone of them but ada: sealane approve d-6why4kxbiz",
    ]


def test_a_deployment_that_ended_says_how_and_stands_still() -> None:
    """Nothing of its workloads, and its clock has stopped."""
    screen, console = drawn(80)
    rollout = screen.deployment("dev")
    rollout.open("shop/dev #12, revision 4f7c2d1", started=NOON)
    rollout.concluded("rolled back", "Container web ended twice with exit code 3.", at=NOON + timedelta(seconds=65))

    before = lines(screen, console)
    assert before[-1].strip() == "rolled back: Container web ended twice with exit code 3."
    assert before[-2].rstrip().endswith("1m05s")


def test_in_a_pipe_each_thing_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    """However often the server is asked."""
    told = server_run_lines.Lines()
    for _ in range(3):
        told.tell(view(step("test", "running"), step("build", "waiting")), ())
    told.tell(view(step("test", "failed", reason="exit code 3"), step("build", "waiting")), (WAIT,))
    rollout = told.deployment("dev")
    rollout.open("shop/dev #12, rollback to 4f7c2d1, asked for by ada", started=NOON)
    for _ in range(3):
        rollout.waits(NOON + timedelta(seconds=2), (WAIT,))

    said = capsys.readouterr().err.splitlines()

    assert [line[8:] if line.startswith(" ") or "m" in line[:7] else line for line in said[-1:]] == [
        f"dev: waits for {WAIT.what} ({WAIT.who})"
    ]
    assert [
        sum(words in line for line in said) for words in ("test: running", "test: failed: exit code 3", "build")
    ] == [1, 1, 0]
    assert isinstance(rollout, rollout_lines.Lines)


def test_what_happened_long_ago_is_told_with_its_own_time(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever asks a day later."""
    told = server_run_lines.Lines()
    told.tell(view(step("test", "passed") | {"ended": (NOON + timedelta(seconds=31)).isoformat()}), ())
    rollout = told.deployment("dev")
    rollout.open("shop/dev #12", started=NOON)
    rollout.concluded("deployed", "1 workload is ready.", at=NOON + timedelta(seconds=6))

    said = [line.strip() for line in capsys.readouterr().err.splitlines()]
    assert said[1].split() == ["31.0s", "test:", "passed"]
    assert said[-1].split()[:3] == ["6.0s", "dev:", "deployed:"]


@pytest.mark.parametrize(
    ("state", "says"),
    [("waiting", "still waits"), ("queued", "stays queued"), ("rolling_out", "goes on"), (None, "goes on")],
)
def test_whoever_leaves_hears_what_stays_and_how_to_come_back(state: str | None, says: str) -> None:
    """In every state."""
    words = deployment_follow.stays({"state": state} if state else {}, "d-7")

    assert f"d-7 {says} without this command" in words
    assert "sealane watch d-7 " in words
    assert "sealane cancel d-7 " in words


def _workload(name: str, health: Health) -> Workload:
    return Workload(object=name, health=health, desired=9, updated=9, ready=0, old=0, ready_since=None, message="")


@given(workloads=st.integers(0, 400), instances=st.integers(0, 900))
def test_what_is_kept_of_an_observation_is_bounded(workloads: int, instances: int) -> None:
    """Some instances of each workload, what is not ready before the rest, and no facts."""
    made = tuple(_workload(f"Deployment/{n}", Health.READY if n % 2 else Health.CONVERGING) for n in range(workloads))
    pods = tuple(
        Instance(
            object=f"Pod/{n}",
            workload=f"Deployment/{n % 4}",
            desired=True,
            terminating=False,
            ready=n % 3 == 0,
            ready_since=None,
            created=NOON,
            state="",
        )
        for n in range(instances)
    )

    kept = glimpse.glimpse(Observation(at=NOON, workloads=made, instances=pods))

    assert kept.workloads == made[: glimpse.MOST_WORKLOADS]
    assert len(kept.instances) <= glimpse.MOST_INSTANCES
    for workload in kept.workloads[:4]:
        own = [instance for instance in kept.instances if instance.workload == workload.object]
        assert len(own) <= glimpse.MOST_OF_ONE
        assert sorted(own, key=lambda item: item.ready) == own, "what is not ready comes first"
