"""Applies the saved plan of a configuration, exactly that one, and once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from sealane import clock
from sealane.clients import age
from sealane.destinations import model as destinations
from sealane.destinations import ownership
from sealane.destinations.opentofu import attempts, program_output
from sealane.destinations.opentofu.model import (
    PLAN,
    Attempt,
    Change,
    Manifest,
    Plan,
    Record,
    Result,
    content,
    plan_of,
)
from sealane.destinations.opentofu.workbench import NotPlanned, Programs, Workbench
from sealane.errors import NotThere, SealaneError, Unavailable


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """What became of one configuration."""

    ref: destinations.ObjectRef
    changed: bool = False
    refusal: destinations.Refusal | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Writer:
    """Applies plans for one deployment."""

    programs: Programs
    identity: destinations.Identity
    fence: destinations.Fence
    identities: tuple[age.Identity, ...]
    adopt: bool

    async def write(self, manifest: Manifest) -> Written:
        """Applies the configuration's plan, unless this deployment has. Raises Unavailable, Fenced."""
        ref = destinations.ref_of(manifest, self.identity.namespace)
        folder = self.programs.folder(self.identity.namespace, ref.name)
        record = folder.record()
        if record and (refusal := foreign(ref, record, self.identity, adopt=self.adopt)):
            return Written(ref=ref, refusal=refusal)
        plan = plan_of(manifest)
        if plan is None:
            return self._refused(ref, "it was not planned", "deploy it: it is planned then")
        if record and record.is_of(self.identity) and record.result and not record.result.interrupted:
            return Written(ref=ref, changed=True)
        try:
            async with self.programs.bench(manifest, self.identity.namespace) as bench:
                return await self._at(bench, ref, plan)
        except NotPlanned as refused:
            return self._refused(ref, refused.message)
        except NotThere as gone:
            return self._refused(ref, gone.message, gone.hint)

    async def _at(self, bench: Workbench, ref: destinations.ObjectRef, plan: Plan) -> Written:
        record = bench.folder.record()
        ours = record is not None and record.is_of(self.identity)
        if record and ours and record.result and not record.result.interrupted:
            return Written(ref=ref, changed=True)  # its program went on when its worker was killed
        version = await bench.version()
        if version != plan.state:
            if record and ours:  # it was interrupted after its first writes
                bench.folder.keep(replace(record, result=await self._judged(bench, record.result)))
                return Written(ref=ref, changed=True)
            message = f"its state is not what was planned from: {version} now, {plan.state} then"
            return self._refused(ref, message, "deploy again: it is planned anew")
        sealed = await bench.folder.plan(plan.sha256, self.identities)
        bench.folder.write(PLAN, sealed)
        if bench.planned()[0] != plan.sha256:
            return self._refused(ref, "the saved plan is not the one that was approved")
        attempt = Attempt(
            sequence=self.identity.sequence,
            revision=self.identity.revision,
            plan=plan.sha256,
            began=clock.now(),
        )
        begun = Record(
            labels=self.identity.labels,
            annotations=_annotations(record, self.identity),
            attempt=attempt,
            content=content(bench.manifest),
            former=record.outputs if record else None,
        )
        await self.fence()
        bench.folder.keep(begun)
        await self.fence()
        result = await self._applied(bench)
        bench.folder.keep(replace(begun, result=result))
        bench.folder.forget_plans()
        return Written(ref=ref, changed=True)

    async def _applied(self, bench: Workbench) -> Result:
        code = await bench.tofu.apply(PLAN, lock=bench.lock.descriptor, log=bench.folder.log)
        found = program_output.diagnostics(bench.folder.printed())
        if code and await bench.free(found):
            code = await bench.tofu.apply(PLAN, lock=bench.lock.descriptor, log=bench.folder.log)
            found = program_output.diagnostics(bench.folder.printed())
        kept = bench.folder.put_aside()
        problem = found[0].sentence if found else f"the program ended with {code}" if code else ""
        ended = Result(
            at=clock.now(),
            problem=problem,
            where=found[0].address if found else "",
            kept=str(kept) if kept else "",
        )
        return await self._judged(bench, ended)

    async def _judged(self, bench: Workbench, ended: Result | None) -> Result:
        """The result with what a plan would still change, and after another try to store a state that could not be stored."""
        ended = ended or Result(at=clock.now(), problem=attempts.INTERRUPTED)
        if ended.kept and not await bench.restore(Path(ended.kept)):
            ended = replace(ended, kept="")
        remaining: tuple[Change, ...] = ()
        try:
            remaining = await bench.plan(lock=ended.interrupted)
            state = await bench.state()
        except (NotPlanned, Unavailable) as error:
            return replace(ended, interrupted=False, problem=ended.problem or _unseen(error))
        if ended.interrupted and not remaining:
            ended = replace(ended, problem="")
        return replace(
            ended,
            interrupted=False,
            remaining=remaining,
            resources=program_output.resources(state),
            outputs=program_output.outputs(state),
        )

    def _refused(self, ref: destinations.ObjectRef, message: str, hint: str | None = None) -> Written:
        refusal = destinations.Refusal(ref=ref, reason=destinations.Reason.INVALID, message=message, hint=hint)
        return Written(ref=ref, refusal=refusal)


def foreign(
    ref: destinations.ObjectRef, record: Record, identity: destinations.Identity, *, adopt: bool
) -> destinations.Refusal | None:
    """Why a configuration of another formation is not written."""
    return ownership.foreign(ref, destinations.owner_of(record.labels), identity, adopt=adopt)


def _annotations(record: Record | None, identity: destinations.Identity) -> dict[str, str]:
    """Those of the record after a deployment."""
    made = {destinations.CREATED: str(identity.sequence)}
    former = dict(record.annotations) if record else made
    return {**former, **identity.annotations}


def _unseen(error: SealaneError) -> str:
    return f"it was applied, and can't be planned since: {error.message}"
