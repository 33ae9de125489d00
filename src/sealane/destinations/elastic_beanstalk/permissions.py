"""The rights that Sealane needs in an account, as an IAM policy. Pure.

The calls are those that the driver makes and no more; a test compares the two. The last statement is what the service does
itself in its caller's name, as its developer guide tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sealane.destinations.aws import policies

READS = (
    "DescribeApplicationVersions",
    "DescribeConfigurationSettings",
    "DescribeEnvironmentHealth",
    "DescribeEnvironmentManagedActionHistory",
    "DescribeEnvironmentManagedActions",
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


CLEANUP = "DeleteApplicationVersion"


def with_cleanup(given: dict[str, Any]) -> dict[str, Any]:
    """The policy, for a destination that deletes old versions, too."""
    statements = [
        {**each, "Action": [*each["Action"], f"elasticbeanstalk:{CLEANUP}"]} if each["Sid"] == "Deploy" else each
        for each in given["Statement"]
    ]
    return {**given, "Statement": statements}


def policy(*, region: str, bucket: str, applications: Sequence[str], bundles: Sequence[str] = ()) -> dict[str, Any]:
    """The policy for some applications; `bundles` are further buckets from which bundles are deployed."""
    partition = policies.partition_of(region)
    beanstalk = f"arn:{partition}:elasticbeanstalk:{region}:*"
    s3 = f"arn:{partition}:s3:::"
    resources = [
        f"{beanstalk}:{kind}/{application}{rest}"
        for application in applications
        for kind, rest in (("application", ""), ("applicationversion", "/*"), ("environment", "/*"))
    ]
    statements = [
        policies.statement("Read", [f"elasticbeanstalk:{name}" for name in READS], resources),
        policies.statement("Deploy", [f"elasticbeanstalk:{name}" for name in WRITES], resources),
        *policies.records(partition, bucket),
    ]
    if bundles:
        statements.append(policies.statement("Bundles", ["s3:GetObject"], [f"{s3}{name}/*" for name in bundles]))
    own = [f"{s3}elasticbeanstalk-{region}-*", f"{s3}elasticbeanstalk-{region}-*/*"]
    statements += [
        policies.statement("ServiceInItsCallersName", list(_IN_ITS_NAME), ["*"]),
        policies.statement(
            "BucketOfTheService", ["s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject"], own
        ),
    ]
    return policies.policy(statements)
