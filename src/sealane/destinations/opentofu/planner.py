"""Plans the configurations of a revision: their plans become part of what is approved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sealane import hashing
from sealane.destinations import model as destinations
from sealane.destinations.opentofu import model, program_output
from sealane.destinations.opentofu.workbench import NotPlanned, Programs, Workbench
from sealane.destinations.port import Planner
from sealane.findings import Finding, Place
from sealane.secrets import keys
from sealane.stencils.model import Rendered, Revision


@dataclass(frozen=True, kw_only=True, slots=True)
class TofuPlanner(Planner):
    """See the port."""

    programs: Programs
    keys: Path
    """The folder with the keys of apps: a saved plan may hold secrets, and is encrypted to its app's."""

    async def plan(self, revision: Revision, *, deletes: int | None) -> tuple[Revision | None, list[Finding]]:
        bare = unplanned(revision)
        objects: list[Rendered] = []
        findings: list[Finding] = []
        for rendered in bare.objects:
            if not model.is_configuration(rendered.object):
                objects.append(rendered)
                continue
            if problem := foreign(self.programs, rendered, bare):
                findings.append(problem)
                continue
            try:
                async with self.programs.bench(rendered.object, bare.namespace) as bench:
                    planned, problems = await self._planned(bench, rendered, bare, deletes)
            except NotPlanned as refused:
                findings += [finding(rendered, complaint) for complaint in refused.complaints]
            else:
                findings += problems
                objects += planned
        if findings:
            return None, findings
        identity = {"of": bare.id, "objects": [rendered.object for rendered in objects]}
        return replace(bare, id=hashing.content_id(identity), objects=tuple(objects)), []

    async def _planned(
        self, bench: Workbench, rendered: Rendered, revision: Revision, deletes: int | None
    ) -> tuple[list[Rendered], list[Finding]]:
        state = await bench.version()
        changes = await bench.plan()
        if deletes is not None and (problems := over_budget(changes, rendered, deletes)):
            return [], problems
        sha256, content = bench.planned()
        identity = keys.own_identity(self.keys, revision.app)
        await bench.folder.keep_plan(sha256, content, identity.recipient)
        plan = model.Plan(sha256=sha256, state=state, of=revision.id)
        spec: dict[str, Any] = {**rendered.object["spec"], "plan": plan.to_json()}
        manifests = [program_output.manifest(change, rendered.name, revision.namespace) for change in changes]
        made = [Rendered(object=dict(manifest), origin=rendered.origin) for manifest in manifests]
        return [replace(rendered, object={**rendered.object, "spec": spec}), *made], []

    def is_empty(self, revision: Revision) -> bool:
        return all(rendered.kind != model.CHANGE for rendered in revision.objects)

    async def is_outdated(self, revision: Revision) -> bool:
        for rendered in revision.objects:
            if model.is_configuration(rendered.object):
                plan = model.plan_of(rendered.object)
                if plan is None:
                    return True
                record = self.programs.folder(revision.namespace, rendered.name).record()
                if record and record.attempt and record.attempt.plan == plan.sha256:
                    return True
                async with self.programs.bench(rendered.object, revision.namespace) as bench:
                    if await bench.version() != plan.state:
                        return True
        return False


def unplanned(revision: Revision) -> Revision:
    """The revision as it was rendered."""
    objects: list[Rendered] = []
    of = ""
    for rendered in revision.objects:
        if rendered.kind == model.CHANGE:
            continue
        if model.is_configuration(rendered.object) and (plan := model.plan_of(rendered.object)):
            of = plan.of
            spec = {key: value for key, value in rendered.object["spec"].items() if key != "plan"}
            rendered = replace(rendered, object={**rendered.object, "spec": spec})  # noqa: PLW2901
        objects.append(rendered)
    return replace(revision, id=of, objects=tuple(objects)) if of else revision


def foreign(programs: Programs, rendered: Rendered, revision: Revision) -> Finding | None:
    """Why a configuration of another formation is not planned: a plan tells what is in its state."""
    record = programs.folder(revision.namespace, rendered.name).record()
    owner = destinations.owner_of(record.labels) if record else None
    if owner is None or owner == revision.label:
        return None
    return Finding(message=f"{rendered} belongs to {owner}", place=rendered.origin.place(("metadata", "name")))


def over_budget(changes: Sequence[model.Change], rendered: Rendered, deletes: int) -> list[Finding]:
    """Why the plan may not delete what it deletes: what the configuration does not name counts against the budget."""
    spec = rendered.object["spec"]
    named = set(spec.get("deletes") or ())
    if spec.get("destroy") == rendered.name:
        return []
    deleted = [change.address for change in changes if change.deletes]
    unnamed = [address for address in deleted if address not in named]
    if len(unnamed) <= deletes:
        return []
    shown = ", ".join(unnamed[:5]) + (f" and {len(unnamed) - 5} more" if len(unnamed) > 5 else "")
    message = f"{rendered}: the plan deletes or replaces {shown}: more than the {deletes} that are allowed"
    hint = "if that is meant, name them in spec.deletes"
    return [Finding(message=message, place=rendered.origin.place(("spec",)), hint=hint)]


def finding(rendered: Rendered, complaint: program_output.Diagnostic) -> Finding:
    """A complaint of the program, with its place in the repository."""
    place = rendered.origin.place(("spec",))
    if complaint.file:
        folder = str(rendered.object["spec"].get("folder", ""))
        place = Place(file=f"{folder}/{complaint.file}", line=complaint.line or 1, column=1)
    about = f" ({complaint.address})" if complaint.address else ""
    return Finding(message=f"{rendered} can't be planned: {complaint.sentence}{about}", place=place)
