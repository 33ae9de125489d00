"""One deployment after the other of the same files, told by a command line and by a server; the destination pretends.

The command line tells it over a plain journal and the ledger at the destination, the server over a durable journal and its
database. What is there to be seen of both has the same form here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sealane.cli.local import deploy_and_watch, deploy_request, deploy_session, local_formation
from sealane.deployments import ledger_entries, model
from sealane.deployments.gates.model import GateResult
from sealane.destinations.dummy.destination import DummyDestination
from sealane.destinations.dummy.state import Content, State
from sealane.store import conclusion
from sealane.verdicts.model import Verdict
from tests.integration.inside import Inside
from tests.recovery.shop import Shop

PHASES = frozenset(model.Phase)
PIPELINE = "app: shop\ndeliver: [{formation: dev}]\n"
ENVIRONMENT = """environment: dev
destinations: {here: {dummy: {}}}
apps:
  shop: {namespaces: [shop], registries: ["registry.example.com/**"], secrets: ["env:PASSWORD"]}
policies: {packs: []}
gates: {hosts: ["127.0.0.1:*"]}
"""
FORMATION = """formation: dev
environment: dev
destination: here
namespace: shop
strategy: {healthy_for: 0s, STRATEGY}
BESIDE
"""


@dataclass(frozen=True, kw_only=True)
class Version:
    """A version of the app."""

    words: str
    strategy: str = "patience: 5s"
    beside: str = ""
    """What else the formation says: hooks, secrets."""
    more: str = ""
    """Stencils beside the web server."""
    behaves: Mapping[str, str] | None = None
    """Variables of the web server, by which the destination lets it fare."""

    @property
    def files(self) -> dict[str, str]:
        """Its files."""
        variables = {"WORDS": self.words, **(self.behaves or {})}
        environment = ", ".join(f'{{name: {name}, value: "{value}"}}' for name, value in variables.items())
        formation = FORMATION.replace("STRATEGY", self.strategy).replace("BESIDE", self.beside)
        return {
            ".sealane.yml": PIPELINE,
            "deploy/formations/dev.yaml": formation,
            "deploy/stencils/web.yaml": f"{workload('Deployment', 'web', environment)}{self.more}",
        }


def workload(kind: str, name: str, environment: str = "") -> str:
    """The stencil of a Deployment or a Job."""
    api, spec = (
        ("apps/v1", f"selector: {{matchLabels: {{run: {name}}}}}, ") if kind == "Deployment" else ("batch/v1", "")
    )
    never = "" if kind == "Deployment" else "restartPolicy: Never, "
    container = f"{{name: {name}, image: registry.example.com/shop:1, env: [{environment}]}}"
    template = f"{{metadata: {{labels: {{run: {name}}}}}, spec: {{{never}containers: [{container}]}}}}"
    return f"apiVersion: {api}\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {{{spec}template: {template}}}\n"


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What is to be seen of a deployment that has ended."""

    verdict: Verdict
    report: Mapping[str, Any] | None
    """Its evidence."""
    second: Mapping[str, Any] | None
    """The evidence of a way back that failed, too."""
    told: tuple[tuple[str, str], ...]
    """Phase and first line of everything that was told, each once."""

    @property
    def phases(self) -> list[str]:
        """The phases that it went through, in order."""
        phases_told: list[str] = []
        for phase, _ in self.told:
            if phases_told[-1:] != [phase]:
                phases_told.append(phase)
        return phases_told

    def said(self, phase: str) -> list[str]:
        """What was told of a phase."""
        return [says for told_phase, says in self.told if told_phase == phase]


class Side(ABC):
    """Where the story is told."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    @abstractmethod
    def state(self) -> State:
        """What the destination holds."""

    @abstractmethod
    async def deploy(self, version: Version, *, word: bool | None = None, stays: bool = False) -> Ended:
        """Deploys a version to its end; `word` is what a person says of gates that are inconclusive.

        `stays` waits until it was rolled back after a good verdict.
        """

    def writes(self) -> list[str]:
        """Every write at the destination so far: `create web`; Jobs without their digests."""
        return [f"{write.verb} {_name(write.object)}" for write in self.state.read().journal]

    @property
    def there(self) -> Content:
        """What the destination holds now."""
        return self.state.read()


def _name(written: str) -> str:
    kind, _, name = written.partition(" ")[0], "", written.rpartition("/")[2]
    return name.rpartition("-")[0] or name if kind == "Job" else name


class CommandLine(Side):
    """A folder, and the destination's own ledger."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._state = State(root / "here.json")

    @property
    def state(self) -> State:
        """What the destination holds."""
        return self._state

    async def deploy(self, version: Version, *, word: bool | None = None, stays: bool = False) -> Ended:
        """As `sealane deploy dev`, with `--keep-watching` where it stays."""
        folder = self.root / "folder"
        for path, text in version.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        project = local_formation.load("dev", folder, app=None, images=())
        told: list[model.Progress] = []
        destination = DummyDestination(self._state)

        async def ask(_: GateResult) -> bool | None:
            return word

        revision = project.render()
        wish = deploy_request.DeployRequest(
            revision=revision,
            values={},
            ask=ask,
            secret=deploy_session.secret(project),
            watch_for=revision.strategy.watched_for(production=False) if stays else timedelta(),
        )
        ended = await deploy_and_watch.deploy(wish, destination, _Heard(told))
        history = ledger_entries.read(await destination.read_ledger("shop", "dev", namespace="shop"))
        failed = ended.outcome.verdict.kind != "deployed"
        return Ended(
            verdict=ended.outcome.verdict,
            report=history.failure_report if failed else None,
            second=history.second_failure_report if failed else None,
            told=tuple((progress.phase.value, progress.message.partition("\n")[0]) for progress in told),
        )


class _Heard:
    def __init__(self, told: list[model.Progress]) -> None:
        self._told = told

    def begin(self, *_: Any) -> None:
        """See the port."""

    def tell(self, progress: model.Progress) -> None:
        """See the port."""
        self._told.append(progress)


class Server(Side):
    """A server in this process."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.inside = Inside(root)
        (self.inside.shop.data / "config" / "environments" / "dev.yaml").write_text(ENVIRONMENT)

    @property
    def state(self) -> State:
        """What the destination holds."""
        return State(self.inside.shop.data / "dummies" / "dev" / "here.json")

    @property
    def shop(self) -> Shop:
        """The repository."""
        return self.inside.shop

    async def deploy(self, version: Version, *, word: bool | None = None, stays: bool = False) -> Ended:
        """As a push."""
        server = self.inside.server
        run_id = await self.inside.push_files(version.words, version.files)
        run = await self.inside.until(lambda: server.views.run(run_id), lambda view: view.run.ended is not None)
        assert run.deployments, [run.run.reason, *run.findings]
        deployment_id = run.deployments[0].id
        if word is not None:
            gates = server.store.gates
            many = version.strategy.count("prometheus")
            asked = await self.inside.until(lambda: gates.of(deployment_id), lambda words: len(words) == many)
            for gate_word in asked:
                await gates.say(
                    deployment_id, gate_word.gate, passes=word, by="ann", reason="seen it", at=gate_word.asked
                )
        ended = await self.inside.reached(deployment_id)
        if stays:
            await self.inside.reached(await self._rolled_back(deployment_id))
            ended = await server.store.deployments.get(deployment_id)
        assert ended.verdict is not None
        view = await server.views.deployment(deployment_id)
        return Ended(
            verdict=ended.verdict,
            report=view.failure_report,
            second=view.second_failure_report,
            told=tuple(
                (entry.phase, entry.text.partition("\n")[0]) for entry in view.timeline if entry.phase in PHASES
            ),
        )

    async def _rolled_back(self, deployment_id: str) -> str:
        """The deployment that rolls that one back, once there is one."""
        history = self.inside.server.store.deployments.history
        back = conclusion.rollback_id(deployment_id)
        await self.inside.until(
            lambda: history("shop", "dev"), lambda history_now: back in {history_now.id for history_now in history_now}
        )
        return back
