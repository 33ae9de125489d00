"""Elastic Beanstalk's answers to rendering. Pure: objects in, values out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from typing_extensions import override

from sealane.destinations.elastic_beanstalk import claims
from sealane.destinations.elastic_beanstalk.environment_schema import ENVIRONMENT
from sealane.destinations.elastic_beanstalk.model import API_VERSION, KIND
from sealane.findings import Finding, did_you_mean
from sealane.stencils.model import Rendered
from sealane.stencils.platform import Claim, Plain


class ElasticBeanstalk(Plain):
    """See `stencils.platform.Platform`."""

    @override
    def claims(self, manifest: Mapping[str, Any], app: str) -> Iterator[Claim]:
        return claims.of(manifest, app)

    @property
    @override
    def no_instances(self) -> str:
        return "Elastic Beanstalk has as many instances as the environment's OptionSettings say (aws:autoscaling:asg)"

    @override
    def problems(self, rendered: Sequence[Rendered]) -> Iterator[Finding]:
        import jsonschema

        validator = jsonschema.Draft202012Validator(ENVIRONMENT)
        for shown in rendered:
            if shown.object.get("apiVersion") != API_VERSION or shown.kind != KIND:
                message = f"Elastic Beanstalk has no {shown.object.get('apiVersion')} {shown.kind}"
                yield Finding(message=message, place=shown.origin.place(), hint=f"it takes {API_VERSION} {KIND}")
                continue
            for error in sorted(
                validator.iter_errors(shown.object), key=lambda error: [str(part) for part in error.path]
            ):
                yield _finding(shown, error)
            yield from _application(shown)


def _finding(rendered: Rendered, error: Any) -> Finding:
    path = tuple(error.absolute_path)
    match error.validator:
        case "anyOf":
            message = "an environment needs a VersionLabel to be deployed, or OptionSettings to be changed"
            return Finding(message=message, place=rendered.origin.place(path))
        case "additionalProperties":
            known = tuple(error.schema["properties"])
            strange = next(key for key in error.instance if key not in known)
            where = (*path, strange)
            message = f"there is no field {'.'.join(str(part) for part in where)}"
            return Finding(message=message, place=rendered.origin.place(where), hint=did_you_mean(str(strange), known))
        case _:
            name = ".".join(str(part) for part in path)
            return Finding(message=f"{name}: {error.message}", place=rendered.origin.place(path))


def _application(rendered: Rendered) -> Iterator[Finding]:
    """The formation's namespace is the application, so operators can set which ones an app may use."""
    spec = rendered.object.get("spec")
    written = spec.get("ApplicationName") if isinstance(spec, dict) else None
    namespace = rendered.object["metadata"].get("namespace")
    if written is not None and written != namespace:
        message = f"ApplicationName is {written}, and the formation's namespace {namespace}: they are the same thing"
        place = rendered.origin.place(("spec", "ApplicationName"))
        yield Finding(message=message, place=place, hint="leave it out, or write ${namespace}")


PLATFORM = ElasticBeanstalk()
