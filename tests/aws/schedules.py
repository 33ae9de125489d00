"""EventBridge Scheduler's operations over the account, as its public service model names them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.aws.wire import Answered
from tests.aws.world import World

Form = Mapping[str, Any]
CALLS = {"POST": "CreateSchedule", "PUT": "UpdateSchedule", "GET": "GetSchedule", "DELETE": "DeleteSchedule"}
_REQUIRED = ("ScheduleExpression", "FlexibleTimeWindow", "Target")


def arn_of(name: str) -> str:
    return f"arn:aws:scheduler:eu-central-1:123456789012:schedule/default/{name}"


def _there(world: World, given: Form) -> dict[str, Any]:
    found = world.schedules.get(given["Name"])
    if found is None:
        raise Answered("ResourceNotFoundException", f"Schedule {given['Name']} does not exist.", 404)
    return found


def _kept(world: World, given: Form) -> Form:
    """All of it: what is not given is as if it had never been said."""
    for key in _REQUIRED:
        assert key in given, f"the service wants {key}"
    target = given["Target"]
    assert target["Arn"].startswith("arn:aws:ecs:eu-central-1:123456789012:cluster/"), target
    definition = world.cluster.newest(target["EcsParameters"]["TaskDefinitionArn"])
    if definition is None or definition.arn != target["EcsParameters"]["TaskDefinitionArn"]:
        raise Answered("ValidationException", "Provide an address of a task definition with its revision.")
    world.schedules[given["Name"]] = {"State": "ENABLED", **given}
    return {"ScheduleArn": arn_of(given["Name"])}


def create(world: World, given: Form) -> Form:
    there = world.schedules.get(given["Name"])
    if there and there.get("ClientToken") != given["ClientToken"]:
        raise Answered("ConflictException", f"Schedule {given['Name']} already exists.", 409)
    return _kept(world, given)


def update(world: World, given: Form) -> Form:
    token = _there(world, given).get("ClientToken")
    return _kept(world, {**given, "ClientToken": token})


def get(world: World, given: Form) -> Form:
    fields = {key: value for key, value in _there(world, given).items() if key != "ClientToken"}
    return {**fields, "Arn": arn_of(given["Name"]), "GroupName": "default", "CreationDate": world.now()}


def delete(world: World, given: Form) -> Form:
    _there(world, given)
    del world.schedules[given["Name"]]
    return {}


OPERATIONS: dict[str, Callable[[World, Form], Form]] = {
    "CreateSchedule": create,
    "UpdateSchedule": update,
    "GetSchedule": get,
    "DeleteSchedule": delete,
}
