"""The rights that Sealane needs in an account, as an IAM policy. Pure.

The calls are those that the driver makes and no more; a test compares the two. The last statement is what the service does
itself in its caller's name, as its developer guide tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

READS = (
    "DescribeApplicationVersions",
    "DescribeConfigurationSettings",
    "DescribeEnvironmentHealth",
    "DescribeEnvironments",
    "DescribeEvents",
    "DescribeInstancesHealth",
    "RequestEnvironmentInfo",
    "RetrieveEnvironmentInfo",
)
WRITES = ("AbortEnvironmentUpdate", "CreateApplicationVersion", "SwapEnvironmentCNAMEs", "UpdateEnvironment")
_IN_ITS_NAME = (
    "autoscaling:Describe*",
    "autoscaling:ResumeProcesses",
    "autoscaling:SuspendProcesses",
    "cloudformation:DescribeStackEvents",
    "cloudformation:DescribeStackResource",
    "cloudformation:DescribeStackResources",
    "cloudformation:DescribeStacks",
    "elasticloadbalancing:DeregisterInstancesFromLoadBalancer",
    "elasticloadbalancing:RegisterInstancesWithLoadBalancer",
)


def policy(*, region: str, bucket: str, applications: Sequence[str], bundles: Sequence[str] = ()) -> dict[str, Any]:
    """The policy for some applications; `bundles` are further buckets from which bundles are deployed."""
    partition = _partition(region)
    beanstalk = f"arn:{partition}:elasticbeanstalk:{region}:*"
    s3 = f"arn:{partition}:s3:::"
    resources = [
        f"{beanstalk}:{kind}/{application}{rest}"
        for application in applications
        for kind, rest in (("application", ""), ("applicationversion", "/*"), ("environment", "/*"))
    ]
    statements = [
        _statement("Read", [f"elasticbeanstalk:{name}" for name in READS], resources),
        _statement("Deploy", [f"elasticbeanstalk:{name}" for name in WRITES], resources),
        _statement("Records", ["s3:GetObject", "s3:PutObject"], [f"{s3}{bucket}/sealane/*"]),
        {
            **_statement("ListRecords", ["s3:ListBucket"], [f"{s3}{bucket}"]),
            # to be told that an object is not there is to list, too, and such a request has no prefix
            "Condition": {"StringLikeIfExists": {"s3:prefix": ["sealane/*"]}},
        },
    ]
    if bundles:
        statements.append(_statement("Bundles", ["s3:GetObject"], [f"{s3}{name}/*" for name in bundles]))
    own = [f"{s3}elasticbeanstalk-{region}-*", f"{s3}elasticbeanstalk-{region}-*/*"]
    statements += [
        _statement("ServiceInItsCallersName", list(_IN_ITS_NAME), ["*"]),
        _statement("BucketOfTheService", ["s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject"], own),
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _statement(name: str, actions: Sequence[str], resources: Sequence[str]) -> dict[str, Any]:
    return {"Sid": name, "Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def _partition(region: str) -> str:
    """As AWS names them: China and GovCloud are apart."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"
