"""What OCI registries (distribution-spec v1.1) are asked: digests, configurations of images, charts, and who may read."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import closing
from typing import Any, TypeVar

import docker.auth
import docker.errors
import docker.utils.config
import urllib3

from sealane.clients import image_manifests, registry_access, registry_repository
from sealane.clients.registry_access import OPEN, Line, RegistryAccess
from sealane.clients.registry_repository import ImageMissing, RegistryDenied, RegistryUnavailable, Repository
from sealane.images.references import Reference

_CHART = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"

T = TypeVar("T")


async def digest(reference: Reference, access: RegistryAccess = OPEN) -> str:
    """The current digest of this reference in the registry.

    Raises ImageMissing, RegistryDenied, RegistryUnavailable, NotListed, CredentialsAstray.
    """

    def ask(line: Line) -> str:
        with closing(Repository(reference, access, line)) as repository:
            return repository.digest(reference.pointer)

    return await in_time(reference.host, access, ask)


async def is_public(reference: Reference, access: RegistryAccess = OPEN) -> bool:
    """Whether the registry delivers it without sign-in. Raises RegistryUnavailable, NotListed."""

    def ask(line: Line) -> str:
        with closing(Repository(reference, access, line, anonymous=True)) as repository:
            try:
                return repository.digest(reference.pointer)
            except (ImageMissing, RegistryDenied):
                return ""

    return bool(await in_time(reference.host, access, ask))


def config(reference: Reference, digest: str, access: RegistryAccess = OPEN) -> dict[str, Any]:
    """The configuration of this digest (image-spec, config.md) in the reference's repository. Blocks.

    Raises what the async `digest` raises, and RegistryDenied for anything but a configuration.
    """
    line = Line()
    with closing(line), closing(Repository(reference, access, line)) as repository:
        body = repository.ask("GET", f"blobs/{digest}").content
    if not image_manifests.is_of(digest, body):
        raise RegistryDenied(f"{reference.host} gives another configuration than {digest}")
    try:
        parsed = json.loads(body)
    except registry_repository.NOT_SO as error:
        raise RegistryDenied(f"{reference.host} has no configuration of an image under {digest}") from error
    return parsed if isinstance(parsed, dict) else {}


async def chart(reference: Reference, access: RegistryAccess = OPEN, *, largest: int) -> tuple[str, bytes]:
    """The digest of a Helm chart's manifest, and its archive (HIP-6). Raises what `digest` raises."""

    def ask(line: Line) -> tuple[str, bytes]:
        with closing(Repository(reference, access, line)) as repository:
            body, _ = repository.manifest(reference.pointer)
            try:
                layers = image_manifests.read(body).layers or ()
                wanted = next(layer.digest for layer in layers if layer.media_type == _CHART)
            except (ValueError, StopIteration) as error:
                raise RegistryDenied(f"{reference} is no Helm chart") from error
            with closing(repository.ask("GET", f"blobs/{wanted}", stream=True)) as answer:
                try:
                    archive = answer.raw.read(largest + 1, decode_content=False)
                except urllib3.exceptions.HTTPError as error:
                    raise RegistryUnavailable(
                        f"{reference.host} broke off the chart: {registry_repository.plain(error)}"
                    ) from error
        if len(archive) > largest or not image_manifests.is_of(wanted, archive):
            raise RegistryDenied(f"{reference.host} gives another chart than {wanted}, or more than {largest} bytes")
        return image_manifests.digest_of(body), archive

    return await in_time(reference.host, access, ask)


def signs_in(host: str) -> bool:
    """Whether this machine's user has a password for the registry, in Docker's configuration."""
    try:
        config = docker.auth.load_config()
        return bool(docker.auth.resolve_authconfig(config, registry=None if host == registry_access.HUB else host))
    except docker.errors.DockerException:  # a broken helper: it still means that credentials exist
        return True


async def in_time(host: str, access: RegistryAccess, work: Callable[[Line], T]) -> T:
    """Runs it in a thread and returns its result. With limited hosts, the access's patience limits the whole call."""
    line, whole = Line(), access.patience.whole
    working = asyncio.ensure_future(asyncio.to_thread(work, line))
    if access.allowed is None:
        return await working
    try:
        async with asyncio.timeout(whole):
            return await asyncio.shield(working)
    except TimeoutError as error:
        raise RegistryUnavailable(
            f"the registry {host} took longer than {whole:g} s", hint="see SEALANE_REGISTRY__PATIENCE"
        ) from error
    finally:
        await asyncio.to_thread(line.cut)
        await asyncio.wait([working])
