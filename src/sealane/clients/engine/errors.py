"""Meanings of an engine's errors: the SDK's exceptions become Sealane's here and never leave this module."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import docker.errors
import requests
import urllib3.exceptions

from sealane.errors import SealaneError, Unavailable


class EngineUnavailable(Unavailable):
    """No container engine answers, or it stopped answering."""


class EngineFailed(Unavailable):
    """The engine answered that it could not do it: its disk is full, its network has no addresses left, …"""


class ProcessGone(EngineFailed):
    """A process that the engine looked at had ended meanwhile."""


class EngineTooSlow(EngineUnavailable):
    """The engine answers, but took too long."""


class ImageMissing(SealaneError):
    """The engine does not have the image, and no registry delivers it."""

    exit_code = 1


class CannotExecute(SealaneError):
    """The image exists, but its program is missing or can't be run."""

    exit_code = 1

    def names(self, program: str) -> bool:
        """Whether the error is about this program; engines have no field for it."""
        return program in self.message


class ArgumentsTooLong(CannotExecute):
    """Arguments and environment together are larger than the kernel allows for a program."""


class UserMissing(CannotExecute):
    """The image has no user, or group, of the requested name."""


class ContainerMissing(SealaneError):
    """The engine has no container of that name."""


class NameTaken(SealaneError):
    """The engine already has something of that name."""


DISK_FULL = ("no space left on device", "disk quota exceeded", "enospc")
_NO_ADDRESSES = ("non-overlapping ipv4 address pool", "no free subnet", "could not find free subnet")
_NOT_EXECUTABLE = (
    "executable file not found",
    "executable file `",
    "exec format error",
    "no such file or directory: oci",
    "not a directory: oci",
    "exec: ",
    "error locating executable",
    "permission denied: oci",
)
_NO_SUCH_IMAGE = ("no such image", "image not known", "unable to find a name and tag match")
_TOO_LONG = ("argument list too long",)
_NO_SUCH_USER = (
    "unable to find user",
    "unable to find group",
    "unknown user error",
    "unknown group error",
    "no matching entries in passwd",
    "no matching entries in group",
)
_NO_SUCH_CONTAINER = ("no such container", "does not exist in database")
_TAKEN = ("already in use", "already exists", "already used")
_MEANINGS: Mapping[tuple[str, ...], type[SealaneError]] = {
    _NO_SUCH_IMAGE: ImageMissing,
    _TOO_LONG: ArgumentsTooLong,
    _NO_SUCH_USER: UserMissing,
    _NOT_EXECUTABLE: CannotExecute,
    _NO_SUCH_CONTAINER: ContainerMissing,
    _TAKEN: NameTaken,
}
"""Parts of engines' messages and their errors; the first match counts."""
NOT_GIVEN = (
    "manifest unknown",
    "name unknown",
    "repository name not known",
    "repository does not exist",
    "pull access denied",
    "access to the resource is denied",
    "access to the requested resource is not authorized",
    "authentication required",
    "unauthorized",
    "not found: manifest",
    "no such image",
    "invalid reference format",
    "short-name",
    "unsupported manifest",
    "no image found in manifest list",
    "no matching manifest",
    "not found",
)
"""Messages of registries and engines about images that won't appear by waiting."""


@contextmanager
def translated(address: str) -> Iterator[None]:
    """Converts exceptions of the SDK and its transport to Sealane's; `address` is the engine's, for people."""
    try:
        yield
    except docker.errors.APIError as error:
        raise meaning(error.status_code or 0, str(error.explanation or error)) from error
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise gone(address, error) from error
    except docker.errors.DockerException as error:
        raise EngineFailed(f"the engine at {address} can't be used: {_one_line(str(error))}") from error


def gone(address: str, error: Exception) -> EngineUnavailable:
    """The error of an engine that stopped answering."""
    text = _one_line(str(error))
    slow = isinstance(error, requests.exceptions.Timeout)
    why = "it took too long" if slow else _root_cause(error) or text
    return (EngineTooSlow if slow else EngineUnavailable)(
        f"the container engine at {address} does not answer: {why}",
        hint="see that it runs: `docker version` or `systemctl status docker podman.socket`",
    )


def engine_says(text: str) -> EngineFailed:
    """The error for the engine's own failure, with the hint that people need most often."""
    lower = text.lower()
    if any(words in lower for words in DISK_FULL):
        return EngineFailed(
            f"the engine's disk is full: {_one_line(text)}",
            hint="free some: `docker system prune` or `podman system prune`",
        )
    if any(words in lower for words in _NO_ADDRESSES):
        return EngineFailed(
            f"the engine has no addresses left for another network: {_one_line(text)}",
            hint="remove unused ones: `docker network prune` or `podman network prune`",
        )
    return EngineFailed(f"the container engine says: {_one_line(text)}")


def meaning(status: int, text: str) -> SealaneError:
    """The error for an engine's HTTP response, from its status and message."""
    lower = text.lower()
    if any(words in lower for words in DISK_FULL):
        return engine_says(text)
    for words, kind in _MEANINGS.items():
        if any(word in lower for word in words):
            return kind(_one_line(text))
    if status == 404:
        return ContainerMissing(_one_line(text))
    if status == 409:
        return NameTaken(_one_line(text))
    if "no such process" in lower:
        return ProcessGone(engine_says(text).message)
    return engine_says(text)


def _root_cause(error: BaseException) -> str | None:
    """The innermost operating system error's own words, such as "Connection refused"."""
    cause: str | None = None
    current: BaseException | None = error
    while current is not None:
        if isinstance(current, OSError) and current.strerror:
            cause = current.strerror.lower()
        current = current.__cause__ or current.__context__
    return cause


def _one_line(text: str) -> str:
    return " ".join(text.split())[:600]
