"""Buckets of a real S3-compatible store, with charts and values in them."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from sealane.clients.helm import Helm
from testbed import seaweedfs


@dataclass(frozen=True)
class Buckets:
    """The store, with the bucket `charts`, which keeps versions, and `others`."""

    store: seaweedfs.Store

    def client(self, key: str, secret: str) -> Any:
        return boto3.client(
            "s3",
            region_name="eu-central-1",
            endpoint_url=self.store.address,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            config=Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required"),
        )

    def put(self, key: str, content: bytes, bucket: str = "charts") -> str:
        told = self.client(*self.store.owner).put_object(Bucket=bucket, Key=key, Body=content)
        return str(told.get("VersionId"))

    def publish(self, helm: Helm, folder: Path, *charts: Mapping[str, str]) -> None:
        """Versions of the chart `web` under `stable/`, by their files, with the index that helm writes."""
        folder.mkdir()
        for number, files in enumerate(charts):
            (folder / f"web-1.2.{number}.tgz").write_bytes(_packed(files))
        subprocess.run([helm.program, "repo", "index", "."], cwd=folder, check=True, capture_output=True)
        for path in folder.iterdir():
            self.put(f"stable/{path.name}", path.read_bytes())


@contextmanager
def buckets(folder: Path) -> Iterator[Buckets]:
    """Such a store, for as long as this lasts."""
    with seaweedfs.store(folder) as store:
        there = Buckets(store)
        owner = there.client(*store.owner)
        for bucket in ("charts", "others"):
            owner.create_bucket(Bucket=bucket)
        owner.put_bucket_versioning(Bucket="charts", VersioningConfiguration={"Status": "Enabled"})
        yield there


def _packed(files: Mapping[str, str]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(f"web/{path}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return packed.getvalue()
