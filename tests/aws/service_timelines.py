"""How deployments of a service come along: steps at seconds after the write that starts them."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.aws.cluster import Roll, Step, Timeline

PULL = (
    "CannotPullContainerError: pull image manifest has been retried 1 time(s): registry.example.com/shop:2: not found"
)
BREAKER = "ECS deployment circuit breaker: tasks failed to start."


def rolling(roll: Roll) -> list[tuple[float, Step]]:
    """New tasks run after 40 s, old ones drain for five minutes."""
    return [
        (5, roll.say("has reached a steady state.")),
        (40, roll.started(roll.service.desired)),
        (45, roll.say(f"has started {roll.service.desired} tasks.")),
        (340, roll.drained()),
        (345, roll.well()),
    ]


def quick(roll: Roll) -> list[tuple[float, Step]]:
    """The same, without draining."""
    return [(20, roll.started(roll.service.desired)), (30, roll.drained()), (35, roll.well())]


def nothing_to_start(roll: Roll) -> list[tuple[float, Step]]:
    """No task is desired."""
    return [(2, roll.drained()), (5, roll.well())]


def breaker(roll: Roll) -> list[tuple[float, Step]]:
    """No task can pull its image; the circuit breaker rolls back."""
    return [
        *[(20 + 30 * number, roll.fails(PULL)) for number in range(3)],
        (120, roll.goes_back(BREAKER, breaker=True)),
        (125, roll.say(f"(deployment {roll.rollout.id}) deployment failed: tasks failed to start.")),
        (200, roll.back()),
    ]


def breaker_without_rollback(roll: Roll) -> list[tuple[float, Step]]:
    """The circuit breaker gives it up, and leaves it there."""

    def given_up(at: datetime) -> None:
        roll.deployment.breaker = "TRIGGERED"
        roll.rollout.end("FAILED", BREAKER)
        roll.deployment.move("STOP_REQUESTED")
        roll.deployment.move("STOPPED", at=at, reason=BREAKER)

    return [*[(20 + 30 * number, roll.fails(PULL)) for number in range(3)], (120, given_up)]


def crash_loop(roll: Roll) -> list[tuple[float, Step]]:
    """Tasks run, and end after 20 s, without end: nothing ever gives it up, and the old ones are gone soon."""
    steps: list[tuple[float, Step]] = [(25, roll.drained())]
    for number in range(100):
        steps.append((20 + 40 * number, roll.started(2)))
        for _ in range(2):
            ends = roll.fails("Essential container in task exited", code="EssentialContainerExited", exit_code=1)
            steps.append((40 + 40 * number, ends))
    return steps


def stuck(roll: Roll) -> list[tuple[float, Step]]:
    """The service may neither stop an old task nor start a new one."""
    words = (
        "was unable to stop or start tasks during a deployment because of the service deployment configuration. "
        "Update the minimumHealthyPercent or maximumPercent value and try again."
    )
    return [(60, roll.say(words))]


def stopped(roll: Roll) -> list[tuple[float, Step]]:
    """What follows when somebody has a deployment rolled back."""
    return [(1, roll.goes_back("Service deployment rolled back by user.")), (60, roll.back())]


def then(timeline: Timeline, seconds: float, does: Step) -> Timeline:
    """The timeline, and something that somebody else does on the way."""
    return lambda roll: [*timeline(roll), (seconds, does)]


def staged(roll: Roll) -> list[tuple[float, Step]]:
    """Blue and green, to the end of its test traffic, where it waits for somebody."""
    hook = {"hookId": "approve", "targetType": "PAUSE", "status": "AWAITING_ACTION", "timeoutAction": "ROLLBACK"}

    def waits(at: datetime) -> None:
        roll.deployment.hooks = [{**hook, "expiresAt": at + timedelta(days=1)}]

    return [
        (5, lambda at: roll.deployment.at_stage("SCALE_UP")),
        (30, roll.started(roll.service.desired)),
        (40, lambda at: roll.deployment.at_stage("TEST_TRAFFIC_SHIFT")),
        (50, lambda at: roll.deployment.at_stage("POST_TEST_TRAFFIC_SHIFT")),
        (51, waits),
    ]


def shifted(roll: Roll) -> list[tuple[float, Step]]:
    """From there on, well."""
    return [
        *_shift(roll),
        (340, lambda at: roll.deployment.at_stage("CLEAN_UP")),
        (345, roll.drained()),
        (350, roll.well()),
    ]


def alarm_in_bake(roll: Roll) -> list[tuple[float, Step]]:
    """All traffic is on the new tasks, and an alarm rings."""
    first = [step for step in staged(roll) if step[0] <= 40]
    return [
        *first,
        *[(50 + seconds, step) for seconds, step in _shift(roll)],
        (200, roll.goes_back("Service deployment rolled back because of an alarm.", alarms=("errors-high",))),
        (260, roll.back()),
    ]


def alarm_and_stuck(roll: Roll) -> list[tuple[float, Step]]:
    """The same, and going back fails as well."""

    def fails(at: datetime) -> None:
        roll.service.primary.end("FAILED", "tasks failed to start")
        roll.deployment.move("ROLLBACK_FAILED", at=at)

    return [*alarm_in_bake(roll)[:-1], (260, fails)]


def _shift(roll: Roll) -> list[tuple[float, Step]]:
    def all_of_it(at: datetime) -> None:
        roll.deployment.weight = 100.0

    return [
        (5, lambda at: roll.deployment.at_stage("PRODUCTION_TRAFFIC_SHIFT")),
        (10, all_of_it),
        (20, lambda at: roll.deployment.at_stage("BAKE_TIME")),
    ]


def paused(stage: str, hook: str, *, seconds: float = 40) -> Timeline:
    """From there on up to a stage at which it waits for somebody, for a day at most; then it goes back."""

    def timeline(roll: Roll) -> list[tuple[float, Step]]:
        told = {"hookId": hook, "targetType": "PAUSE", "status": "AWAITING_ACTION", "timeoutAction": "ROLLBACK"}

        def waits(at: datetime) -> None:
            roll.deployment.at_stage(stage)
            roll.deployment.hooks.append({**told, "expiresAt": at + timedelta(days=1)})

        began = [] if roll.service.running(roll.rollout.id) else [(30.0, roll.started(roll.service.desired))]
        late = seconds + 86400
        expired = roll.goes_back("Service deployment rolled back because a lifecycle hook timed out.")
        return [*began, (seconds, waits), (late, expired), (late + 60, roll.back())]

    return timeline


def in_steps(roll: Roll) -> list[tuple[float, Step]]:
    """Traffic is shifted by a tenth at first, later by more."""

    def weigh(weight: float) -> Step:
        def step(_: datetime) -> None:
            roll.deployment.weight = weight

        return step

    return [
        (5, lambda at: roll.deployment.at_stage("PRODUCTION_TRAFFIC_SHIFT")),
        *[(10 + 60 * number, weigh(weight)) for number, weight in enumerate((10.0, 40.0, 70.0, 100.0))],
        (250, lambda at: roll.deployment.at_stage("BAKE_TIME")),
        (550, lambda at: roll.deployment.at_stage("CLEAN_UP")),
        (555, roll.drained()),
        (560, roll.well()),
    ]


def then_paused(stage: str, hook: str) -> Timeline:
    """All traffic is shifted, and it waits once more."""

    def timeline(roll: Roll) -> list[tuple[float, Step]]:
        return [step for step in in_steps(roll) if step[0] < 250] + paused(stage, hook, seconds=240)(roll)

    return timeline


def to_the_end(roll: Roll) -> list[tuple[float, Step]]:
    """It has all traffic already."""
    return [
        (5, lambda at: roll.deployment.at_stage("BAKE_TIME")),
        (305, lambda at: roll.deployment.at_stage("CLEAN_UP")),
        (310, roll.drained()),
        (315, roll.well()),
    ]
