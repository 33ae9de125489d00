"""The part of `sealane status APP` besides the table: what runs in each formation, with instances, and the last deployments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sealane import typed_data
from sealane.cli import output
from sealane.cli.remote import client
from sealane.destinations import usage
from sealane.destinations.usage import WorkloadUsage

_TONES = {"ready": "green", "converging": "blue", "failed": "red"}
_TROUBLE = {"backing_off", "terminated"}
_Row = tuple[str, tuple[str, str], str]
"""An object or instance: its name, its state with the colour, and a note."""


def about(view: dict[str, Any]) -> None:
    """The app's owner, its repository and its newest run."""
    app, run = view["app"], view["run"]
    facts = [f"owned by {app['owner']}", app["repository"]]
    facts += [f"run #{run['sequence']} {run['status']} {client.ago(run['created'])} ago"] if run else []
    output.say(f"{app['name']}: {' · '.join(facts)}", "dim")


def trees(view: dict[str, Any]) -> None:
    """The objects of each formation, each with its instances."""
    for now in view["formations"]:
        used = typed_data.convert(view["usage"].get(now["row"]["formation"], []), list[WorkloadUsage])
        rows = list(_rows(now, {workload_usage.object: workload_usage for workload_usage in used}))
        if rows:
            output.data("")
            output.data(output.style(now["row"]["formation"], "bold"))
            unknown = (now["row"]["health"] or {}).get("state") == "unknown"
            headers = ("  OBJECT", "STATE WHEN SEEN LAST" if unknown else "STATE", "NOTE")
            output.table(headers, [(f"  {name}", _styled(*state, unknown=unknown), note) for name, state, note in rows])


def last(view: dict[str, Any]) -> None:
    """The last deployments."""
    output.data("")
    output.data(output.style("last deployments", "bold"))
    headers = ("  DEPLOYMENT", "STATE", "VERSION", "SINCE", "COMMIT")
    output.table(
        headers, [_past(deployment, view["origins"].get(deployment["id"])) for deployment in view["deployments"]]
    )


def _styled(words: str, tone: str, *, unknown: bool) -> str:
    """The state in its colour; in none where it is the last one that was seen, and nobody can look now."""
    if unknown:
        return output.style(f"was {words}", "dim") if words else ""
    return output.style(words, tone) if tone else words


def _rows(now: dict[str, Any], used: Mapping[str, WorkloadUsage]) -> Iterator[_Row]:
    seen = now["observation"] or {"workloads": [], "instances": []}
    workloads = sorted(seen["workloads"], key=lambda workload: not workload["runs"])
    for workload in workloads:
        uses = used.get(workload["object"])
        yield _workload(workload, uses)
        own = [instance for instance in seen["instances"] if instance["workload"] == workload["object"]]
        yield from (_instance(instance, uses) for instance in own)
        more = workload["ready"] + workload["old"] - len(own) if workload["runs"] and not workload["one_shot"] else 0
        if more > 0:
            yield f"  and {more} more", ("", ""), ""
    known = {workload["object"] for workload in workloads}
    for ref in now["inventory"]:
        if (name := f"{ref['kind']}/{ref['name']}") not in known:
            yield name, ("there", "dim"), ""


def _workload(workload: dict[str, Any], uses: WorkloadUsage | None) -> _Row:
    if workload["suspended"]:
        state = "suspended", "yellow"
    elif workload["ended"]:
        state = "done", "green"
    elif workload["runs"] and workload["desired"]:
        state = f"{workload['ready']} of {workload['desired']} ready", _TONES[workload["health"]]
    else:
        words = {"ready": "there", "converging": "not there yet", "failed": "failed"}
        state = words[workload["health"]], _TONES[workload["health"]]
    is_settled = workload["runs"] and not workload["old"] and workload["updated"] == workload["desired"]  # by the state
    ready = workload["note"] or ("" if workload["runs"] else workload["message"])
    notes = [ready if workload["health"] == "ready" else "" if is_settled else workload["message"]]
    notes += [usage.of_workload(uses, workload["desired"])] if uses else []
    return workload["object"], state, " · ".join(filter(None, notes))


def _instance(instance: dict[str, Any], uses: WorkloadUsage | None) -> _Row:
    restarts = sum(container["restarts"] for container in instance["containers"])
    notes = [f"{restarts} restart{'' if restarts == 1 else 's'}"] if restarts else []
    notes += [] if instance["desired"] else ["of an older version"]
    notes += [usage.words(use)] if uses and (use := uses.instances.get(instance["object"])) else []
    name = f"  {instance['object'].partition('/')[2]}"
    if instance["terminating"]:
        return name, ("leaving", "dim"), ", ".join(notes)
    if instance["ready"]:
        return name, ("ready", "green"), ", ".join(notes)
    bad = any(container["phase"] in _TROUBLE for container in instance["containers"])
    return name, (instance["state"], "red" if bad else "blue"), ", ".join(notes)


def _past(deployment: dict[str, Any], origin: dict[str, Any] | None) -> tuple[str, ...]:
    state = str(deployment["verdict"]["kind"] if deployment["verdict"] else deployment["state"])
    version = str((origin or {}).get("commit", ""))[:7] or client.short(deployment["revision_id"])
    since = client.ago(deployment["ended"] or deployment["started"] or deployment["created"])
    return (
        f"  {deployment['formation']} #{deployment['sequence']}",
        client.pill(state),
        version,
        since,
        (origin or {}).get("subject", ""),
    )
