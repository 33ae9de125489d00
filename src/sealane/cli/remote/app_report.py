"""What `sealane status APP` tells beside the table: what runs in each formation down to its instances, and what came last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from sealane.cli import output
from sealane.cli.remote import client
from sealane.destinations import usage
from sealane.destinations.usage import WorkloadUsage

_TONES = {"ready": "green", "converging": "blue", "failed": "red"}
_TROUBLE = {"backing_off", "terminated"}


def about(view: dict[str, Any]) -> None:
    """Whose it is, where it comes from, and its newest run."""
    app, run = view["app"], view["run"]
    said = [f"owned by {app['owner']}", app["repository"]]
    said += [f"run #{run['sequence']} {run['status']} {client.ago(run['created'])} ago"] if run else []
    output.say(f"{app['name']}: {' · '.join(said)}", "dim")


def trees(view: dict[str, Any]) -> None:
    """The objects of each formation, each with its instances."""
    for now in view["formations"]:
        used = msgspec.convert(view["usage"].get(now["row"]["formation"], []), list[WorkloadUsage])
        rows = list(_rows(now, {workload_usage.object: workload_usage for workload_usage in used}))
        if rows:
            output.data("")
            output.data(output.style(now["row"]["formation"], "bold"))
            output.table(("  OBJECT", "STATE", "NOTE"), [(f"  {name}", *rest) for name, *rest in rows])


def last(view: dict[str, Any]) -> None:
    """The last deployments."""
    output.data("")
    output.data(output.style("last deployments", "bold"))
    headers = ("  DEPLOYMENT", "STATE", "VERSION", "SINCE", "COMMIT")
    output.table(headers, [_past(each, view["origins"].get(each["id"])) for each in view["deployments"]])


def _rows(now: dict[str, Any], used: Mapping[str, WorkloadUsage]) -> Iterator[tuple[str, str, str]]:
    seen = now["observation"] or {"workloads": [], "instances": []}
    workloads = sorted(seen["workloads"], key=lambda each: not each["runs"])
    for workload in workloads:
        uses = used.get(workload["object"])
        yield _workload(workload, uses)
        own = [instance for instance in seen["instances"] if instance["workload"] == workload["object"]]
        yield from (_instance(instance, uses) for instance in own)
        more = workload["ready"] + workload["old"] - len(own) if workload["runs"] and not workload["one_shot"] else 0
        if more > 0:
            yield f"  and {more} more", "", ""
    known = {workload["object"] for workload in workloads}
    for ref in now["inventory"]:
        if (name := f"{ref['kind']}/{ref['name']}") not in known:
            yield name, output.style("there", "dim"), ""


def _workload(each: dict[str, Any], uses: WorkloadUsage | None) -> tuple[str, str, str]:
    if each["suspended"]:
        state = output.style("suspended", "yellow")
    elif each["ended"]:
        state = output.style("done", "green")
    elif each["runs"] and each["desired"]:
        state = output.style(f"{each['ready']} of {each['desired']} ready", _TONES[each["health"]])
    else:
        words = {"ready": "there", "converging": "not there yet", "failed": "failed"}
        state = output.style(words[each["health"]], _TONES[each["health"]])
    said = each["runs"] and not each["old"] and each["updated"] == each["desired"]  # by the state
    ready = each["note"] or ("" if each["runs"] else each["message"])
    notes = [ready if each["health"] == "ready" else "" if said else each["message"]]
    notes += [usage.of_workload(uses, each["desired"])] if uses else []
    return each["object"], state, " · ".join(filter(None, notes))


def _instance(each: dict[str, Any], uses: WorkloadUsage | None) -> tuple[str, str, str]:
    restarts = sum(container["restarts"] for container in each["containers"])
    notes = [f"{restarts} restart{'' if restarts == 1 else 's'}"] if restarts else []
    notes += [] if each["desired"] else ["of an older version"]
    notes += [usage.words(use)] if uses and (use := uses.instances.get(each["object"])) else []
    name = f"  {each['object'].partition('/')[2]}"
    if each["terminating"]:
        return name, output.style("leaving", "dim"), ", ".join(notes)
    if each["ready"]:
        return name, output.style("ready", "green"), ", ".join(notes)
    bad = any(container["phase"] in _TROUBLE for container in each["containers"])
    return name, output.style(each["state"], "red" if bad else "blue"), ", ".join(notes)


def _past(each: dict[str, Any], origin: dict[str, Any] | None) -> tuple[str, ...]:
    state = str(each["verdict"]["kind"] if each["verdict"] else each["state"])
    version = str((origin or {}).get("commit", ""))[:7] or client.short(each["revision_id"])
    since = client.ago(each["ended"] or each["started"] or each["created"])
    return (
        f"  {each['formation']} #{each['sequence']}",
        client.pill(state),
        version,
        since,
        (origin or {}).get("subject", ""),
    )
