"""What a deployment does, tells and keeps: the same from a command line and by a server."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sealane.destinations import model as destinations
from sealane.destinations.dummy.destination import DummyDestination
from sealane.destinations.dummy.state import SetBy
from tests.contracts.stories import CommandLine, Server, Side, Version, workload
from tests.unit.gates import answering

CRASH = {"DUMMY_EXIT_CODE": "3", "DUMMY_OUTPUT": "no such table: carts"}
IMAGE = "spec.template.spec.containers[web].image"
OURS = "registry.example.com/shop:1"
FAILS = '{name: DUMMY_EXIT_CODE, value: "4"}'
EXTRA = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\ndata: {a: b}\n"


@pytest.fixture(params=["command line", "server"])
async def side(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Side]:
    if request.param == "command line":
        yield CommandLine(tmp_path)
        return
    made = Server(tmp_path)
    async with made.inside.knowing_the_shop():
        yield made


def hooks(*names: str, when: str = "before", fails: str = "", undo: bool = False) -> dict[str, str]:
    """A version's hooks, and the stencils of their Jobs."""
    listed = [
        {"name": name, "stencil": name} | ({"reversible": {"command": ["back"]}} if undo else {}) for name in names
    ]
    stencils = "".join(f"---\n{workload('Job', name, FAILS if name == fails else '')}" for name in names)
    return {"beside": f"hooks: {json.dumps({when: listed})}", "more": stencils}


def unsure(*names: str) -> str:
    """Gates whose store is away: only a person can say."""
    query = {"url": "http://127.0.0.1:9", "query": "up", "condition": "< 1"}
    return f"gates: {json.dumps([{'name': name, 'prometheus': query} for name in names])}"


@dataclass(kw_only=True)
class Meddling:
    """Changes the web server right after an apply of the version of these words, once or as often as `times` says."""

    words: str
    image: str = "registry.example.com/shop:9"
    by: str | None = None
    """Who does it; None: another write of Sealane's."""
    times: int = 1

    def begin(self, side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
        """From now on."""
        apply = DummyDestination.apply

        async def meddled(destination: DummyDestination, objects: Sequence[Any], **more: Any) -> object:
            applied = await apply(destination, objects, **more)
            if self.times and any(f"'value': '{self.words}'" in str(manifest) for manifest in objects):
                self.times -= 1
                self._meddle(side)
            return applied

        monkeypatch.setattr(DummyDestination, "apply", meddled)

    def _meddle(self, side: Side) -> None:
        with side.state.write() as content:
            (web,) = (stored for stored in content.objects.values() if stored.manifest["metadata"]["name"] == "web")
            web.manifest["spec"]["template"]["spec"]["containers"][0]["image"] = self.image
            if self.by:
                at = datetime(2026, 11, 21, 7, 0, 5, tzinfo=UTC)
                web.set_by[IMAGE] = SetBy(manager=self.by, at=at)


def image(side: Side) -> str:
    """That of the web server now."""
    (web,) = (stored for stored in side.there.objects.values() if stored.manifest["metadata"]["name"] == "web")
    return str(web.manifest["spec"]["template"]["spec"]["containers"][0]["image"])


def smoke(url: str) -> str:
    return f"gates: {json.dumps([{'name': 'smoke', 'http': {'url': url, 'samples': 1}}])}"


async def test_a_good_version_is_applied_watched_and_what_it_has_no_more_is_pruned(side: Side) -> None:
    await side.deploy(Version(words="v1", more=EXTRA))
    ended = await side.deploy(Version(words="v2"))
    assert ended.verdict.kind == "deployed"
    assert (ended.report, ended.second) == (None, None)
    assert ended.phases == ["apply", "watch", "prune"]
    assert side.writes() == ["create extra", "create web", "change web", "delete extra"]


async def test_a_bad_version_is_explained_and_the_one_before_is_there_again(side: Side) -> None:
    await side.deploy(Version(words="v1"))
    ended = await side.deploy(Version(words="v2", behaves=CRASH, more=EXTRA))
    assert ended.verdict.kind == "rolled_back"
    assert ended.report is not None
    assert ended.report["cause"]["log"] == "no such table: carts"
    assert {change["name"] for change in ended.report["difference"]} == {"web", "extra"}
    assert ended.second is None
    assert ended.phases == ["apply", "watch", "failure_report", "revert", "prune"]
    assert side.writes()[1:] == ["create extra", "change web", "change web", "delete extra"]
    (what,) = ended.said("prune")
    assert "extra" in what


async def test_the_first_version_that_fails_is_left_as_it_is(side: Side) -> None:
    ended = await side.deploy(Version(words="v1", behaves=CRASH))
    assert ended.verdict.kind == "failed"
    assert "It was left as it is: " in ended.verdict.reason
    assert not ended.verdict.untouched
    assert ended.phases == ["apply", "watch", "failure_report"]


async def test_both_failure_reports_of_a_failed_way_back_are_kept(side: Side) -> None:
    """What the version before has belongs to somebody else by now."""
    await side.deploy(Version(words="v1", more=EXTRA))
    with side.state.write() as content:
        (extra,) = (stored for stored in content.objects.values() if stored.manifest["metadata"]["name"] == "extra")
        labels = extra.manifest["metadata"]["labels"]
        for name, value in labels.items():
            labels[name] = "other" if value == "shop" else value
    ended = await side.deploy(Version(words="v2", behaves=CRASH))
    assert ended.verdict.kind == "rollback_failed"
    assert "The rollback failed too: " in ended.verdict.reason
    assert ended.report is not None
    assert ended.report["cause"]["log"] == "no such table: carts"
    assert ended.second is not None
    assert "belongs to other" in ended.second["cause"]["sentence"]


async def test_a_gate_that_fails_keeps_every_cause_and_takes_the_evidence_once(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the other gates, too."""
    taken: list[destinations.Identity] = []
    take = DummyDestination.evidence

    async def counted(self: DummyDestination, identity: destinations.Identity, observation: object) -> object:
        taken.append(identity)
        return await take(self, identity, observation)  # type: ignore[arg-type]

    monkeypatch.setattr(DummyDestination, "evidence", counted)
    await side.deploy(Version(words="v1"))
    ended = await side.deploy(Version(words="v2", strategy=unsure("rate", "errors")), word=False)
    assert ended.verdict.kind == "rolled_back"
    assert ended.verdict.reason.startswith("Gate rate failed: ")
    assert ended.report is not None
    assert (ended.report["cause"]["reason"], ended.report["cause"]["others"]) == ("gate_failed", 1)
    assert [cause["object"] for cause in ended.report["others"]] == ["Gate/errors"]
    assert len(taken) == 1


async def test_a_gate_that_fails_rolls_back_what_is_healthy(side: Side) -> None:
    await side.deploy(Version(words="v1"))
    async with answering.serving(lambda _asked, _nth: (500, "")) as server:
        ended = await side.deploy(Version(words="v2", strategy=smoke(server.url)))
    assert ended.verdict.kind == "rolled_back"
    assert ended.verdict.reason == "Gate smoke failed: 1 of 1 sample failed (status 500), none may."


@pytest.mark.parametrize(("word", "kind"), [(True, "deployed"), (False, "rolled_back")])
async def test_a_person_says_how_an_inconclusive_gate_is_taken(side: Side, word: bool, kind: str) -> None:
    await side.deploy(Version(words="v1"))
    ended = await side.deploy(Version(words="v2", strategy=unsure("rate")), word=word)
    assert ended.verdict.kind == kind
    assert ended.phases[:3] == ["apply", "watch", "gates"]
    if not word:
        assert ended.report is not None
        assert ended.report["cause"]["reason"] == "gate_failed"


async def test_hooks_run_around_the_rollout_and_once_for_each_release(side: Side) -> None:
    ended = await side.deploy(Version(words="v1", **hooks("a", "b")))
    assert ended.verdict.kind == "deployed"
    assert side.writes() == ["create a", "create b", "create web"]
    assert ended.phases == ["hooks", "apply", "watch"]


async def test_a_failing_hook_before_stops_it_and_undoes_those_before_it(side: Side) -> None:
    await side.deploy(Version(words="v1"))
    ended = await side.deploy(Version(words="v2", **hooks("a", "b", fails="b", undo=True)))
    assert (ended.verdict.kind, ended.verdict.untouched) == ("failed", True)
    assert ended.verdict.reason.startswith("Hook b failed: ")
    assert ended.report is not None
    assert ended.report["difference"]
    assert side.writes()[1:] == ["create a", "create b", "create undo-a"]
    again = await side.deploy(Version(words="v3", **hooks("a", "b", undo=True)))
    assert again.verdict.kind == "deployed"
    assert side.writes()[4:] == ["create a", "create b", "change web"]


async def test_a_bad_version_undoes_its_hooks_once_the_one_before_is_there(side: Side) -> None:
    await side.deploy(Version(words="v1"))
    ended = await side.deploy(Version(words="v2", behaves=CRASH, **hooks("a", "b", undo=True)))
    assert ended.verdict.kind == "rolled_back"
    assert side.writes()[1:] == ["create a", "create b", "change web", "change web", "create undo-b", "create undo-a"]
    assert ended.phases == ["hooks", "apply", "watch", "failure_report", "revert", "hooks"]


async def test_a_failing_hook_after_it_rolls_it_back(side: Side) -> None:
    await side.deploy(Version(words="v1"))
    ended = await side.deploy(Version(words="v2", **hooks("warm", when="after", fails="warm")))
    assert ended.verdict.kind == "rolled_back"
    assert ended.verdict.reason.startswith("Hook warm failed: ")
    assert ended.report is not None
    assert "exit code 4" in ended.report["cause"]["sentence"]
    assert side.writes()[1:] == ["change web", "create warm", "change web"]


async def test_a_failure_runs_its_hooks_last(side: Side) -> None:
    await side.deploy(Version(words="v1"))
    made = hooks("page", "tell", when="failure", fails="page")
    ended = await side.deploy(Version(words="v2", behaves=CRASH, **made))
    assert ended.verdict.kind == "rolled_back"
    assert side.writes()[-2:] == ["create page", "create tell"]


@pytest.mark.parametrize("behaves", [None, CRASH], ids=["ready", "crashing"])
async def test_what_somebody_else_changes_meanwhile_is_not_deployed_and_says_who(
    side: Side, monkeypatch: pytest.MonkeyPatch, behaves: dict[str, str] | None
) -> None:
    """Whether it would be ready or not: the revision is not to blame."""
    await side.deploy(Version(words="v1"))
    Meddling(words="v2", by="kubectl-set").begin(side, monkeypatch)
    ended = await side.deploy(Version(words="v2", behaves=behaves))
    assert ended.verdict.kind == "rolled_back"
    assert ended.verdict.reason == (
        "Deployment web was changed by kubectl-set at 07:00:05 UTC while it rolled out: "
        f"{IMAGE} is registry.example.com/shop:9 and was to be {OURS}."
    )
    assert ended.report is not None
    assert ended.report["cause"]["reason"] == "changed"
    assert image(side) == OURS


async def test_a_late_write_of_our_own_is_written_again(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a command that was killed, say: it had looked at the fence before."""
    await side.deploy(Version(words="v1"))
    Meddling(words="v2").begin(side, monkeypatch)
    ended = await side.deploy(Version(words="v2"))
    assert ended.verdict.kind == "deployed"
    assert "Deployment web: a late write of Sealane's own came in between, so it is written again" in ended.said(
        "watch"
    )
    assert side.writes()[1:] == ["change web", "change web"]
    assert image(side) == OURS


async def test_what_comes_out_otherwise_every_time_is_taken_as_it_is(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A destination may write things in its own way."""
    Meddling(words="v1", times=99).begin(side, monkeypatch)
    ended = await side.deploy(Version(words="v1"))
    assert ended.verdict.kind == "deployed"
    assert side.writes() == ["create web", *3 * ["change web"]]


@pytest.mark.parametrize(("by", "kind"), [("kubectl-edit", "rollback_failed"), (None, "rolled_back")])
async def test_going_back_is_looked_at_in_the_same_way(
    side: Side, monkeypatch: pytest.MonkeyPatch, by: str | None, kind: str
) -> None:
    await side.deploy(Version(words="v1"))
    Meddling(words="v1", by=by).begin(side, monkeypatch)
    ended = await side.deploy(Version(words="v2", behaves=CRASH))
    assert ended.verdict.kind == kind
    if by:
        assert "The rollback failed too: Deployment web was changed by kubectl-edit" in ended.verdict.reason
        assert ended.second is not None
    else:
        assert image(side) == OURS


async def test_what_degrades_soon_after_its_verdict_is_rolled_back(side: Side) -> None:
    """Its verdict is another one from then on, with the evidence."""
    await side.deploy(Version(words="v1"))
    worse = Version(words="v2", strategy="watch_for: 10m", behaves={"DUMMY_RUNS": "4", "DUMMY_OUTPUT": "no such table"})
    ended = await side.deploy(worse, stays=True)
    assert ended.verdict.kind == "rolled_back"
    assert ended.verdict.reason.startswith("Rolled back "), ended.verdict.reason
    assert " after the verdict: Container web of " in ended.verdict.reason
    assert ended.report is not None
    assert ended.report["cause"]["log"] == "no such table"
    assert side.writes() == ["create web", "change web", "change web"]
    again = await side.deploy(Version(words="v3"))
    assert again.verdict.kind == "deployed"


@pytest.mark.parametrize(
    "strategy", ["canary: {steps: [{weight: 50}, {pause: 10ms}]}", "blue_green: {keep_old_for: 0s}"]
)
@pytest.mark.parametrize("bad", [False, True])
async def test_stages_come_one_after_the_other(side: Side, strategy: str, bad: bool) -> None:
    service = (
        "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {run: web}, ports: [{port: 80}]}\n"
    )
    await side.deploy(Version(words="v1", strategy=strategy, more=service))
    before = {stored.manifest["metadata"]["name"] for stored in side.there.objects.values()}
    ended = await side.deploy(Version(words="v2", strategy=strategy, more=service, behaves=CRASH if bad else None))
    assert ended.verdict.kind == ("rolled_back" if bad else "deployed")
    if bad:
        assert {stored.manifest["metadata"]["name"] for stored in side.there.objects.values()} == before
    elif "canary" in strategy:
        assert "pause" in ended.phases
