"""An environment of the service in the form of a manifest. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sealane.destinations import live_manifests, model
from sealane.destinations.elastic_beanstalk.model import API_VERSION, KIND, VARIABLES, EnvironmentRecord, Reading


def ref_named(name: str, application: str) -> model.ObjectRef:
    """The reference of the application's environment of that name."""
    return model.ref_of({"apiVersion": API_VERSION, "kind": KIND, "metadata": {"name": name}}, application)


def manifest_of(ref: model.ObjectRef, reading: Reading, record: EnvironmentRecord | None) -> Mapping[str, Any]:
    """An environment as an object."""
    environment = reading.environment
    assert environment is not None, "it is there"
    options = [
        {"Namespace": namespace, "OptionName": name, "Value": model.HIDDEN if namespace == VARIABLES else value}
        for (namespace, name), value in sorted(reading.options.items())
    ]
    spec = {"ApplicationName": ref.namespace, "VersionLabel": environment.label, "OptionSettings": options}
    return live_manifests.manifest(ref, record, spec, uid=environment.id)
