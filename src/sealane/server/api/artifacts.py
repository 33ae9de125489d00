"""Deployments of what was built somewhere else: by any CI, under a version of its own."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from sealane.errors import Conflicting, NotThere
from sealane.images.bundle import Bundle
from sealane.images.dockerrun import DockerrunVersion, WrappedImage
from sealane.records.deployments import Deployment
from sealane.server import access, dependencies, fields
from sealane.server.access import Viewer
from sealane.server.error_responses import Responses, raised
from sealane.workflows.artifact_requests import Artifact
from sealane.workflows.release_requests import Given

router = APIRouter(prefix="/api", tags=["deployments"])

_EXAMPLES: dict[str, Any] = {
    "uploaded": {
        "summary": "A bundle that was uploaded",
        "value": {"app": "shop", "formation": "production", "version": "1.42.0", "bundle": {"sha256": "0" * 64}},
    },
    "bundle": {
        "summary": "A bundle that lies in a bucket",
        "value": {
            "app": "shop",
            "formation": "production",
            "version": "1.42.0",
            "bundle": {"s3": "s3://builds/shop/1.42.0.zip"},
        },
    },
    "image": {
        "summary": "An image to wrap as a bundle",
        "value": {
            "app": "shop",
            "formation": "production",
            "version": "1.42.0",
            "bundle": {"image": f"registry.example.com/shop/web@sha256:{'0' * 64}", "port": 8080, "dockerrun": 3},
        },
    },
    "images": {
        "summary": "Images by digest, and the commit with their stencils",
        "value": {
            "app": "shop",
            "formation": "production",
            "version": "1.42.0",
            "commit": "3f786850e387550fdab836ed7e6dc881de23001b",
            "images": {"web": f"registry.example.com/shop/web@sha256:{'0' * 64}"},
        },
    },
}
_ACCEPTED: Responses = {
    202: {
        "headers": {
            "Location": {"description": "Where its state is told.", "schema": {"type": "string"}},
        }
    }
}
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern="^[!-~]+$",
        description="The caller's name for this request, within the app: a repeated request gives the same deployment.",
    ),
]


class StoredBundle(BaseModel):
    """An archive in a bucket that the destination's account may read."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    s3: Annotated[str, Field(pattern="^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[!-~]{1,1024}$")]
    """`s3://BUCKET/KEY`, in the region of the environment."""

    def bundle(self) -> Bundle:
        """The bundle, as a release has it."""
        bucket, _, key = self.s3.removeprefix("s3://").partition("/")
        return Bundle(bucket=bucket, key=key)


class UploadedBundle(BaseModel):
    """An archive that was uploaded to this server."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    """Of its content, as in the address of the upload."""


class ImageBundle(BaseModel):
    """An image that is wrapped as a bundle: the file that names it, and nothing else."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    image: fields.ImageReference
    """Its reference, with a digest."""
    port: Annotated[int, Field(ge=1, le=65535)] = 80
    """Where the container listens."""
    dockerrun: DockerrunVersion = 1
    """1: `Dockerrun.aws.json` names it; 3: a `docker-compose.yml` beside it does, for platforms with compose."""


def _kind_of_bundle(given: Any) -> str:
    """What is wrong is told of the kind that was meant."""
    keys = given if isinstance(given, dict) else type(given).model_fields if isinstance(given, BaseModel) else ()
    return "ImageBundle" if "image" in keys else "UploadedBundle" if "sha256" in keys else "StoredBundle"


AnyBundle = Annotated[
    Annotated[StoredBundle, Tag("StoredBundle")]
    | Annotated[UploadedBundle, Tag("UploadedBundle")]
    | Annotated[ImageBundle, Tag("ImageBundle")],
    Discriminator(_kind_of_bundle),
]


class ArtifactDeployment(BaseModel):
    """What was built, and where it is to run."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    app: fields.AppName
    formation: fields.FormationName
    version: fields.Version
    """Its name: the deploy tag, and on Elastic Beanstalk the version's label. It always means the same thing."""
    commit: fields.Commit | None = None
    """The commit with the stencils; when left out, the newest that was pushed to the app's trunk."""
    bundle: AnyBundle | None = None
    """What stencils use as `${bundle.bucket}` and `${bundle.key}`."""
    images: Annotated[
        dict[Annotated[str, Field(pattern="^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", max_length=63)], fields.ImageReference],
        Field(max_length=100),
    ] = {}
    """What stencils use as `${image.NAME}`: references with a digest, by name."""
    confirmed: bool = False
    """A yes to deleting more objects than the environment's delete budget, or what holds data."""
    adopt: bool = False
    """Takes over objects that are there and that nobody's labels claim."""
    break_glass: fields.Reason | None = None
    """Why it shall begin though the environment's window is shut; only people of the groups named there may."""


@router.post(
    "/deployments",
    status_code=202,
    responses={**_ACCEPTED, **raised(NotThere, Conflicting)},
    openapi_extra={"requestBody": {"content": {"application/json": {"examples": _EXAMPLES}}}},
)
async def deploy(
    what: ArtifactDeployment, server: dependencies.Server, actor: Viewer, response: Response, key: Key = None
) -> Deployment:
    """Deploys what somebody else built. All of it is checked first; it passes limits, policies and approvals like any other.

    For whoever may deploy to that formation.
    """
    await access.check_formation(server.membership, actor, what.app, what.formation)
    artifact = Artifact(
        app=what.app,
        formation=what.formation,
        version=what.version,
        commit=what.commit,
        bundle=what.bundle.bundle() if isinstance(what.bundle, StoredBundle) else None,
        uploaded=what.bundle.sha256 if isinstance(what.bundle, UploadedBundle) else None,
        wrapped=_wrapped(what.bundle),
        images=what.images,
    )
    given = Given(confirmed=what.confirmed, adopt=what.adopt, break_glass=what.break_glass)
    offered = await server.artifacts.deploy(artifact, key=key, by=actor, given=given)
    response.headers["Location"] = f"/api/deployments/{offered.id}"
    return offered


def _wrapped(bundle: object) -> WrappedImage | None:
    if not isinstance(bundle, ImageBundle):
        return None
    return WrappedImage(image=bundle.image, port=bundle.port, version=bundle.dockerrun)
