"""A step behaves as the engine's own client makes its container behave: run side by side, on Podman and on Docker."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path

from sealane.pipelines.model import StepStatus
from tests.contracts.own_clients import Did, confined
from tests.contracts.sides import Side

FACTS = {
    "who": "id",
    "umask": "umask",
    "environment": "env | grep -v ^HOSTNAME= | sort",
    "folder": "pwd",
    "mask of ignored, blocked and caught signals": "grep ^Sig[IB] /proc/self/status; grep ^SigIgn /proc/1/status",
    "a child of the background": "sh -c 'grep ^SigIgn /proc/self/status' & wait",
    "capabilities": "grep -E '^(Cap|Seccomp:|NoNewPrivs)' /proc/self/status",
    "limits": "ulimit -a",
    "name and options of the shell": 'echo "$0 $-"',
    "arguments": 'echo "$#"',
    "input": "readlink /proc/self/fd/0",
    "no terminal": "for fd in 0 1 2; do [ -t $fd ] || echo no $fd; done",
    "first process": "cat /proc/1/comm",
    "open files": "ls /proc/self/fd | wc -l",
    "shared memory": "df /dev/shm | tail -n1",
    "priority": "cat /proc/self/oom_score_adj",
    "mounts": "awk '{print $5}' /proc/self/mountinfo | grep -Ev '^/(workspace|etc/resolv.conf)$' | sort",
    "devices": "ls /dev | sort",
    "the workspace": "stat -c '%u:%g %a' .",
    "host names": "cut -f2 /etc/hosts | grep -c localhost || true",
}
"""What a step finds. Each is run by itself; all of them in one container."""

ENDS = {
    "the largest code": "exit 255",
    "a code of the engine's own": "exit 125",
    "a program that is missing": "no-such-program --at all",
    "a program that can't be run": "printf x >plain; chmod 600 plain; ./plain",
    "a failure in a condition": "if false; then :; fi; false || echo or; ! true; false && true; echo on",
    "what is left in the background": "sleep 600 & echo on",
    "an interrupted child": "timeout -s INT 1 sleep 600; echo never",
    "a terminated child": "timeout -s TERM 1 sleep 600; echo never",
    "input that ends at once": "cat; read line || echo none",
    "output without a last line end": "printf abc",
    "bytes that are no text": r"printf '\000\377\200\r\033[31m\n'",
    "both channels": "echo out; echo err >&2; echo out",
    "an orphan": "(sh -c 'sleep 0.2; echo late' &) ; sleep 1; echo done",
    "a hundred thousand lines": "seq 1 100000",
}
"""How a step ends and what it prints; each in a container of its own. What only the shell decides is a unit test's."""


def _theirs(side: Side, folder: Path, script: str) -> Did:
    """What the own client's container does, confined as a step is."""
    return side.client.run(side.image, folder, "sh", "-e", "-c", script, options=confined())


async def test_a_step_finds_what_a_container_of_the_own_client_finds(side: Side) -> None:
    script = "\n".join(f"echo '== {name}'\n{command}" for name, command in FACTS.items())
    theirs = await asyncio.to_thread(_theirs, side, side.folder, script)
    result, said = await side.step(script)
    assert (theirs.code, result.status) == (0, StepStatus.PASSED), said
    assert facts(said) == facts(theirs.said)


async def test_a_step_ends_and_prints_as_with_the_own_client(side: Side) -> None:
    at_once = asyncio.Semaphore(4)

    async def both(name: str, command: str) -> tuple[Did, Did]:
        folders = [side.folder / f"{name}-{who}".replace(" ", "-") for who in ("ours", "theirs")]
        for folder in folders:
            folder.mkdir(mode=0o755)
        async with at_once:
            theirs = await asyncio.to_thread(_theirs, side, folders[1], command)
            spec = {"workdir": f"/workspace/{folders[0].name}"}
            result, said = await side.step(command, **spec)
        assert result.exit_code is not None, (name, result)
        return Did(code=result.exit_code, said=said), theirs

    outcomes = await asyncio.gather(*(both(name, command) for name, command in ENDS.items()))
    wrong = {
        name: (ours, theirs)
        for name, (ours, theirs) in zip(ENDS, outcomes, strict=True)
        if (ours.code, lines(ours.said)) != (theirs.code, lines(theirs.said))
    }
    assert wrong == {}


def lines(said: bytes) -> list[bytes]:
    """What was printed, less the numbers of lines; engines read the two channels in any order."""
    return sorted(re.sub(rb"line \d+: ", b"", said).splitlines(keepends=True))


def facts(said: bytes) -> Mapping[str, str]:
    parts = _known_signals(said.decode()).split("== ")[1:]
    return {name: text for part in parts for name, _, text in [part.partition("\n")]}


def _known_signals(said: str) -> str:
    """Without the signals that C libraries keep to themselves (32 and above): the client passes its parent's on."""
    own = r"(?m)^(Sig\w+:\t)[0-9a-f]{8}([0-9a-f]{8})$"
    return re.sub(own, lambda match: f"{match[1]}{int(match[2], 16) & 0x7FFFFFFF:016x}", said)
