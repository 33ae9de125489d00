"""An adapter that somebody adds to a port works the whole way, though no module of Sealane knows it: tests/made_up."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from sealane import composition, errors
from sealane.cli import exits
from sealane.pipelines.model import RunStatus
from sealane.records.deployments import Deployment
from sealane.runners.dummy import DummyRunner
from sealane.server import application
from sealane.settings.model import Settings
from sealane.verdicts.model import VerdictKind
from tests.dns_zone import DnsZone
from tests.integration.inside import Inside
from tests.made_up import MADE_UP

ADAPTERS = replace(MADE_UP, destinations=MADE_UP.destinations.with_line("dns", "tests.dns_zone"))
ENVIRONMENT = """environment: dev
destinations: {shelf: {madeup: {shelf: things.json}}, names: {dns: {file: zone.json}}}
apps: {shop: {namespaces: [shop, example-com], secrets: ["madeup:*"], registries: ["registry.example.com/**"]}}
gates: {hosts: [numbers]}
policies: {packs: [mild@1]}
"""
FORMATION = """formation: dev
environment: dev
destination: shelf
namespace: shop
secrets: {PASSWORD: "madeup:drowssap"}
strategy: {healthy_for: 0s, gates: [GATE]}
"""
ALWAYS = "{name: rota, madeup: {days: [Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday]}}"
"""A made-up gate that passes."""
STENCIL = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: "${image.web}", envFrom: [{secretRef: {name: "${secrets}"}}]}]
"""
FILES = {
    ".madeup": "app shop\nstep test busybox\nimage web\nto dev\n",
    "deploy/formations/dev.yaml": FORMATION.replace("GATE", ALWAYS),
    "deploy/stencils/web.yaml": STENCIL,
}
NAMES = """formation: dev
environment: dev
destination: names
namespace: example-com
values: {front: ADDRESS}
strategy: {healthy_for: 0s, patience: 1s, deadline: 20s}
"""
RECORD = """apiVersion: dns.example.com/v1
kind: Record
metadata: {name: www}
spec: {value: "${front}", ttl: 60}
"""
NOTICES = "targets: {note: {madeup: {file: FILE}}}\nnotices: [{to: note, of: deployment.deployed}]\n"
PEOPLE = "people: {ann: {madeup: Ann.At.Host}}\n"


class Place(Inside):
    """A server with the made-up adapters."""

    async def start(self) -> None:
        """The engine, the environment and the people are of made-up kinds."""
        config = self.shop.data / "config"
        (config / "environments" / "dev.yaml").write_text(ENVIRONMENT)
        (config / "people.yaml").write_text(PEOPLE)
        (config / "notices.yaml").write_text(NOTICES.replace("FILE", str(self.shop.data / "told")))
        pack = config / "policies" / "mild" / "1"
        pack.mkdir(parents=True, exist_ok=True)
        (pack / "mild.words").write_text("rude\n")
        self.settings = Settings(
            data=self.shop.data,
            registry={"prefix": "registry.example.com"},
            engine={"kind": "madeup"},
            worker={"poll": 0.25, "sweep": 0.2, "heartbeat": 0.5},
        )
        self.server = await composition.start(self.settings, lost=lambda: None, adapters=ADAPTERS)

    async def push(self, files: dict[str, str], words: str = "first") -> str:
        """Pushes, and lets the made-up host tell the server; gives the run's id."""
        commit = self.shop.commit_files(words, FILES | files)
        self.shop.push()
        body = f"{commit} Ann.At.Host".encode()
        [secret, *_] = await self.server.apps.hook_secrets("shop")
        signed = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        app = application.create(self.settings)
        app.state.server = self.server
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sealane") as client:
            told = await client.post("/hooks/madeup/shop", content=body, headers={"X-Madeup": signed})
        assert told.status_code == 202, told.text
        return str(told.json()["run"])

    async def deployed(self, run_id: str) -> Deployment:
        """The run's deployment, once it has ended."""
        run = await self.until(lambda: self.server.store.runs.get(run_id), lambda run_now: run_now.ended)
        assert run.status is RunStatus.PASSED, (run.reason, run.findings)
        return await self.delivered(run_id)

    async def delivered(self, run_id: str) -> Deployment:
        """The same, whatever became of it."""
        view = await self.server.views.run(run_id)
        return await self.reached(view.deployments[0].id)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    made = Place(tmp_path)
    async with made.knowing_the_shop():
        yield made


async def test_each_port_takes_an_adapter_that_it_does_not_know(place: Place) -> None:
    """A message of a made-up host starts a run of a made-up dialect, whose step a made-up engine runs, and whose image
    its builder makes; what is deployed is at a made-up destination, with a secret of a made-up store, and a made-up target
    is told."""
    run_id = await place.push({})

    deployment = await place.deployed(run_id)

    assert deployment.verdict is not None
    assert deployment.verdict.kind is VerdictKind.DEPLOYED
    run = await place.server.store.runs.get(run_id)
    assert run.event.pusher is not None
    assert (run.event.pusher.host, run.event.pusher.name) == ("madeup", "Ann.At.Host")
    starts = DummyRunner(place.shop.data / "dummies" / "madeup").starts()
    assert sum(starts.values()) == 1
    kept = json.loads((place.shop.data / "dummies" / "things.json").read_text())["objects"]
    web = next(stored["manifest"] for stored in kept.values() if stored["manifest"]["kind"] == "Deployment")
    [container] = web["spec"]["template"]["spec"]["containers"]
    assert container["image"] == f"registry.example.com/shop/web@sha256:{'0' * 64}"
    [secret] = [stored["manifest"] for name, stored in kept.items() if stored["manifest"]["kind"] == "Secret"]
    assert base64.b64decode(secret["data"]["PASSWORD"]) == b"password"
    (notice,) = await place.until(place.server.store.notices.listed, lambda rows: rows and rows[0].told)
    assert (place.shop.data / "told").read_text() == f"{notice.notice.title}\n"


async def test_a_destination_without_pods_is_served_the_whole_way(place: Place) -> None:
    """Records of a zone are delivered, rolled back when no name server serves them, and looked after."""
    zone = DnsZone(place.shop.data / "dummies" / "zone.json")

    async def push(address: str) -> Deployment:
        names = {"deploy/formations/dev.yaml": NAMES.replace("ADDRESS", address), "deploy/stencils/web.yaml": RECORD}
        run_id = await place.push(names, address)
        await place.until(lambda: place.server.store.runs.get(run_id), lambda run: run.ended)
        return await place.delivered(run_id)

    good, bad = await push("192.0.2.1"), await push("203.0.113.9")

    assert [deployment.verdict.kind for deployment in (good, bad) if deployment.verdict] == ["deployed", "rolled_back"]
    assert bad.verdict is not None
    assert bad.verdict.reason.startswith("Record www has failed: no name server serves 203.0.113.9.")
    there = zone.zone()
    assert there.records["www"].value == "192.0.2.1"
    there.records["www"].value = "192.0.2.66"
    zone.keep(there)
    (drifted,) = (await place.server.looking.drift("shop", "dev")).objects
    assert [(change.before, change.after) for change in drifted.fields] == [("192.0.2.66", "192.0.2.1")]


@pytest.mark.parametrize(
    ("gate", "reason"),
    [
        ("{name: rota, madeup: {days: [Never]}}", "Gate rota failed: not today."),
        (
            '{name: rate, numbers: {url: "http://numbers", query: "40", plus: 2, word: "madeup:emases", condition: "< 42"}}',
            "Gate rate failed: the value was 42, and must be < 42.",
        ),
    ],
)
async def test_a_made_up_gate_and_a_made_up_metric_store_block(place: Place, gate: str, reason: str) -> None:
    """The metric store is asked with a secret of the made-up store, and told how it ended."""
    note = place.shop.data / "note"
    told = f"hooks: {{annotate: [{{name: note, numbers: {{url: 'http://numbers', file: {note}}}}}]}}\n"
    run_id = await place.push({"deploy/formations/dev.yaml": FORMATION.replace("GATE", gate) + told})

    deployment = await place.deployed(run_id)

    assert deployment.verdict is not None
    assert deployment.verdict.kind is VerdictKind.FAILED
    assert deployment.verdict.cause is not None
    assert deployment.verdict.cause.sentence == reason
    assert note.read_text() == "shop #1 to dev: failed"


async def test_a_made_up_policy_engine_refuses(place: Place) -> None:
    """Before anything runs, by its policies in the operators' pack."""
    run_id = await place.push({"deploy/stencils/web.yaml": STENCIL.replace("name: web,", "name: rude,")})

    run = await place.until(lambda: place.server.store.runs.get(run_id), lambda run_now: run_now.ended)

    assert run.status is RunStatus.FAILED
    assert "no-words: Deployment web: it says rude in dev (say something else)" in (run.reason or "")


async def test_people_are_known_by_the_made_up_host(place: Place) -> None:
    """By their login there, and by the address that it gives."""
    people = place.server.requests.tools.people()
    assert people.of_login("madeup", "ann.at.host") == "ann"
    assert people.of_author("somebody", "ann.at.host@madeup.example.com") == "ann"


def test_commands_take_them_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a server: a formation of a made-up dialect is checked, vetted by a made-up engine, and deployed to a made-up
    destination with a secret of a made-up store, behind a made-up gate."""
    operators = {"environments/dev.yaml": ENVIRONMENT, "policies/mild/1/mild.words": "rude\n"}
    for name, text in (FILES | operators).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "keys"))
    image = f"web=registry.example.com/shop/web@sha256:{'0' * 64}"

    def command(*words: str) -> str:
        code, told = exits.run(words, ADAPTERS), capsys.readouterr()
        assert code == 0, told
        return told.out

    assert json.loads(command("validate", "--json"))["valid"]
    assert "madeup" in command("schema", "formation")
    assert json.loads(command("vet", "dev", "--json", "--image", image))["rules_of"] == "the operators' files"
    command("deploy", "dev", "--image", image)

    [deployed] = json.loads(command("status", "dev", "--json"))
    assert (deployed["state"], deployed["formation"]) == ("deployed", "shop/dev")
    assert json.loads(command("drift", "dev", "--json"))["drifted"] is False
    kept = json.loads((tmp_path / "things.json").read_text())["objects"]
    [secret] = [stored["manifest"] for stored in kept.values() if stored["manifest"]["kind"] == "Secret"]
    assert base64.b64decode(secret["data"]["PASSWORD"]) == b"password"
    (tmp_path / "deploy/stencils/web.yaml").write_text(STENCIL.replace("name: web,", "name: rude,"))
    assert exits.run(["vet", "dev", "--image", image], ADAPTERS) == 1
    assert "it says rude in dev" in capsys.readouterr().out
    assert exits.run(["vet", "dev", "--image", image]) == 2


async def test_an_engine_that_is_not_in_the_table_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, engine={"kind": "dokcer"})
    with pytest.raises(errors.NotThere, match=r"there is no engine dokcer \(did you mean docker\?\)"):
        await composition.start(settings, lost=lambda: None)
