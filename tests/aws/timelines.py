"""How updates of an environment come along: steps at seconds after the write that starts them.

P is the version before, L the one that is deployed; there are two instances unless a timeline says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tests.aws.environments import Environment

STARTING = "Environment update is starting."
DONE = "Environment update completed successfully."
NEW_VERSION = "New application version was deployed to running EC2 instances."
INSTANCE_DONE = "Instance deployment completed successfully."
NOT_ALL = "During an aborted deployment, some instances may have deployed the new application version."


@dataclass(frozen=True, kw_only=True)
class Update:
    """One update that was accepted."""

    environment: Environment
    request: str
    before: str
    label: str

    def say(self, severity: str, message: str, *, numbered: bool = True) -> Step:
        """An event of it; those about health carry no number of a request."""
        return lambda at: self.environment.say(at, severity, message, self.request if numbered else "")

    def deployed(self, number: int, *, status: str = "Deployed", label: str = "") -> Step:
        """An instance was given its version; a failed one may still run the one before."""

        def step(at: datetime) -> None:
            instance = self.environment.instances[number]
            instance.label, instance.status = label or self.label, status
            instance.deployment = self.environment.deployment

        return step

    def ready(self, label: str | None = None) -> Step:
        """It is over, well or badly."""

        def step(at: datetime) -> None:
            self.environment.move("Ready")
            self.environment.label = self.label if label is None else label
            self.environment.updated = at

        return step

    def fares(self, health: str, *causes: str) -> Step:
        """Another health, and the event of it."""

        def step(at: datetime) -> None:
            words = (
                f"Environment health has transitioned from {self.environment.health} to {health}. {' '.join(causes)}"
            )
            self.environment.fares(health, *causes)
            self.environment.say(at, "INFO" if health in {"Ok", "Info"} else "WARN", words.strip())

        return step


Step = Callable[[datetime], None]
Timeline = Callable[[Update], list[tuple[float, Step]]]


def well(seconds: float = 60) -> Timeline:
    """All instances at once, well."""

    def steps(update: Update) -> list[tuple[float, Step]]:
        each = [
            (seconds - 10, step)
            for number, _ in enumerate(update.environment.instances)
            for step in (update.deployed(number), update.say("INFO", INSTANCE_DONE))
        ]
        return [
            (0, update.say("INFO", STARTING)),
            (5, update.say("INFO", "Deploying new version to instance(s).")),
            (8, update.fares("Info", "Application update in progress (running for 8 seconds).")),
            *each,
            (seconds - 5, update.say("INFO", NEW_VERSION)),
            (seconds, update.say("INFO", DONE)),
            (seconds, update.ready()),
            (seconds + 40, update.fares("Ok")),
        ]

    return steps


def settings(seconds: float = 60) -> Timeline:
    """Options are changed, no version is deployed."""
    return lambda update: [
        (0, update.say("INFO", STARTING)),
        (5, update.say("INFO", "Updating environment configuration settings.")),
        (seconds, update.say("INFO", DONE)),
        (seconds, update.ready(update.before)),
    ]


def rolling(update: Update) -> list[tuple[float, Step]]:
    """Two batches of one, both well."""
    return [
        (0, update.say("INFO", STARTING)),
        (5, update.say("INFO", "Deploying new version to instance(s).")),
        (8, update.say("INFO", "Batch 1: Starting application deployment on instance(s) [i-a].")),
        (9, update.fares("Info", "Application update in progress on 1 instance.")),
        (150, update.deployed(0)),
        (150, update.say("INFO", INSTANCE_DONE)),
        (152, update.say("INFO", "Batch 1: Completed application deployment.")),
        (155, update.say("INFO", "Batch 2: Starting application deployment on instance(s) [i-b].")),
        (300, update.deployed(1)),
        (300, update.say("INFO", INSTANCE_DONE)),
        (302, update.say("INFO", "Batch 2: Completed application deployment.")),
        (310, update.say("INFO", NEW_VERSION)),
        (312, update.say("INFO", DONE)),
        (312, update.ready()),
        (360, update.fares("Ok")),
    ]


def hook_fails(update: Update) -> list[tuple[float, Step]]:
    """A hook of the only instance fails, and no event says in one line that it could not be deployed."""
    return [
        (0, update.say("INFO", STARTING)),
        (5, update.say("INFO", "Deploying new version to instance(s).")),
        (44, update.deployed(0, status="Failed")),
        (45, update.say("ERROR", "Instance deployment failed. For details, see 'eb-engine.log'.")),
        (
            45,
            update.say(
                "ERROR",
                "[Instance: i-a] Command failed on instance. Return code: 1 Output: Engine execution has encountered an error..",
            ),
        ),
        (46, update.say("INFO", "Command execution completed on all instances. Summary: [Successful: 0, Failed: 1].")),
        (47, update.say("ERROR", "Unsuccessful command execution on instance id(s) 'i-a'. Aborting the operation.")),
        (49, update.ready(update.before)),
        (50, update.fares("Degraded", "Application deployment failed at 02:00:45Z with exit status 1.")),
    ]


def batch_2_fails(update: Update) -> list[tuple[float, Step]]:
    """The first batch runs L, the second one P: nobody puts the first one back."""
    cause = 'Incorrect application version found on 1 out of 2 instances. Expected version "v1" (deployment 7).'
    return [
        *rolling(update)[:8],
        (290, update.say("ERROR", "Instance deployment failed. For details, see 'eb-engine.log'.")),
        (291, update.say("ERROR", "Unsuccessful command execution on instance id(s) 'i-b'. Aborting the operation.")),
        (292, update.deployed(1, status="Failed", label=update.before)),
        (293, update.say("ERROR", "Failed to deploy application.")),
        (294, update.say("ERROR", NOT_ALL)),
        (295, update.ready(update.before)),
        (300, update.fares("Warning", cause)),
    ]


def immutable_fails(update: Update) -> list[tuple[float, Step]]:
    """The new fleet never serves, and the service ends it by itself: the old one is as it was."""
    group = "awseb-e-abcdefgh-immutable-stack-AWSEBAutoScalingGroup-1"
    return [
        (0, update.say("INFO", STARTING)),
        (6, update.say("INFO", "Immutable deployment policy enabled. Launching one instance with the new settings to verify health.")),
        (20, update.say("INFO", f"Created temporary auto scaling group {group}.")),
        (60, update.say("INFO", "Added instance [i-c] to your environment.")),
        (120, update.fares("Severe", "ELB processes are not healthy on 1 out of 3 instances.")),
        (840, update.say("ERROR", "Instance id(s) 'i-c' did not pass health check after command execution. Aborting the operation.")),
        (845, update.say("ERROR", "Failed to deploy application.")),
        (860, update.ready(update.before)),
        (880, update.fares("Ok")),
    ]  # fmt: skip


def false_success(update: Update) -> list[tuple[float, Step]]:
    """It says that all went well, and one instance runs P still."""
    return [
        (0, update.say("INFO", STARTING)),
        (5, update.say("INFO", "Deploying new version to instance(s).")),
        (50, update.deployed(0)),
        (50, update.deployed(1, status="Failed", label=update.before)),
        (52, update.say("INFO", "Command execution completed on all instances. Summary: [Successful: 1, Failed: 1].")),
        (58, update.say("INFO", NEW_VERSION)),
        (60, update.say("INFO", DONE)),
        (60, update.ready()),
    ]


def slow(seconds: float, *, said: bool = True) -> Timeline:
    """The command's own time is over at 840 s, and it comes to an end only after that."""
    words = "The following instances have not responded in the allowed command timeout time: [i-a]."
    return lambda update: [
        *([(840, update.say("WARN", words))] if said else []),
        *well(seconds)(update),
    ]


def aborted(update: Update) -> list[tuple[float, Step]]:
    """What is left once somebody has aborted an update in place: those that were done run L."""
    return [
        (1, update.say("INFO", "Environment update is aborting.")),
        (38, update.say("ERROR", NOT_ALL)),
        (40, update.ready(update.before)),
        (41, update.fares("Warning", "Incorrect application version found on 1 out of 2 instances.")),
    ]
