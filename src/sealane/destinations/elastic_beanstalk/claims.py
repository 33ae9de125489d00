"""Roles and bundles that an environment names, which operators list for an app. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sealane.destinations.elastic_beanstalk.model import BUNDLES
from sealane.stencils.platform import Claim, ClaimKind

_ROLES = frozenset(
    {
        ("aws:autoscaling:launchconfiguration", "IamInstanceProfile"),
        ("aws:elasticbeanstalk:environment", "ServiceRole"),
    }
)


def of(manifest: Mapping[str, Any], app: str) -> Iterator[Claim]:
    """All of them, each where it is written; a bundle that was uploaded for the app is its own."""
    spec = manifest.get("spec") or {}
    bundle = spec.get("SourceBundle") or {}
    bucket, key = str(bundle.get("S3Bucket", "")), str(bundle.get("S3Key", ""))
    if bundle and not key.startswith(f"{BUNDLES}{app}/"):
        yield Claim(kind=ClaimKind.ARTIFACT, path=("spec", "SourceBundle"), name=f"{bucket}/{key}")
    for number, option in enumerate(spec.get("OptionSettings") or ()):
        if (option.get("Namespace"), option.get("OptionName")) in _ROLES:
            name = str(option.get("Value", ""))
            path = ("spec", "OptionSettings", number, "Value")
            yield Claim(kind=ClaimKind.ROLE, path=path, name=_role_name(name))


def _role_name(name: str) -> str:
    for part in (":role/", ":instance-profile/"):
        if part in name:
            return name.partition(part)[2]
    return name
