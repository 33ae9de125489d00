"""An environment of the service in the form of a manifest. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sealane.destinations import model
from sealane.destinations.elastic_beanstalk.model import API_VERSION, KIND, VARIABLES, Reading


def ref_named(name: str, application: str) -> model.ObjectRef:
    """The reference of the application's environment of that name."""
    return model.ref_of({"apiVersion": API_VERSION, "kind": KIND, "metadata": {"name": name}}, application)


def manifest_of(
    ref: model.ObjectRef, reading: Reading, labels: Mapping[str, str], annotations: Mapping[str, str]
) -> Mapping[str, Any]:
    """An environment as an object."""
    environment = reading.environment
    assert environment is not None, "it is there"
    options = [
        {"Namespace": namespace, "OptionName": name, "Value": model.HIDDEN if namespace == VARIABLES else value}
        for (namespace, name), value in sorted(reading.options.items())
    ]
    return {
        "apiVersion": ref.api_version,
        "kind": ref.kind,
        "metadata": {
            "name": ref.name,
            "namespace": ref.namespace,
            "uid": environment.id,
            "labels": dict(labels),
            "annotations": dict(annotations),
        },
        "spec": {"ApplicationName": ref.namespace, "VersionLabel": environment.label, "OptionSettings": options},
    }
