"""One repository of an OCI registry (distribution-spec v1.1), asked in blocking requests, and its errors as Sealane's.

Signing in is the `oras` library's: tokens, basic, Docker's config file and its credential helpers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import docker.auth
import docker.errors
import docker.utils.config
import oras.auth
import oras.container
import requests

from sealane.clients import image_manifests, registry_access
from sealane.clients.registry_access import Line, RegistryAccess
from sealane.errors import Refused, SealaneError, Unavailable
from sealane.images import references
from sealane.images.references import Reference

_INDEXES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")


_MANIFESTS = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")


_ACCEPT = {"Accept": ", ".join((*_INDEXES, *_MANIFESTS))}


NOT_SO = (AttributeError, TypeError, ValueError, LookupError, RecursionError)
"""The library's exceptions for answers that violate the specification."""


class RegistryUnavailable(Unavailable):
    """The registry did not answer, or answered that it can't now."""


class RegistryDenied(Refused):
    """The registry refused the credentials, or the account lacks the right."""


class ImageMissing(SealaneError):
    """The registry has no such repository, tag or digest."""

    http_status = 404
    exit_code = 1


class Repository:
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
            if answer.status_code in {401, 403} and not isinstance(how.get("data"), Stream):
                headers, changed = self._sign_in(answer, headers)
                if changed:
                    answer = self.session.request(method, url, headers=headers, **how)
        except requests.exceptions.RequestException as error:
            raise RegistryUnavailable(f"the registry {self.reference.host} did not answer: {plain(error)}") from error
        except oras.auth.AuthenticationException as error:
            raise self._denied(str(error)) from error
        except NOT_SO as error:  # the library expects well-formed answers of a registry
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
        message = _said(answer)
        if answer.status_code in {401, 403}:
            return self._denied(message)
        if answer.status_code == 404:
            return ImageMissing(f"{self.reference} is not in its registry: {message}")
        return RegistryUnavailable(f"the registry {self.reference.host} answered {answer.status_code}: {message}")


class Stream:
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


def _said(answer: requests.Response) -> str:
    """The registry's own message, shortened."""
    try:
        first = answer.json()["errors"][0]
        return f"{first.get('code', '')} {first.get('message', '')}".strip()[:200]
    except NOT_SO:
        return (answer.text or answer.reason or "no reason given").strip()[:200]


def plain(error: Exception) -> str:
    return str(error).rsplit(": ", 1)[-1].strip("')\"")[:200]
