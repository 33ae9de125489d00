"""The start of a run: checks its commit out and reads it. A refusal comes before any step runs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from sealane import repository_check
from sealane.clients.addresses import NotListed
from sealane.configfiles import fields
from sealane.deployments import jobs
from sealane.destinations.model import Identity, Refusal
from sealane.environments import windows
from sealane.errors import SealaneError, UsageError
from sealane.findings import Finding, Place, Severity, errors
from sealane.images import references, tags
from sealane.pipelines import planning, reading
from sealane.pipelines.checks import delivery
from sealane.pipelines.model import Image, ImageRetag, Kind, Pipeline, Plan, RunStatus, Service, Step
from sealane.records.runs import Changed, Run
from sealane.releases import preflight
from sealane.releases.preflight import PlannedDelivery
from sealane.repository_check import CheckReport
from sealane.runners import specs
from sealane.runners.model import RunContext, RunKey, Workspace
from sealane.runs.model import Begun
from sealane.secrets import resolution
from sealane.store import rows
from sealane.workflows import checkouts
from sealane.workflows.context import Tools
from sealane.workflows.steps import (
    full_clones,
    image_rights,
    lineage,
    notice_rights,
    outputs,
    policies,
    pull_request_plans,
)


async def begin(tools: Tools, run_id: str) -> Begun:
    """Checks the commit out, plans the run and looks ahead. Gives no plan when it is refused.

    Key: the run, whose clone and plan are made once. Undo: the run's end removes the clone.
    """
    run = await tools.store.runs.get(run_id)
    at = tools.now()
    await tools.store.runs.begin(run_id, at=at, deploy_tags=tags.deploy_tags(at, run.event.commit or ""))
    run = await tools.store.runs.get(run_id)
    if run.ended:
        return Begun()  # cancelled before it began
    try:
        await _check_out(tools, run)
        plan, changed, findings = await _look_ahead(tools, run)
    except (UsageError, NotListed) as error:
        plan, changed = None, None
        findings = (Finding(message=error.message, place=Place(file=run.app), hint=error.hint),)
    wrong = errors(findings)
    if plan is None or wrong:
        await _refuse(tools, run, wrong)
        return Begun()
    await tools.store.runs.planned(run_id, plan, rows.plain(findings), at=tools.now(), changed=changed)
    return Begun(plan=plan)


async def _check_out(tools: Tools, run: Run) -> None:
    app = await tools.store.apps.get(run.app)
    if not run.event.commit:
        raise UsageError(f"{run.label} names no commit")
    await checkouts.check_out(tools, run.id, app, run.event.commit)


async def _refuse(tools: Tools, run: Run, wrong: Sequence[Finding]) -> None:
    more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
    reason = f"refused before anything ran: {wrong[0]}{more}"
    findings = rows.plain(list(wrong))
    await tools.store.runs.end(run.id, at=tools.now(), status=RunStatus.FAILED, reason=reason, findings=findings)


async def _look_ahead(tools: Tools, run: Run) -> tuple[Plan | None, Changed | None, tuple[Finding, ...]]:
    """The plan, the changed paths, and all findings.

    Nothing is built or started, and nothing is written at any destination.
    """
    here = await checkouts.site(tools, run.id, run.app, run.event.commit or "")
    by = repository_check.Rendering(helm=tools.helm, bases=tools.bases)
    checked = await asyncio.to_thread(repository_check.check, here.tree, adapters=tools.adapters, app=run.app, by=by)
    if checked.pipeline is None:
        nothing = Finding(message=f"there is no {reading.FILE}", place=Place(file=reading.FILE), hint="`sealane init`")
        return None, None, checked.findings if errors(checked.findings) else (nothing,)
    pipeline = checked.pipeline
    if pipeline.notices:
        await tools.store.notices.add_rules(run.id, pipeline.notices)
    completed = await full_clones.complete(tools, run, here, pipeline)
    _, findings = await asyncio.gather(
        lineage.put_in(tools, run, here.app), _ahead(tools, run, here, checked, pipeline, completed)
    )
    return findings


async def _ahead(
    tools: Tools,
    run: Run,
    here: checkouts.Checkout,
    checked: CheckReport,
    pipeline: Pipeline,
    completed: full_clones.FullClone,
) -> tuple[Plan | None, Changed | None, tuple[Finding, ...]]:
    changed = completed.changed
    event = replace(run.event, paths=changed.paths if changed else None)
    plan = await asyncio.to_thread(planning.plan, pipeline, event)
    previews = await pull_request_plans.wanted(tools, run.app, here.tree, pipeline, event)
    plan = planning.with_plans(plan, previews)
    findings = [
        *checked.findings,
        *completed.findings,
        *(
            await pull_request_plans.behind(checkouts.clone_of(tools, run.id), pipeline, event)
            if None in previews.values()
            else ()
        ),
        *_name_problems(run, pipeline),
        *_image_problems(tools, pipeline, plan),
    ]
    bare = _bare(tools, run, here, pipeline, plan)
    findings += await asyncio.to_thread(_size_problems, bare)
    findings += await _rights_problems(tools, run.app, bare)
    if errors(findings):
        return plan, changed, tuple(findings)
    findings += await _secret_problems(here, bare)
    findings += await _approval_problems(tools, pipeline)
    findings += notice_rights.problems(tools, run.app, pipeline)
    environments = tools.environments()
    wanted = [pipeline.delivery(step.name) for step in plan.steps if step.kind is Kind.DELIVER and not step.skip]
    looking = preflight.PreflightContext(
        stores=here.stores,
        key=tools.names_key,
        adapters=tools.adapters,
        helm=tools.helm,
        outputs=lambda formation, tree, environment: outputs.of(tools, run.app, formation, tree, environment),
        bases=tools.bases,
    )
    ahead = await preflight.check(here.tree, pipeline, wanted, environments, looking)
    findings += ahead.findings
    asked = await asyncio.gather(*(_destination_problems(tools, run, prospect) for prospect in ahead.prospects))
    findings += [finding for problems in asked for finding in problems]
    findings += [finding for prospect in ahead.prospects if (finding := _shut(tools, run, prospect))]
    return plan, changed, tuple(dict.fromkeys(findings))


def _name_problems(run: Run, pipeline: Pipeline) -> list[Finding]:
    if pipeline.app == run.app:
        return []
    message = f"the file is for the app {pipeline.app}; this repository is registered as {run.app}"
    return [Finding(message=message, place=pipeline.place, hint=f"write app: {run.app}")]


def _image_problems(tools: Tools, pipeline: Pipeline, plan: Plan) -> list[Finding]:
    made = [step for step in plan.steps if step.kind in {Kind.IMAGE, Kind.RETAG} and not step.skip]
    if not made:
        return []
    if tools.settings.registry.prefix:
        return [finding for step in made if (finding := _source_problem(tools, pipeline.image(step.name)))]
    message = f"the image {made[0].name} can't be made: this server has no registry to push to"
    hint = "operators set SEALANE_REGISTRY__PREFIX"
    return [Finding(message=message, place=pipeline.image(made[0].name).place, hint=hint)]


def _bare(tools: Tools, run: Run, here: checkouts.Checkout, pipeline: Pipeline, plan: Plan) -> RunContext:
    """The run, without what it gets only when it begins."""
    event = replace(run.event, repository=checkouts.public_repository(here.app, tools.settings))
    workspace = Workspace(folder=here.folder)
    return RunContext(run=RunKey(value=run.id), pipeline=pipeline, plan=plan, event=event, workspace=workspace)


def _size_problems(bare: RunContext) -> list[Finding]:
    """Steps and services whose texts are too large once their variables are replaced."""
    goes = {step.name for step in bare.plan.steps if step.kind is Kind.STEP and not step.skip}
    steps = [step for step in bare.pipeline.steps if step.name in goes]
    parts: list[Step | Service] = [*steps, *specs.services(bare)]
    problems = [(part, problem) for part in parts if (problem := specs.too_large(bare, part))]
    return [Finding(message=f"{part.name}: {problem}", place=part.place) for part, problem in problems]


async def _rights_problems(tools: Tools, app: str, bare: RunContext) -> list[Finding]:
    """Images in steps, services and retags that the app may not use; Dockerfiles are checked when they are built."""
    pipeline = bare.pipeline
    goes = {(step.kind, step.name) for step in bare.plan.steps if not step.skip}
    steps = [step for step in pipeline.steps if (Kind.STEP, step.name) in goes]
    named = [(f"step {step.name}", specs.image(bare, step), step.place) for step in steps]
    named += [
        (f"service {service.name}", specs.image(bare, service), service.place) for service in specs.services(bare)
    ]
    named += [
        (f"image {image.name}", image.source, image.place)
        for image in pipeline.images
        if isinstance(image, ImageRetag) and (Kind.RETAG, image.name) in goes
    ]
    mine = await image_rights.of(tools, app)
    asked = {image for _, image, _ in named if fields.built_image(image) is None}
    problem_by_image = {image: await image_rights.problem(tools, image, mine) for image in sorted(asked)}
    problem_by_image |= {image: f"{image} is no image reference" for image in asked if not fields.is_image(image)}
    return [
        Finding(message=f"{who}: {problem_by_image[image]}", place=place)
        for who, image, place in named
        if problem_by_image.get(image)
    ]


def _source_problem(tools: Tools, image: Image) -> Finding | None:
    if not isinstance(image, ImageRetag):
        return None
    access = checkouts.registries(tools.settings)
    problem = access.problem(references.parse(image.source).host)
    if problem is None:
        return None
    message = f"the image {image.name} can't be retagged from {image.source}: {problem}"
    return Finding(message=message, place=image.place, hint="operators list its registry in SEALANE_REGISTRY__HOSTS")


async def _secret_problems(here: checkouts.Checkout, bare: RunContext) -> list[Finding]:
    asked = specs.wanted_secrets(bare)
    reasons = await resolution.check(checkouts.step_secrets(asked), here.stores)
    return [
        Finding(message=f"the secret {name} of {asked[name][0]} has no value: {reason}", place=bare.pipeline.place)
        for name, reason in reasons.items()
    ]


async def _approval_problems(tools: Tools, pipeline: Pipeline) -> list[Finding]:
    """Approvals that nobody could give with the present groups; only a warning, because people come and go."""
    groups: dict[str, set[str]] = {}
    for user in await tools.store.people.all():
        for group in user.groups:
            groups.setdefault(group, set()).add(user.name)
    findings = delivery.impossible_approvals(pipeline, groups)
    return [replace(finding, severity=Severity.WARNING) for finding in findings]


def _shut(tools: Tools, run: Run, prospect: PlannedDelivery) -> Finding | None:
    """A forecast: whether the deployment will wait for its window."""
    name = prospect.environment.name
    outlook = windows.outlook(prospect.environment.windows, run.app, tools.now())
    if outlook.open:
        return None
    until = f" until {outlook.when}" if outlook.when else ""
    message = f"the window of {name} is shut{until}: {outlook.reason}; the deployment will wait"
    return Finding(message=message, place=prospect.delivery.place, severity=Severity.WARNING)


async def _destination_problems(tools: Tools, run: Run, prospect: PlannedDelivery) -> list[Finding]:
    """What policies deny whatever gets built, and what the destination says that it would refuse."""
    denied = [finding for finding in await policies.denials(tools, prospect) if finding.severity is Severity.ERROR]
    if denied or not prospect.admitted or not prospect.complete:
        return denied
    revision = prospect.revision
    destination = await tools.destinations.get(prospect.environment, revision.destination)
    identity = Identity(app=run.app, formation=revision.formation, namespace=revision.namespace, revision=revision.id)
    objects = [rendered.object for rendered in revision.objects]
    asked = [jobs.as_asked(rendered.object, revision.id) for rendered in revision.jobs.values()]
    try:
        changes = await destination.diff([*objects, *asked], identity=identity)
    except SealaneError as error:
        if not error.comes_back:
            raise
        message = f"{revision.destination} could not be asked beforehand: {error.message}"
        return [Finding(message=message, place=prospect.formation.place, severity=Severity.WARNING)]
    origins = {rendered.key: rendered.origin for rendered in revision.objects}

    def place(refusal: Refusal) -> Place:
        origin = origins.get(refusal.ref.key)
        return origin.place_named(refusal.fields) if origin else prospect.formation.place

    return [
        Finding(message=f"{revision.destination} refuses {refusal}", place=place(refusal))
        for change in changes
        if (refusal := change.refusal)
    ]
