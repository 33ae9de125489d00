"""Sealane's records of services, task definitions and tasks."""

from __future__ import annotations

from sealane.clients.aws.buckets import Bucket
from sealane.destinations.aws.bucket_records import BucketRecords
from sealane.destinations.ecs.model import Record

Records = BucketRecords[Record]


def of(bucket: Bucket) -> Records:
    """The records in a bucket."""
    return BucketRecords(bucket, Record, root="sealane/ecs", room="{kind}")
