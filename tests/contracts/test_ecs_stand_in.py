"""The stand-in of ECS answers the real SDK and keeps the service's rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.aws import ecs, schedules, services
from tests.aws.environments import Illegal
from tests.aws.services import Deployment, Task
from tests.aws.virtual_clock import BEGAN
from tests.aws.world import World
from tests.contracts.aws_stories import Amazon
from tests.contracts.ecs_stories import fresh


@pytest.fixture
def world(aws: Amazon) -> Iterator[World]:
    with aws.port.serving(fresh()) as world:
        yield world


def refused(call: Any, **given: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**given)
    return str(error.value.response["Error"]["Code"])


def test_the_sdk_reads_every_operation(aws: Amazon, world: World) -> None:
    client, logs = aws.account._client("ecs"), aws.account._client("logs")
    where = {"cluster": "shop", "service": "web"}
    second = client.register_task_definition(family="app", containerDefinitions=[])["taskDefinition"]
    begun = client.update_service(**where, taskDefinition=second["taskDefinitionArn"])["service"]
    assert [each["status"] for each in begun["deployments"]] == ["PRIMARY", "ACTIVE"]
    (brief,) = client.list_service_deployments(**where)["serviceDeployments"]
    arn = brief["serviceDeploymentArn"]
    (told,) = client.describe_service_deployments(serviceDeploymentArns=[arn])["serviceDeployments"]
    target = told["targetServiceRevision"]["arn"]
    (known,) = client.describe_service_revisions(serviceRevisionArns=[target])["serviceRevisions"]
    assert known["taskDefinition"] == second["taskDefinitionArn"]
    client.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
    world.clock.advance(120)
    (told,) = client.describe_service_deployments(serviceDeploymentArns=[arn])["serviceDeployments"]
    assert told["status"] == "ROLLBACK_SUCCESSFUL"
    tasks = client.list_tasks(cluster="shop", serviceName="web", desiredStatus="RUNNING")["taskArns"]
    assert {task["lastStatus"] for task in client.describe_tasks(cluster="shop", tasks=tasks)["tasks"]} == {"RUNNING"}
    assert client.list_services(cluster="shop")["serviceArns"] == [begun["serviceArn"]]
    assert client.describe_services(cluster="shop", services=["no"])["failures"][0]["reason"] == "MISSING"
    client.create_service(cluster="shop", serviceName="other", taskDefinition="app", clientToken="one")
    run = client.run_task(cluster="shop", taskDefinition="app")["tasks"][0]["taskArn"]
    for _ in range(2):
        ended = client.stop_task(cluster="shop", task=run, reason="too late")["task"]
        assert (ended["lastStatus"], ended["stopCode"]) == ("STOPPED", "UserInitiated")
    assert logs.get_log_events(logGroupName="/shop", logStreamName="web/app/1")["events"][0]["message"]
    called = {call.op for call in world.calls} | {"DescribeTaskDefinition", "ContinueServiceDeployment"}
    assert called == set(ecs.OPERATIONS)


def test_the_sdk_reads_every_operation_of_schedules(aws: Amazon, world: World) -> None:
    """One is replaced as a whole, made once for a token, and refers to task definitions by their revision."""
    client = aws.account._client("scheduler")
    parameters = {"TaskDefinitionArn": world.cluster.definitions[0].arn}
    target = {"Arn": f"{services.ARN}cluster/shop", "RoleArn": "arn:aws:iam::1:role/run", "EcsParameters": parameters}
    given = {"Name": "nightly", "ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": {"Mode": "OFF"}}
    for _ in range(2):
        made = client.create_schedule(**given, Target=target, Description="d", ClientToken="t")
    assert refused(client.create_schedule, **given, Target=target, ClientToken="u") == "ConflictException"
    assert client.update_schedule(**given, Target=target)["ScheduleArn"] == made["ScheduleArn"]
    told = client.get_schedule(Name="nightly")
    assert (told["State"], told["Target"], told.get("Description")) == ("ENABLED", target, None)
    newest = {**target, "EcsParameters": {"TaskDefinitionArn": "app"}}
    assert refused(client.update_schedule, **given, Target=newest) == "ValidationException"
    client.delete_schedule(Name="nightly")
    assert refused(client.get_schedule, Name="nightly") == "ResourceNotFoundException"
    assert {call.op for call in world.calls} == set(schedules.OPERATIONS)


def test_it_keeps_the_rules_of_the_service(aws: Amazon, world: World) -> None:
    client = aws.account._client("ecs")
    where = {"cluster": "shop", "service": "web"}
    client.register_task_definition(family="app", containerDefinitions=[])
    client.update_service(**where, taskDefinition="app:2")
    world.clock.advance(60)
    (brief,) = client.list_service_deployments(**where)["serviceDeployments"]
    arn = brief["serviceDeploymentArn"]
    assert refused(client.stop_service_deployment, serviceDeploymentArn=arn) == "ConflictException"
    world.cluster.definitions[0].status = "INACTIVE"
    assert refused(client.update_service, **where, taskDefinition="app:1") == "ClientException"
    assert refused(client.update_service, cluster="shop", service="no") == "ServiceNotFoundException"
    one = client.run_task(cluster="shop", taskDefinition="app", clientToken="t")["tasks"][0]["taskArn"]
    again = client.run_task(cluster="shop", taskDefinition="app", clientToken="t")["tasks"][0]["taskArn"]
    assert one == again
    other = {"cluster": "shop", "taskDefinition": "app", "clientToken": "t", "count": 2}
    assert refused(client.run_task, **other) == "ConflictException"
    assert client.update_service(**where, desiredCount=3)["service"]["deployments"][0]["runningCount"] == 3
    assert len(client.list_service_deployments(**where)["serviceDeployments"]) == 1, "scaling is no deployment"


def test_a_step_that_the_service_never_takes_is_the_fixtures_fault() -> None:
    deployment = Deployment(arn="x", target="y", sources=[], created=BEGAN, rollout="z")
    with pytest.raises(Illegal):
        deployment.move("SUCCESSFUL")
    task = Task(arn="x", definition="y", started_by="z", created=BEGAN, status="STOPPED")
    with pytest.raises(Illegal):
        task.run(BEGAN)
