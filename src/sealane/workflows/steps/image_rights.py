"""Whether a run may use an image that it names: asked of the operators' files, and of registries that the server signs in to."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from sealane.clients import registry
from sealane.clients.registry_access import RegistryAccess
from sealane.environments import config_folder, image_rights
from sealane.environments.image_rights import Rights
from sealane.errors import InvalidFiles, SealaneError
from sealane.findings import errors
from sealane.images import references
from sealane.workflows import checkouts
from sealane.workflows.context import Tools


async def of(tools: Tools, app: str) -> Rights:
    """The images that the app may use by the present operators' file. Raises InvalidFiles."""
    settings = tools.settings
    folder = settings.config_folder
    access, findings = await asyncio.to_thread(config_folder.gather_access, folder, base=folder)
    if access is None:
        raise InvalidFiles(errors(findings) or findings)
    others = frozenset(app_registered.name for app_registered in await tools.store.apps.all()) - {app}
    return Rights(app=app, prefix=settings.registry.prefix or "", others=others, listed=access.images_of(app))


async def problem(tools: Tools, image: str, mine: Rights) -> str | None:
    """Why a run may not use the image, or None. Without a password of the server, only public images can be had."""
    if reason := image_rights.refused(image, mine):
        return reason
    try:
        reference = references.parse(image)
    except ValueError:
        return None  # told where the file is read
    if image_rights.is_own(reference, mine) or image_rights.is_listed(reference, mine):
        return None
    if not await asyncio.to_thread(registry.signs_in, reference.host):
        return None
    try:
        public = await registry.is_public(reference, _asking(tools, reference.host))
    except SealaneError as error:
        return f"whether the image {image} is public can't be known now: {error.message}"
    return None if public else image_rights.private(image, mine)


def _asking(tools: Tools, host: str) -> RegistryAccess:
    """Whether the registry may be asked: operators gave the server a password for it."""
    access = checkouts.registries(tools.settings)
    allowed = access.allowed
    return replace(access, allowed=replace(allowed, hosts=(*allowed.hosts, host)) if allowed else None)
