"""A document of Drone 1 and 2 of `kind: pipeline`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sealane.events.model import EventKind
from sealane.pipelines.dialects import conditions, containers, expansion_checks, variable_names
from sealane.pipelines.dialects.conditions import Words
from sealane.pipelines.dialects.containers import Format
from sealane.pipelines.dialects.notation import Notation
from sealane.pipelines.dialects.workflows import Part
from sealane.pipelines.model import Clone

_KNOWN = frozenset(
    {
        "kind",
        "type",
        "name",
        "depends_on",
        "clone",
        "trigger",
        "environment",
        "services",
        "steps",
        "platform",
        "volumes",
    }
)
_IGNORED = {
    "concurrency": "operators limit how many runs go on at the same time",
    "image_pull_secrets": "operators give the credentials of registries",
    "metadata": "containers are steps of a run, not pods",
    "node": "every run is on the server's own engine",
    "node_selector": "every run is on the server's own engine",
    "service_account_name": "containers are steps of a run, not pods",
    "tolerations": "every run is on the server's own engine",
    "workspace": "it is always /workspace, and DRONE_WORKSPACE says so",
}
_TYPES = ("docker", "kubernetes")
_CLONE = frozenset({"depth", "disable"})
FORMAT = Format(
    words=Words(
        events={
            "push": EventKind.PUSH,
            "pull_request": EventKind.PULL_REQUEST,
            "tag": EventKind.TAG,
            "promote": EventKind.PROMOTE,
            "rollback": EventKind.ROLLBACK,
            "cron": EventKind.SCHEDULE,
            "custom": EventKind.MANUAL,
        },
        known=conditions.KNOWN | {"paths"},
        refused={
            **conditions.REFUSED,
            "action": "an event's action is not known here: take it out",
            "target": "a promotion's target is not known here; deliveries belong to .sealane.yml",
        },
        tags="their name",
    ),
    step=(containers.STEP | {"user", "working_dir"}) - {"secrets"},
    service=(containers.KNOWN | {"command"}) - {"secrets"},
    refused={
        **containers.REFUSED,
        "command": "write the whole program as entrypoint",
        "secrets": "name each where it is used: `environment: {NAME: {from_secret: name}}`",
        "shell": "commands run by /bin/sh",
    },
    ignored={**containers.IGNORED, "resources": "operators set the limits of steps"},
    only_steps={
        **containers.ONLY_STEPS,
        "user": "a service runs as its image's user",
        "working_dir": "say `cd` in commands",
    },
    directory="working_dir",
    goes_with_needs=False,
    failures={"fail": False, "always": False, "ignore": True},
)


def read(notation: Notation) -> Part:
    """The pipeline of a document."""
    written = notation.mapping(notation.document.value, ())
    notation.keys(written, (), _KNOWN, {}, _IGNORED)
    _kept(notation, written)
    if not written.get("steps"):
        notation.wrong((), "nothing is to be done", "add steps")
    expansion_checks.check(notation, written, variable_names.DRONE, ("DRONE_", "CI_"))
    form = replace(FORMAT, environment=notation.mapping(written.get("environment"), ("environment",)))
    trigger = notation.mapping(written.get("trigger"), ("trigger",))
    platform = notation.mapping(written.get("platform"), ("platform",))
    needs, _ = containers.needs(notation, written.get("depends_on"), ("depends_on",))
    return Part(
        title=notation.text(written.get("name"), ("name",)) or "default",
        needs=needs or (),
        requires=(),
        platform=notation.text(platform.get("arch"), ("platform", "arch")) or "",
        after=conditions.statuses(notation, trigger.get("status"), ("trigger", "status")),
        when=conditions.read(notation, written.get("trigger"), ("trigger",), FORMAT.words),
        clone=_clone(notation, written),
        services=containers.services(notation, written.get("services"), ("services",), form),
        steps=containers.steps(notation, _after_clone(written.get("steps")), ("steps",), form),
        place=notation.document.place(()),
    )


def _kept(notation: Notation, written: Mapping[str, Any]) -> None:
    """Findings about where it runs."""
    kind = notation.text(written.get("type"), ("type",)) or "docker"
    if kind not in _TYPES:
        hint = "every step runs in a container: docker or kubernetes"
        notation.wrong(("type",), f"type: {kind} is not supported", hint, value=True)
    platform = notation.mapping(written.get("platform"), ("platform",))
    system = notation.text(platform.get("os"), ("platform", "os")) or "linux"
    if system != "linux":
        notation.wrong(("platform", "os"), f"os: {system} is not supported", "steps run on Linux", value=True)
    elif platform.get("arch"):
        hint = "every step runs on the engine's platform"
        notation.wrong(("platform", "arch"), "arch is ignored", hint, warning=True)
    paths = notation.mapping(written.get("trigger"), ("trigger",)).get("paths")
    if paths is not None:
        hint = "Drone needs a plugin for it"
        notation.wrong(("trigger", "paths"), "paths are compared here", hint, warning=True)


def _clone(notation: Notation, written: Mapping[str, Any]) -> Clone:
    clone = notation.mapping(written.get("clone"), ("clone",))
    ignored = dict.fromkeys(clone.keys() - _CLONE, "Sealane clones by itself")
    notation.keys(clone, ("clone",), _CLONE, {}, ignored)
    if notation.flag(clone.get("disable"), ("clone", "disable")):
        hint = "the workspace always has the commit"
        notation.wrong(("clone", "disable"), "disable is ignored", hint, warning=True)
    depth = clone.get("depth")
    return Clone(depth=depth if isinstance(depth, int) and depth > 0 else None)


def _after_clone(steps: Any) -> Any:
    """The steps without their dependency on Drone's own step `clone`, after which all begin here."""
    if not isinstance(steps, list):
        return steps
    return [
        {**step, "depends_on": [need for need in step["depends_on"] if need != "clone"]}
        if isinstance(step, dict) and isinstance(step.get("depends_on"), list)
        else step
        for step in steps
    ]
