"""The shape of `environments/NAME.yaml`, the operators' file. Pure: what it means is decided in `reading.py`.

The docstrings here are the descriptions in the JSON Schema and the words of the reference in the documentation.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Discriminator, Field, Tag

from sealane.fields import WHOLE, File, Matching, Maybe, Name
from sealane.pipelines.files import Groups

Text = Annotated[str, Field(min_length=1, max_length=4096)]

KindName = Annotated[
    str,
    Matching(
        pattern=r"[A-Z][A-Za-z0-9]*",
        expected="a kind of object",
        hint=lambda text: f"for example {text[:1].upper()}{text[1:]}" if text.isalnum() else None,
    ),
]

PackName = Annotated[
    str,
    Matching(pattern=r"[a-z][a-z0-9-]*@[1-9][0-9]*", expected="the name of a policy pack and its version: default@1"),
]

PolicyName = Annotated[str, Matching(pattern=r"[a-z0-9][a-z0-9.-]*", expected="the name of a policy")]

Date = Annotated[str, Matching(pattern=r"[0-9]{4}-[0-9]{2}-[0-9]{2}", expected="a date such as 2026-12-31")]

SecretPattern = Annotated[
    str,
    Matching(
        pattern=r"(?:age|env):[^\s]+",
        expected="a glob of references to secrets",
        longest=512,
        hint=lambda _: "it begins with the store: env:* or age:deploy/secrets/*",
    ),
]

RegistryPattern = Annotated[
    str,
    Matching(
        pattern=r"[^\s@]+",
        expected="a glob of image repositories",
        longest=512,
        hint=lambda text: "leave out the digest" if "@" in text else None,
    ),
]


class KubernetesFile(File):
    """A Kubernetes cluster."""

    kubeconfig: Maybe[Text] = None
    """Path of a kubeconfig on the machine that deploys; when left out KUBECONFIG, then ~/.kube/config."""
    context: Maybe[Text] = None
    """The context in it; its current one when left out."""
    in_cluster: bool = False
    """Whether Sealane runs in that cluster and signs in with its pod's own service account."""


class DummyFile(File):
    """A destination that only pretends, for tests."""


class KubernetesDestination(File):
    """A destination that is a Kubernetes cluster."""

    kubernetes: KubernetesFile
    """How to reach the cluster: {} for what kubectl would use."""


class DummyDestination(File):
    """A destination that only pretends, for tests."""

    dummy: DummyFile
    """{}: there is nothing to set."""


DestinationFile = Annotated[
    Annotated[KubernetesDestination, Tag("(kubernetes)")] | Annotated[DummyDestination, Tag("(dummy)")],
    Discriminator(lambda value: "(dummy)" if isinstance(value, dict) and "dummy" in value else "(kubernetes)"),
]


class ApprovalsFile(File):
    """What each delivery must ask for at least."""

    by: Groups
    """The group or groups whose people may agree."""
    count: Maybe[Annotated[int, Field(ge=1, le=20), WHOLE]] = None
    """How many different people, out of all those groups together; 1 when left out."""


class AppFile(File):
    """What one app may do here. No commit pushed to the app's repository can loosen any of it."""

    namespaces: Annotated[list[Name], Field(min_length=1)]
    """Namespaces its formations may live in."""
    secrets: Maybe[list[SecretPattern]] = None
    """Globs of the references its formations may name; none when left out."""
    registries: Maybe[list[RegistryPattern]] = None
    """Globs of the image repositories it may run: registry.example.com/shop/*; none when left out."""
    approvals: Maybe[ApprovalsFile] = None
    """What each delivery must ask for at least; nothing when left out."""
    deny_kinds: Maybe[list[KindName]] = None
    """Kinds of objects it may not have; when left out, all kinds that live in no namespace."""


class WaiverFile(File):
    """A policy that need not be met, and why."""

    policy: PolicyName
    """The policy's name."""
    app: Maybe[Name] = None
    """The app that is let off; every app when left out."""
    reason: Text
    """Why; it is shown wherever the waiver takes effect."""
    until: Maybe[Date] = None
    """The last day it holds."""


class PoliciesFile(File):
    """Which policies are tried on what comes here."""

    packs: Maybe[list[PackName]] = None
    """Packs of policies with their versions; [default@1] when left out."""
    waivers: Maybe[list[WaiverFile]] = None
    """Policies that need not be met."""


class EnvironmentFile(File):
    """What is allowed in one environment, and who may: the operators' file environments/NAME.yaml."""

    environment: Name
    """Its name, the same as the file's."""
    production: bool = False
    """Whether it is production; policies may ask."""
    destinations: Annotated[dict[Name, DestinationFile], Field(min_length=1)]
    """Where formations of this environment live."""
    apps: Maybe[dict[Name, AppFile]] = None
    """The apps that may come here, and what each may do; no others may."""
    policies: Maybe[PoliciesFile] = None
    """Which policies are tried."""
    delete_budget: Annotated[int, Field(ge=0, le=100_000), WHOLE] = 3
    """How many objects a deployment may delete without a typed yes."""
