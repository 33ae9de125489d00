"""Statements of IAM policies, as AWS writes them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def policy(statements: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A policy of these statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def statement(
    name: str, actions: Sequence[str], resources: Sequence[str], *, condition: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Allows some actions on some resources."""
    allowed = {"Sid": name, "Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    return {**allowed, **({"Condition": condition} if condition else {})}


def records(partition: str, bucket: str) -> list[dict[str, Any]]:
    """What keeping records in a bucket takes."""
    s3 = f"arn:{partition}:s3:::{bucket}"
    # to be told that an object is not there is to list, too, and such a request has no prefix
    listed = {"StringLikeIfExists": {"s3:prefix": ["sealane/*"]}}
    return [
        statement("Records", ["s3:GetObject", "s3:PutObject"], [f"{s3}/sealane/*"]),
        statement("ListRecords", ["s3:ListBucket"], [s3], condition=listed),
    ]


def partition_of(region: str) -> str:
    """The partition of a region: China and GovCloud are apart."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"
