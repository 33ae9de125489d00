"""Addresses of objects in buckets, as commits write them."""

from __future__ import annotations

import pytest

from sealane.charts import buckets
from sealane.charts.buckets import BucketObject
from sealane.charts.model import RemoteChart

DIGEST = f"sha256:{'0' * 64}"


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("s3://team-values/shop/base.yaml", ("team-values", "shop/base.yaml", None, None)),
        (f"s3://b.c/x.yaml@{DIGEST}", ("b.c", "x.yaml", None, DIGEST)),
        (f"s3://b.c/x.yaml?versionId=3/L4k_.+=-@{DIGEST}", ("b.c", "x.yaml", "3/L4k_.+=-", DIGEST)),
    ],
)
def test_an_address_is_read_and_written_alike(written: str, parts: tuple[str | None, ...]) -> None:
    read = buckets.parse(written)
    assert read is not None
    assert (read.bucket, read.key, read.version, read.digest) == parts
    assert str(read) == written


@pytest.mark.parametrize(
    "written",
    [
        "deploy/values.yaml",
        "s3://bucket",
        "s3://Bucket/x",
        "s3://bucket/",
        "s3://bucket/x?y=1",
        "s3://bucket/x@sha256:1",
    ],
)
def test_another_text_is_no_address(written: str) -> None:
    assert buckets.parse(written) is None


@pytest.mark.parametrize(
    ("folder", "address", "archive"),
    [
        ("", "web-1.tgz", "s3://charts/web-1.tgz"),
        ("/stable/", "./web-1.tgz", "s3://charts/stable/web-1.tgz"),
        ("/stable", "s3://charts/stable/web-1.tgz", "s3://charts/stable/web-1.tgz"),
        ("/stable", "https://example.com/web-1.tgz", None),
    ],
)
def test_archives_are_beside_their_index_or_where_it_says(folder: str, address: str, archive: str | None) -> None:
    index = buckets.index_of(RemoteChart(repository=f"s3://charts{folder}", name="web", version="1"))
    found: BucketObject | None = buckets.archive_of(index, address)
    assert (str(found) if found else None) == archive
