"""Sealane's records of environments. The service can't store them: changing an environment's tags starts an update."""

from __future__ import annotations

from sealane.clients.aws.buckets import Bucket
from sealane.destinations.aws.bucket_records import BucketRecords
from sealane.destinations.elastic_beanstalk.model import EnvironmentRecord

Records = BucketRecords[EnvironmentRecord]


def of(bucket: Bucket) -> Records:
    """The records of the bucket's account in its region: other regions may share the bucket."""
    return BucketRecords(bucket, EnvironmentRecord, root=f"sealane/beanstalk/{bucket.region}", room="environments")
