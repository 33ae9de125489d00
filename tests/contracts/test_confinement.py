"""What a step may do with its machine, on Podman and on Docker: no more than operators let it, and enough to install things."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from sealane.clients.engine.model import Confinement
from sealane.pipelines.model import Healthcheck, StepStatus
from sealane.runners import capabilities
from sealane.runners.docker import ContainerDefaults, DockerRunner
from sealane.runners.model import Workspace
from tests.contracts.sides import Side

MIB = 1024 * 1024
NOT_ALLOWED = {
    "a device": "mknod /tmp/disk b 8 0",
    "raw packets": "ping -c 1 -W 1 127.0.0.1 && grep -q NET_RAW /dev/null",
    "a mount": "mount -t tmpfs none /mnt",
    "the clock": "date -s 2001-01-01; test $(date +%Y) = 2001",
    "the network": "ip link set lo down",
    "another's memory": "cat /proc/kcore > /dev/null",
    "its own limits": "echo 9 > /proc/1/oom_score_adj; ulimit -n 9999999",
}
ALLOWED = {
    "owners": "touch f && chown 12:34 f && test $(stat -c %u:%g f) = 12:34",
    "modes of files of another": "touch g && chown 12 g && chmod 4755 g && test $(stat -c %a g) = 4755",
    "another user": 'su -s /bin/sh nobody -c "id -u" || su nobody -s /bin/sh -c "id -u"',
    "a low port": "timeout 1 nc -l -p 80 || test $? = 143 || test $? = 124",
    "a root elsewhere": "mkdir -p r/bin && cp /bin/busybox r/bin/ && chroot r /bin/busybox true",
    "what it started": "sleep 60 & kill $!",
}


def confined(side: Side, **changes: object) -> Side:
    """The same side, its steps confined otherwise."""
    habits = ContainerDefaults(grace=timedelta(seconds=5), confinement=replace(capabilities.USUAL, **changes))
    return replace(side, runner=DockerRunner(side.engine, owner="a test", habits=habits))


async def prepared(side: Side) -> Side:
    await side.runner.prepare(side.run, Workspace(folder=side.folder))
    return side


@pytest.mark.parametrize("what", NOT_ALLOWED)
async def test_a_step_is_refused(side: Side, what: str) -> None:
    result, said = await side.step(NOT_ALLOWED[what])
    assert result.status is StepStatus.FAILED, said


async def test_a_step_may_do_what_installing_things_takes(side: Side) -> None:
    script = "\n".join(f"echo '== {what}'\n{command}" for what, command in ALLOWED.items())
    result, said = await side.step(script)
    assert result.status is StepStatus.PASSED, said


async def test_a_step_and_a_service_have_the_capabilities_of_the_settings_and_gain_none(side: Side) -> None:
    expected = mask(*capabilities.DEFAULT)
    show = "grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status"
    _, said = await side.step(show)
    assert facts(said) == {"CapEff": expected, "CapBnd": expected, "NoNewPrivs": 1}
    few = await prepared(confined(side, capabilities=("CHOWN", "NET_RAW"), new_privileges=True))
    _, said = await few.step(show)
    assert facts(said) == {"CapEff": mask("CHOWN", "NET_RAW"), "CapBnd": mask("CHOWN", "NET_RAW"), "NoNewPrivs": 0}
    check = Healthcheck(test=("CMD-SHELL", f"{show} > /tmp/facts; test $(grep -c {expected:016x} /tmp/facts) = 2"))
    for given in (check, None):  # Podman makes a container with a check by another API
        _, health = await side.service(command=("sleep", "60"), healthcheck=given)
        assert health.healthy, health


async def test_a_step_without_memory_left_is_told_so(side: Side) -> None:
    small = await prepared(confined(side, memory=48 * MIB))
    result, said = await small.step("exec tail /dev/zero")
    assert result.status is StepStatus.FAILED, said
    assert "memory" in str(result.reason)
    assert "it may use 48 MiB (SEALANE_STEPS__MEMORY)" in str(result.reason)


async def test_a_step_has_so_many_processes_and_no_more(side: Side) -> None:
    few = await prepared(confined(side, pids=40))
    many = "for n in $(seq 1 90); do sleep 9 & done 2>/dev/null; echo all"
    result, said = await few.step(many)
    assert b"all" not in said.splitlines() or result.status is StepStatus.FAILED, said
    result, said = await (await prepared(confined(side, pids=400))).step(many)
    assert (result.status, said) == (StepStatus.PASSED, b"all\n")


def mask(*names: str) -> int:
    """Their bits, as the kernel counts them (linux/capability.h)."""
    bits = {
        "CHOWN": 0,
        "DAC_OVERRIDE": 1,
        "FOWNER": 3,
        "FSETID": 4,
        "KILL": 5,
        "SETGID": 6,
        "SETUID": 7,
        "NET_BIND_SERVICE": 10,
        "NET_RAW": 13,
        "SYS_CHROOT": 18,
        "SETFCAP": 31,
    }
    return sum(1 << bits[name] for name in names)


def facts(said: bytes) -> dict[str, int]:
    lines = (line.split() for line in said.decode().splitlines())
    return {name.rstrip(":"): int(value, 16) for name, value in lines}


def test_unconfined_leaves_all_to_the_engine() -> None:
    assert Confinement() == Confinement(capabilities=None, new_privileges=True, memory=None, pids=None)
