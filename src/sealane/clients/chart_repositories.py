"""Remote charts: from an HTTP repository, an S3 bucket or an OCI registry, identified by digest, unpacked with limits.

A commit names them, so each request follows the rules of a registry client: only listed hosts and buckets, and a password
only for its own host.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
import yaml

from sealane.charts import buckets
from sealane.charts.archive import MOST_BYTES, unpacked
from sealane.charts.buckets import BucketObject
from sealane.charts.model import PackedChart, RemoteChart
from sealane.clients import registry, registry_access
from sealane.clients.aws.chart_buckets import ChartBuckets
from sealane.clients.registry_access import OPEN, Line, RegistryAccess
from sealane.configfiles.documents import MAX_DEPTH
from sealane.errors import NotThere, Refused, Unavailable
from sealane.images import references

_MOST_KEPT = 200
"""Most archives in the folder; the newest stay."""
_PART, _ENDING = "part-", ".tgz"
_DEAD_AFTER = 3600.0
"""Seconds after which nobody is still writing an archive."""
_INDEX = 64 * 1024 * 1024
_VALUES = 1024 * 1024
"""Most bytes of a file of values, as of files in a repository."""
_DEEPEST = 5
"""Levels of an index down to an archive's address."""
_SHOWN, _LONGEST = 10, 40
"""Versions to list when one is missing, and most characters of each."""
_CHUNK = 64 * 1024
_VERSION = re.compile(r"v?([0-9]+(?:\.[0-9]+){0,2})(?:\+.*)?")
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, kw_only=True, slots=True)
class ChartRepositories:
    """Access to remote charts, and the folder that keeps them."""

    access: RegistryAccess = OPEN
    passwords: Mapping[str, str] = field(default_factory=dict, repr=False)
    """`user:password` by the host of an HTTP repository; those of registries are Docker's."""
    buckets: ChartBuckets = field(default_factory=ChartBuckets)
    folder: Path | None = None
    """Keeps archives and values by digest; None: keeps none."""

    async def fetch(self, chart: RemoteChart, *, app: str) -> PackedChart:
        """The chart with its current digest; an archive kept under the requested digest is not fetched again.

        Raises NotThere, Refused and the errors of a registry client.
        """
        bucket = buckets.index_of(chart).bucket if _in_bucket(chart) else None
        if bucket:
            self.buckets.check(bucket, app)
        if chart.digest and (cached := await asyncio.to_thread(self._kept, chart.digest, bucket)):
            return PackedChart(digest=chart.digest, files=(await asyncio.to_thread(unpacked, cached))[1])
        digest, archive = await self._fetched(chart, app)
        _, files = await asyncio.to_thread(unpacked, archive)
        if chart.digest == digest:
            await asyncio.to_thread(self._keep, digest, bucket, archive)
        return PackedChart(digest=digest, files=files)

    async def newest(self, chart: RemoteChart, *, app: str) -> str:
        """The newest version of a chart that is no pre-release. Raises NotThere, Refused and the errors of a registry client."""
        if _in_bucket(chart):
            index = (await self.buckets.read(buckets.index_of(chart), app=app, largest=_INDEX)).content
        elif chart.repository.startswith("oci://"):
            raise Refused(f"{chart.repository} lists no versions of {chart.name}", hint="say which version")
        else:
            host = _host(chart)
            index = await registry.in_time(host, self.access, lambda line: self._index_over_http(chart, host, line))
        entries = await asyncio.to_thread(_entries, index, chart)
        known = {entry.get("version", "") for entry in entries}
        ordered = sorted((order, version) for version in known if (order := _order(version)) is not None)
        if not ordered:
            raise NotThere(f"{chart.repository} has no version of {chart.name} but for pre-releases")
        return ordered[-1][1]

    async def values(self, wanted: BucketObject, *, app: str) -> tuple[BucketObject, bytes]:
        """Values in a bucket, with the version and the digest that they have there; what is kept is not fetched again.

        Raises NotThere, Refused, TooLarge and what an account of AWS raises.
        """
        self.buckets.check(wanted.bucket, app)
        if wanted.digest and (cached := await asyncio.to_thread(self._kept, wanted.digest, wanted.bucket)):
            return wanted, cached
        there = await self.buckets.read(wanted, app=app, largest=_VALUES)
        digest = _digest(there.content)
        if wanted.digest == digest:
            await asyncio.to_thread(self._keep, digest, wanted.bucket, there.content)
        return replace(wanted, version=there.version or wanted.version, digest=digest), there.content

    async def _fetched(self, chart: RemoteChart, app: str) -> tuple[str, bytes]:
        if _in_bucket(chart):
            return await self._in_bucket(chart, app)
        scheme, _, rest = chart.repository.partition("://")
        if scheme == "oci":
            written = f"{rest.rstrip('/')}/{chart.name}:{chart.version.replace('+', '_')}"
            try:
                reference = references.parse(written)
            except ValueError as error:
                raise NotThere(f"{chart.repository} is no registry's address: {error}") from error
            return await registry.chart(reference, self.access, largest=MOST_BYTES)
        host = _host(chart)
        return await registry.in_time(host, self.access, lambda line: self._over_http(chart, host, line))

    def _over_http(self, chart: RemoteChart, host: str, line: Line) -> tuple[str, bytes]:
        base = f"{chart.repository.rstrip('/')}/"
        with closing(registry_access.session(host, self.access, line)) as session:
            index = self._read(session, urljoin(base, "index.yaml"), host, _INDEX)
            try:
                address = urljoin(base, _address(index, chart))
            except ValueError as error:
                raise NotThere(f"{chart.repository} names no address of {chart.name}: {error}") from error
            archive = self._read(session, address, host, MOST_BYTES)
        return _digest(archive), archive

    def _index_over_http(self, chart: RemoteChart, host: str, line: Line) -> bytes:
        with closing(registry_access.session(host, self.access, line)) as session:
            return self._read(session, urljoin(f"{chart.repository.rstrip('/')}/", "index.yaml"), host, _INDEX)

    async def _in_bucket(self, chart: RemoteChart, app: str) -> tuple[str, bytes]:
        index = buckets.index_of(chart)
        listed = await self.buckets.read(index, app=app, largest=_INDEX)
        address = await asyncio.to_thread(_address, listed.content, chart)
        archive = buckets.archive_of(index, address)
        if archive is None:
            raise Refused(f"{index.address} says that {chart.name} is at {address[:200]}, which is in no bucket")
        packed = await self.buckets.read(archive, app=app, largest=MOST_BYTES)
        return _digest(packed.content), packed.content

    def _read(self, session: requests.Session, url: str, host: str, most: int) -> bytes:
        """The body of an answer. Only the repository's own host gets the password."""
        here, password = urlsplit(url).netloc.lower(), self.passwords.get(host)
        basic = base64.b64encode(password.encode()).decode() if password and here == host else None
        try:
            with closing(
                session.get(url, headers={"Authorization": f"Basic {basic}"} if basic else {}, stream=True)
            ) as answer:
                body = b"".join(_bounded(answer, most))
        except requests.exceptions.RequestException as error:
            raise Unavailable(f"the chart repository {host} did not answer: {str(error)[-200:]}") from error
        if answer.status_code in {401, 403}:
            raise Refused(f"{host} wants a password for {url}", hint="operators write it in SEALANE_HELM__PASSWORDS")
        if answer.status_code == 404:
            raise NotThere(f"{url} is not there")
        if answer.status_code != 200:
            raise Unavailable(f"the chart repository {host} answered {answer.status_code}")
        return body

    def _kept(self, digest: str, bucket: str | None) -> bytes | None:
        with suppress(FileNotFoundError):
            return self._file(digest, bucket).read_bytes() if self.folder else None
        return None

    def _keep(self, digest: str, bucket: str | None, archive: bytes) -> None:
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=_PART) as part:
            file = Path(part) / "archive"
            file.write_bytes(archive)
            file.rename(self._file(digest, bucket))
        for left in self.folder.glob(f"{_PART}*"):  # of a process that was killed before
            if time.time() - _written(left) > _DEAD_AFTER:
                shutil.rmtree(left, ignore_errors=True)
        every = sorted(self.folder.glob(f"*{_ENDING}"), key=_written, reverse=True)
        for path in every[_MOST_KEPT:]:
            path.unlink(missing_ok=True)

    def _file(self, digest: str, bucket: str | None) -> Path:
        """What is from a bucket is kept for those only who may read that bucket."""
        assert self.folder is not None, "only a folder keeps"
        name = _digest(f"{bucket} {digest}".encode()) if bucket else digest
        return self.folder / f"{re.sub('[^0-9a-f]', '', name.partition(':')[2])}{_ENDING}"


def _in_bucket(chart: RemoteChart) -> bool:
    return chart.repository.startswith(f"{buckets.SCHEME}://")


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _written(path: Path) -> float:
    """When it was written; 0 for what another process has removed just now."""
    with suppress(FileNotFoundError):
        return path.stat().st_mtime
    return 0.0


def _host(chart: RemoteChart) -> str:
    """The repository's host. Raises NotThere."""
    try:
        return urlsplit(chart.repository).netloc.lower()
    except ValueError as error:
        raise NotThere(f"{chart.repository} is no address: {error}") from error


def _order(version: str) -> tuple[int, ...] | None:
    """What versions are compared by; None for a pre-release, and for what is no version."""
    plain = _VERSION.fullmatch(version)
    return tuple(int(part) for part in plain[1].split(".")) if plain else None


def _address(index: bytes, chart: RemoteChart) -> str:
    """The address of the version's archive. Raises NotThere, Refused."""
    entries = _entries(index, chart)
    for entry in entries:
        if entry.get("version") == chart.version and "urls" in entry:
            return entry["urls"]
    there = ", ".join(entry.get("version", "")[:_LONGEST] for entry in islice(entries, _SHOWN))
    raise NotThere(f"{chart.repository} has no {chart.name} {chart.version}", hint=f"it has {there}")


def _entries(index: bytes, chart: RemoteChart) -> list[dict[str | int, str]]:
    """Version and address of each archive of the chart. Raises NotThere, Refused."""
    entries: dict[str | int, dict[str | int, str]] = {}
    try:
        for path, text in _texts(index):
            if path[:2] == ("entries", chart.name) and path[3:] in {("version",), ("urls", 0)}:
                entries.setdefault(path[2], {})[path[3]] = text
    except (yaml.YAMLError, UnicodeError) as error:
        raise NotThere(f"{chart.repository} has no index of charts") from error
    if not entries:
        raise NotThere(f"{chart.repository} has no chart {chart.name}")
    return list(entries.values())


def _texts(text: bytes) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Each text of a YAML document with its path, event by event.

    An index has megabytes and is not trusted: it is never built in memory, so neither its depth nor its aliases matter.
    Raises yaml.YAMLError, Refused.
    """
    path: list[Any] = []
    """The position in each open list (index) and mapping (key)."""
    keys: list[bool | None] = []
    """For each mapping, whether a key comes next; None for a list."""
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionEndEvent):
            path.pop(), keys.pop()
        elif isinstance(event, yaml.NodeEvent):
            if keys and keys[-1]:
                path[-1], keys[-1] = getattr(event, "value", ""), False
            elif keys:
                path[-1], keys[-1] = (path[-1] + 1, None) if keys[-1] is None else (path[-1], True)
                if isinstance(event, yaml.ScalarEvent) and len(path) <= _DEEPEST:
                    yield tuple(path), event.value
            if isinstance(event, yaml.CollectionStartEvent):
                is_list = isinstance(event, yaml.SequenceStartEvent)
                path.append(-1 if is_list else "")
                keys.append(None if is_list else True)
                if len(path) > MAX_DEPTH:
                    raise Refused("the index of charts is nested too deeply")


def _bounded(answer: requests.Response, most: int) -> Any:
    room = most
    for chunk in answer.iter_content(_CHUNK):
        room -= len(chunk)
        if room < 0:
            raise Refused(f"{urlsplit(answer.url).netloc} gives more than {most} bytes")
        yield chunk
