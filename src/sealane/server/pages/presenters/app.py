"""The page of an app: the health of its formations, and what runs in one of them, down to its instances. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from urllib.parse import urlencode

from sealane.access.model import Actor
from sealane.destinations import usage
from sealane.destinations.usage import WorkloadUsage
from sealane.environments.grants import Permission
from sealane.records.app_view import AppView, FormationNow
from sealane.records.views import FormationRow
from sealane.releases.origin import Origin
from sealane.server.pages import text
from sealane.server.pages.app_views import AppPage, InstanceRow, Lane, TreeRow
from sealane.server.pages.presenters import (
    app_versions,
    deployments,
    object_rows,
    overview,
    runs,
    states,
    versions,
)
from sealane.server.pages.views import Action, Field, Link, Pill, Tone
from sealane.verdicts import health
from sealane.verdicts.model import ContainerPhase, Health, Instance, Observation, Workload

_SQUARES = 40
_SCALED = frozenset({"Deployment", "StatefulSet"})
_TROUBLE = frozenset({ContainerPhase.BACKING_OFF, ContainerPhase.TERMINATED})


def page(
    view: AppView,
    reader: Actor,
    *,
    repository: str,
    now: datetime,
    asked: str | None = None,
    used: Mapping[str, Sequence[WorkloadUsage]] = MappingProxyType({}),
) -> AppPage:
    """The whole page for one reader; `asked` is the formation to show, by default the one in the worst state.

    `used` is the workloads' current usage, by formation, as far as measured.
    """
    known = {formation.row.formation: formation for formation in view.formations}
    ordered = [known[name] for name in overview.columns(formation.row for formation in view.formations)]
    chosen = known.get(asked or "") or _worst(ordered)
    seen = chosen.observation if chosen else None
    return AppPage(
        app=view.app.name,
        owner=view.app.owner,
        repository=Link(words=repository, href=repository if repository.startswith(("http://", "https://")) else ""),
        run=runs.row(view.run) if view.run else None,
        lanes=tuple(
            _lane(
                formation_now,
                view.origins,
                now,
                used.get(formation_now.row.formation, ()),
                chosen=formation_now is chosen,
            )
            for formation_now in ordered
        ),
        chosen=chosen.row.formation if chosen else "",
        tree=tuple(_tree(chosen, reader, used.get(chosen.row.formation, ()))) if chosen else (),
        seen=seen.at if seen else None,
        was=chosen is not None and _is_unknown(chosen.row),
        deploy=tuple(app_versions.deploying(chosen.row, view.versions, reader)) if chosen else (),
        compare=_compare([formation_now.row for formation_now in ordered if formation_now.row.current]),
        last=tuple(deployments.row(deployment, view.origins.get(deployment.id)) for deployment in view.deployments),
    )


def _worst(formations: Sequence[FormationNow]) -> FormationNow | None:
    """A broken one, else one with a rollout, else the last one, which is nearest to production."""
    broken = [
        formation for formation in formations if formation.row.health and formation.row.health.state in health.BAD
    ]
    moving = [formation for formation in formations if formation.row.running]
    there = [formation for formation in formations if formation.row.current]
    return next((pills[-1] for pills in (broken, moving, there, list(formations)) if pills), None)


def _compare(there: Sequence[FormationRow]) -> str:
    if len(there) < 2:
        return ""
    return f"/apps/{there[0].app}/compare?{urlencode({'left': there[0].formation, 'right': there[-1].formation})}"


def _lane(
    now_there: FormationNow,
    origins: Mapping[str, Origin],
    now: datetime,
    used: Sequence[WorkloadUsage],
    *,
    chosen: bool,
) -> Lane:
    row = now_there.row
    shown = row.running or row.current or row.last or next(iter(row.waiting), None)
    origin = origins.get(shown.id) if shown else None
    health = states.health(row.health)  # during a deployment, only whether its destination is away
    pill = health.pill if health else states.deployment(shown) if shown else Pill(tone="off", words="not here")
    return Lane(
        formation=row.formation,
        href=f"/apps/{row.app}?in={row.formation}",
        chosen=chosen,
        tone=pill.tone,
        pill=pill,
        since=health.since if health else None,
        lasts=text.duration((now - health.since).total_seconds()) if health else "",
        version=versions.of(shown, origin) if shown else "",
        deployment=f"/deployments/{shown.id}" if shown else "",
        subject=origin.subject if origin else "",
        cause=health.cause if health else (row.running.waiting_for or "") if row.running else "",
        behind=f"{text.count(now_there.behind.count, 'commit')} behind" if now_there.behind and not row.running else "",
        drift=overview.drift(row),
        facts=tuple(_facts(row, now_there.observation, used)),
        at=(row.current.ended or row.current.created) if row.current else None,
    )


def _facts(row: FormationRow, seen: Observation | None, used: Sequence[WorkloadUsage]) -> Iterator[str]:
    """The number of its ready instances, its usage and requests, and the deployments that wait."""
    running = [workload for workload in seen.running if not workload.one_shot] if seen else []
    if seen and (desired := sum(workload.desired for workload in running)):
        ready = "were ready then" if _is_unknown(row) else "ready"
        yield f"{sum(workload.ready for workload in running)} of {text.count(desired, seen.unit)} {ready}"
    if sentence := usage.of_formation(used, usage.of(row.requests)):
        yield sentence
    if row.hold:
        yield "held"
    if row.waiting:
        yield f"{len(row.waiting)} waiting"


def _tree(now: FormationNow, reader: Actor, used: Sequence[WorkloadUsage]) -> Iterator[TreeRow]:
    """Workloads with instances first, then all other objects."""
    seen = {workload.object: workload for workload in now.observation.workloads} if now.observation else {}
    instances = now.observation.instances if now.observation else ()
    acts = reader.may(Permission.DEPLOY, now.row.app, now.row.environment) and _may_act(now.row)
    uses = {workload_usage.object: workload_usage for workload_usage in used}
    names = dict.fromkeys([*seen, *(f"{ref.kind}/{ref.name}" for ref in now.inventory)])
    for name in sorted(names, key=lambda name: (name not in seen or not seen[name].runs, name not in seen)):
        own = [instance for instance in instances if instance.workload == name]
        row = _row(now.row, name, seen.get(name), own, uses.get(name), acts=acts)
        yield _was(row) if _is_unknown(now.row) else row


def _is_unknown(row: FormationRow) -> bool:
    """Whether its destination does not answer: what is known of its objects is from before."""
    return row.health is not None and row.health.state is health.HealthState.UNKNOWN


def _was(row: TreeRow) -> TreeRow:
    """The object as it was seen last, in no colour."""
    instances = (replace(instance, pill=object_rows.was(instance.pill)) for instance in row.instances)
    squares = tuple("off" for _ in row.squares)
    return replace(row, pill=object_rows.was(row.pill), squares=squares, instances=tuple(instances))


def _may_act(row: FormationRow) -> bool:
    """Only a verified current deployment can be scaled; otherwise another deployment is about to decide."""
    return row.current is not None and row.verified is not None and row.current.id == row.verified.id


def _row(
    row: FormationRow,
    name: str,
    seen: Workload | None,
    own: Sequence[Instance],
    used: WorkloadUsage | None,
    *,
    acts: bool,
) -> TreeRow:
    kind, _, short = name.partition("/")
    counted = seen is not None and seen.runs and not seen.one_shot
    return TreeRow(
        key=name.replace("/", "-").replace(".", "-").lower(),
        kind=kind,
        name=short,
        pill=_pill(seen),
        note=_note(seen),
        uses=usage.of_workload(used, seen.desired if seen else 1) if used else "",
        squares=_squares(seen, own) if seen and counted else (),
        instances=tuple(_instance(row, instance, used) for instance in own),
        more=max(0, seen.ready + seen.old - len(own)) if seen and counted else 0,
        log=_log(row, name) if seen and seen.runs else "",
        actions=_actions(row, name, seen) if seen and counted and acts else (),
    )


def _pill(seen: Workload | None) -> Pill:
    return object_rows.pill(seen) if seen else Pill(tone="off", words="there")


def _note(seen: Workload | None) -> str:
    if seen is None or seen.health is Health.READY:
        return object_rows.beside(seen) if seen else ""
    counts = seen.runs and not seen.old and seen.updated == seen.desired  # then the message only repeats the pill
    return "" if counts else seen.message


def _squares(seen: Workload, own: Sequence[Instance]) -> tuple[str, ...]:
    """Listed instances have their own tone; others are ready or of an older version; missing ones are empty."""
    named = [_tone(instance) for instance in own]
    ready = max(
        0, seen.ready - sum(instance.ready and instance.desired and not instance.terminating for instance in own)
    )
    wanted = max(0, seen.desired - len(named) - ready)
    return tuple([*named, *["ok"] * ready, *["none"] * wanted][:_SQUARES])


def _instance(row: FormationRow, instance: Instance, used: WorkloadUsage | None) -> InstanceRow:
    restarts = sum(container.restarts for container in instance.containers)
    notes = [] if instance.desired else ["of an older version"]
    notes += [usage.words(use)] if used and (use := used.instances.get(instance.object)) else []
    state = "leaving" if instance.terminating else "ready" if instance.ready else instance.state
    state += f", {text.count(restarts, 'restart')}" if restarts else ""
    return InstanceRow(
        name=instance.object.partition("/")[2],
        pill=Pill(tone=_tone(instance), words=state),
        notes=tuple(notes),
        log=_log(row, instance.object),
    )


def _log(row: FormationRow, name: str) -> str:
    return f"/apps/{row.app}/{row.formation}/logs?{urlencode({'object': name})}"


def _tone(instance: Instance) -> Tone:
    if instance.terminating:
        return "off"
    if instance.ready:
        return "ok"
    return "bad" if any(container.phase in _TROUBLE for container in instance.containers) else "run"


def _actions(row: FormationRow, name: str, seen: Workload) -> tuple[Action, ...]:
    """Actions for people who may deploy; each is a deployment like any other."""
    where = f"/apps/{row.app}/{row.formation}"
    restarting = Action(
        action=f"{where}/restart",
        words="Restart",
        asks=f"All of {name} is made anew, as a new version of it would come: a deployment of what is there.",
        yes="Restart it",
        value=name,
    )
    if seen.object.partition("/")[0] not in _SCALED:
        return (restarting,)
    return (
        restarting,
        Action(
            action=f"{where}/scale",
            words="Scale",
            asks=f"{name} has {seen.desired} now. It is a deployment of what is there, and holds until the next one, which tells that it undoes it.",
            yes="Scale it",
            value=name,
            field=Field(name="replicas", label="How many", hint=f"how many, now {seen.desired}", required=True),
        ),
    )
