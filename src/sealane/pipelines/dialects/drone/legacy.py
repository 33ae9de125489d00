"""A file of Drone 0.8: a mapping of steps under `pipeline`, each with the settings of its plugin beside. Pure."""

from __future__ import annotations

from sealane.events.model import EventKind
from sealane.pipelines.dialects import clone_settings, conditions, containers, expansion_checks, variable_names
from sealane.pipelines.dialects.conditions import Words
from sealane.pipelines.dialects.containers import Format
from sealane.pipelines.dialects.notation import Notation
from sealane.pipelines.dialects.workflows import Part

TITLE = "default"
_KNOWN = frozenset({"pipeline", "services", "clone", "branches", "matrix"})
_REFUSED = {
    "secrets": "name each secret at its step: `secrets: [name]`",
    "networks": "every run has a network of its own",
    "volumes": "steps share the workspace only: put files there",
    "cache": "steps share the workspace only: put files there",
}
_IGNORED = {
    "labels": "every run is on the server's own engine",
    "platform": "every step runs on the engine's platform",
    "workspace": "it is always /workspace, and DRONE_WORKSPACE says so",
}
FORMAT = Format(
    words=Words(
        events={
            "push": EventKind.PUSH,
            "pull_request": EventKind.PULL_REQUEST,
            "tag": EventKind.TAG,
            "deployment": EventKind.PROMOTE,
        },
        known=conditions.KNOWN | {"matrix"},
        tags="any branch",
    ),
    step=(containers.STEP | {"group"}) - {"depends_on", "failure"},
    service=(containers.KNOWN | {"command"}) - {"settings"},
    refused={
        **containers.REFUSED,
        "command": "a step runs commands, or its image's own entry point",
        "shell": "commands run by /bin/sh",
        "auth_config": "operators give the credentials of registries",
        "ipc_mode": "containers share no memory",
        "isolation": "operators choose the isolation",
    },
    ignored={**containers.IGNORED, "labels": "Sealane labels its containers"},
    settings_beside=True,
)


def read(notation: Notation) -> Part:
    """The pipeline of a document with one combination of its matrix."""
    written = notation.mapping(notation.document.value, ())
    notation.keys(written, (), _KNOWN, _REFUSED, _IGNORED)
    expansion_checks.check(notation, written, variable_names.DRONE, ("DRONE_", "CI_"))
    return Part(
        title=TITLE,
        prefix=False,
        when=conditions.branches(notation, written.get("branches"), ("branches",)),
        variables=notation.axis,
        clone=clone_settings.read(notation, written.get("clone"), beside=True),
        services=containers.services(notation, written.get("services"), ("services",), FORMAT),
        steps=containers.steps(notation, written.get("pipeline"), ("pipeline",), FORMAT),
        place=notation.document.place(()),
    )
