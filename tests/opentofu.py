"""Formations of OpenTofu for tests: a folder of files, a destination, and the way from one to the other."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from textwrap import dedent
from typing import Any

from sealane.cli.local import deploy_request, deployment
from sealane.cli.screens import rollout_lines
from sealane.configfiles.trees import FolderTree
from sealane.destinations import model
from sealane.destinations.opentofu.destination import OpenTofuDestination
from sealane.destinations.opentofu.planner import TofuPlanner
from sealane.destinations.opentofu.workbench import Programs
from sealane.findings import Finding
from sealane.stencils import render_inputs, rendering
from sealane.stencils.model import Revision
from sealane.verdicts import outcomes

INPUTS = rendering.Inputs(app="net", images={}, kind="opentofu")
FORMATION = """
    formation: live
    environment: production
    destination: network
    namespace: base
    strategy: {healthy_for: 0s, patience: 60s, deadline: 2m}
"""
STENCIL = """
    apiVersion: opentofu.org/v1
    kind: Configuration
    metadata: {name: network}
    spec:
      folder: infra/network
"""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A folder of files, and the destination beside it."""

    folder: Path
    program: str
    variables: dict[str, str] = field(default_factory=dict)
    confined: bool = False

    @property
    def programs(self) -> Programs:
        return Programs(
            root=self.folder / "kept", program=self.program, variables=self.variables, confined=self.confined
        )

    @property
    def destination(self) -> OpenTofuDestination:
        return OpenTofuDestination(self.programs, keys=self.folder / "keys")

    @property
    def planner(self) -> TofuPlanner:
        return TofuPlanner(programs=self.programs, keys=self.folder / "keys")

    @property
    def record(self) -> Any:
        return self.programs.folder("base", "network").record()

    def render(self, main: str, *, spec: str = "", **files: str) -> tuple[Revision | None, list[Finding]]:
        """The formation with this configuration, not planned yet; `spec` are further lines of it."""
        written = {
            "deploy/formations/live.yaml": dedent(FORMATION),
            "deploy/stencils/network.yaml": dedent(STENCIL) + "".join(f"  {line}\n" for line in spec.splitlines()),
            "infra/network/main.tf": dedent(main),
            **{f"infra/network/{path}": text for path, text in files.items()},
        }
        for path, text in written.items():
            file = self.folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        sources, findings = render_inputs.gather(FolderTree(self.folder), "live")
        return rendering.render(sources, INPUTS) if sources else (None, findings)

    async def plan(self, main: str, *, spec: str = "", deletes: int = 0) -> Revision:
        revision, findings = self.render(main, spec=spec)
        assert revision, findings
        planned, findings = await self.planner.plan(revision, deletes=deletes)
        assert planned, findings
        return planned

    async def problems(self, main: str, *, spec: str = "", deletes: int = 0) -> list[str]:
        """Why it can't be planned."""
        revision, findings = self.render(main, spec=spec)
        if revision:
            _, findings = await self.planner.plan(revision, deletes=deletes)
        return [str(finding) for finding in findings]

    async def apply(
        self, revision: Revision, *, sequence: int = 1, fence: model.Fence = model.unfenced, **changes: Any
    ) -> model.Applied:
        objects = [rendered.object for rendered in revision.objects]
        by = replace(identity(revision, sequence), **changes)
        return await self.destination.apply(objects, identity=by, fence=fence)

    async def deploy(self, revision: Revision, *, is_rollback: bool = False) -> deploy_request.DeployOutcome:
        """The whole way from the command line."""
        wish = deploy_request.DeployRequest(
            revision=revision, values={}, is_rollback=is_rollback, stays=outcomes.ONLY_PLANNED
        )
        return await deployment.deploy(wish, self.destination, rollout_lines.Json())


def identity(revision: Revision, sequence: int) -> model.Identity:
    return model.Identity(app="net", formation="live", namespace="base", revision=revision.id, sequence=sequence)


def changes(revision: Revision) -> dict[str, list[str]]:
    """What the revision's plans do, by the address of what they do it to."""
    specs = [rendered.object["spec"] for rendered in revision.objects if rendered.kind == "ResourceChange"]
    return {spec["address"]: spec["actions"] for spec in specs}
