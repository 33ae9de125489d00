"""Sealane's records of services, task definitions and tasks."""

from __future__ import annotations

from sealane.clients.aws.buckets import Bucket
from sealane.destinations.aws.bucket_records import BucketRecords
from sealane.destinations.ecs.model import Record

Records = BucketRecords[Record]


def of(bucket: Bucket) -> Records:
    """The records of the bucket's account in its region: other regions may share the bucket."""
    return BucketRecords(bucket, Record, root=f"sealane/ecs/{bucket.region}", room="{kind}")
