"""OCI registries (distribution-spec v1.1): digests and copies by manifest; layers that exist stay where they are.

Signing in is the `oras` library's: tokens, basic, Docker's config file and its credential helpers.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, TypeVar
from urllib.parse import urljoin

import docker.auth
import docker.errors
import docker.utils.config
import oras.auth
import oras.container
import requests
import urllib3

from sealane.clients import image_manifests, registry_access
from sealane.clients.registry_access import OPEN, Line, RegistryAccess
from sealane.errors import Refused, SealaneError, Unavailable
from sealane.images import references
from sealane.images.references import Reference

_INDEXES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
_MANIFESTS = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")
_ACCEPT = {"Accept": ", ".join((*_INDEXES, *_MANIFESTS))}
_CHUNK = 1024 * 1024
_DEEPEST = 3
"""Most levels of nested indexes."""
_NOT_SO = (AttributeError, TypeError, ValueError, LookupError, RecursionError)
"""The library's exceptions for answers that violate the specification."""


_CHART = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"

T = TypeVar("T")


class RegistryUnavailable(Unavailable):
    """The registry did not answer, or answered that it can't now."""


class RegistryDenied(Refused):
    """The registry refused the credentials, or the account lacks the right."""


class ImageMissing(SealaneError):
    """The registry has no such repository, tag or digest."""

    http_status = 404
    exit_code = 1


async def digest(reference: Reference, access: RegistryAccess = OPEN) -> str:
    """The current digest of this reference in the registry.

    Raises ImageMissing, RegistryDenied, RegistryUnavailable, NotListed, CredentialsAstray.
    """

    def ask(line: Line) -> str:
        with closing(_Repository(reference, access, line)) as repository:
            return repository.digest(reference.pointer)

    return await in_time(reference.host, access, ask)


async def is_public(reference: Reference, access: RegistryAccess = OPEN) -> bool:
    """Whether the registry delivers it without sign-in. Raises RegistryUnavailable, NotListed."""

    def ask(line: Line) -> str:
        with closing(_Repository(reference, access, line, anonymous=True)) as repository:
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
    with closing(line), closing(_Repository(reference, access, line)) as repository:
        body = repository.ask("GET", f"blobs/{digest}").content
    if not image_manifests.is_of(digest, body):
        raise RegistryDenied(f"{reference.host} gives another configuration than {digest}")
    try:
        parsed = json.loads(body)
    except _NOT_SO as error:
        raise RegistryDenied(f"{reference.host} has no configuration of an image under {digest}") from error
    return parsed if isinstance(parsed, dict) else {}


async def chart(reference: Reference, access: RegistryAccess = OPEN, *, largest: int) -> tuple[str, bytes]:
    """The digest of a Helm chart's manifest, and its archive (HIP-6). Raises what `digest` raises."""

    def ask(line: Line) -> tuple[str, bytes]:
        with closing(_Repository(reference, access, line)) as repository:
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
                    raise RegistryUnavailable(f"{reference.host} broke off the chart: {_plain(error)}") from error
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


async def copy(source: Reference, target: Reference, access: RegistryAccess = OPEN) -> str:
    """Copies the source's manifest and its blobs to the target's tag; returns the digest.

    Blobs that the target has are left alone; those of the same registry are mounted, others streamed through. Copying
    again changes nothing. Raises what `digest` raises.
    """

    def carry(line: Line) -> str:
        with closing(_Repository(source, access, line)) as old, closing(_Repository(target, access, line)) as new:
            return _Copying(old, new).run()

    return await in_time(source.host, access, carry)


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


class _Repository:
    """One repository of one registry, used with blocking requests."""

    def __init__(self, reference: Reference, access: RegistryAccess, line: Line, *, anonymous: bool = False) -> None:
        self.reference = reference
        self.session = registry_access.session(reference.host, access, line)
        self.auth = oras.auth.get_auth_backend("token", self.session, insecure=reference.insecure)
        self.plainly: dict[str, str] = {}
        if not anonymous:
            known = docker.utils.config.find_config_file()  # the library does not know DOCKER_CONFIG
            self.auth.load_configs(oras.container.Container(str(reference)), [known] if known else None)
        host = registry_access.asked(reference.host)
        self.base = f"{'http' if reference.insecure else 'https'}://{host}/v2/{reference.path}/"

    def close(self) -> None:
        """Closes the connections."""
        self.session.close()

    def ask(self, method: str, path: str, *, expect: tuple[int, ...] = (200,), **how: Any) -> requests.Response:
        """Sends one request; signs in if required. Answers outside `expect` become Sealane's errors."""
        url = urljoin(self.base, path)
        headers = {**how.pop("headers", {})}
        try:
            if self.plainly:
                headers |= self.plainly
            elif getattr(self.auth, "token", None):
                headers |= self.auth.get_auth_header()
            answer = self.session.request(method, url, headers=headers, **how)
            if answer.status_code in {401, 403} and not isinstance(how.get("data"), _Stream):
                headers, changed = self._sign_in(answer, headers)
                if changed:
                    answer = self.session.request(method, url, headers=headers, **how)
        except requests.exceptions.RequestException as error:
            raise RegistryUnavailable(f"the registry {self.reference.host} did not answer: {_plain(error)}") from error
        except oras.auth.AuthenticationException as error:
            raise self._denied(str(error)) from error
        except _NOT_SO as error:  # the library expects well-formed answers of a registry
            raise self._denied("it says nothing useful about how to sign in") from error
        if answer.status_code in expect:
            return answer
        raise self._error(answer)

    def _sign_in(self, answer: requests.Response, headers: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        """What to send with the next attempt, and whether that may help.

        Some registries want the password with each request, as with `htpasswd`; the library only supports those that
        name a token server.
        """
        if not answer.headers.get("WWW-Authenticate", "").lower().startswith("basic"):
            signed_in: tuple[dict[str, Any], bool] = self.auth.authenticate_request(answer, headers)
            return signed_in
        password = getattr(self.auth, "_basic_auth", None)
        if not password or self.plainly:
            return headers, False
        self.plainly = {"Authorization": f"Basic {password}"}
        return headers | self.plainly, True

    def manifest(self, pointer: str) -> tuple[bytes, str]:
        """The manifest's bytes, unchanged, and their media type. Raises RegistryDenied for an unrequested type."""
        answer = self.ask("GET", f"manifests/{pointer}", headers=dict(_ACCEPT))
        if ":" in pointer and not image_manifests.is_of(pointer, answer.content):
            raise RegistryDenied(f"{self.reference.host} gives another manifest than {pointer}")
        return answer.content, answer.headers.get("Content-Type", _MANIFESTS[0]).split(";")[0]

    def digest(self, pointer: str) -> str:
        answer = self.ask("HEAD", f"manifests/{pointer}", headers=dict(_ACCEPT))
        if known := answer.headers.get("Docker-Content-Digest"):
            if not references.is_digest(known):
                raise RegistryDenied(f"{self.reference.host} names {self.reference} by something that is no digest")
            return known
        return image_manifests.digest_of(self.manifest(pointer)[0])

    def _denied(self, why: str) -> RegistryDenied:
        host = self.reference.host
        return RegistryDenied(f"{host} refuses {self.reference.path}: {why}", hint=f"sign in with: docker login {host}")

    def _error(self, answer: requests.Response) -> SealaneError:
        said = _said(answer)
        if answer.status_code in {401, 403}:
            return self._denied(said)
        if answer.status_code == 404:
            return ImageMissing(f"{self.reference} is not in its registry: {said}")
        return RegistryUnavailable(f"the registry {self.reference.host} answered {answer.status_code}: {said}")


class _Stream:
    """A body that is read once and has a known length: otherwise, it is sent in chunks, whatever its headers say.

    It has exactly that many bytes or fails: further bytes would be the next request on the connection.
    """

    def __init__(self, host: str, chunks: Iterator[bytes], size: int) -> None:
        self._host = host
        self._chunks = chunks
        self._size = size

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[bytes]:
        left = self._size
        for chunk in self._chunks:
            left -= len(chunk)
            if left < 0:
                break
            yield chunk
        if left:
            raise RegistryDenied(f"{self._host} gives a layer of another length than its manifest says")


class _Copying:
    def __init__(self, old: _Repository, new: _Repository) -> None:
        self.old, self.new = old, new
        self.source, self.target = old.reference, new.reference

    def run(self) -> str:
        return self._manifest(self.source.pointer, self.target.tag, deepest=_DEEPEST)

    def _manifest(self, pointer: str, tag: str | None, *, deepest: int) -> str:
        body, kind = self.old.manifest(pointer)
        try:
            manifest = image_manifests.read(body)
        except ValueError as error:
            raise RegistryDenied(f"{self.source} has no manifest of an image: {error}") from error
        if manifest.manifests and not deepest:
            raise RegistryDenied(f"{self.source} has indexes in indexes, more than {_DEEPEST} deep")
        for child in manifest.manifests or ():
            self._manifest(child.digest, None, deepest=deepest - 1)
        for blob in manifest.blobs:
            self._blob(blob)
        digest = image_manifests.digest_of(body)
        self.new.ask("PUT", f"manifests/{tag or digest}", expect=(201,), data=body, headers={"Content-Type": kind})
        return digest

    def _blob(self, part: image_manifests.Part) -> None:
        if self.new.ask("HEAD", f"blobs/{part.digest}", expect=(200, 404)).status_code == 200:
            return
        same = self.source.host == self.target.host
        wish = {"mount": part.digest, "from": self.source.path} if same else {}
        begun = self.new.ask("POST", "blobs/uploads/", params=wish, expect=(201, 202))
        if begun.status_code == 201:
            return
        with self.old.ask("GET", f"blobs/{part.digest}", stream=True) as blob:
            place = urljoin(begun.url, begun.headers["Location"])
            headers = {"Content-Type": "application/octet-stream"}
            chunks = blob.raw.stream(_CHUNK, decode_content=False)
            body = _Stream(self.source.host, chunks, part.size)
            self.new.ask("PUT", place, expect=(201,), params={"digest": part.digest}, data=body, headers=headers)


def _said(answer: requests.Response) -> str:
    """The registry's own message, shortened."""
    try:
        first = answer.json()["errors"][0]
        return f"{first.get('code', '')} {first.get('message', '')}".strip()[:200]
    except _NOT_SO:
        return (answer.text or answer.reason or "no reason given").strip()[:200]


def _plain(error: Exception) -> str:
    return str(error).rsplit(": ", 1)[-1].strip("')\"")[:200]
