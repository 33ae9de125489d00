"""Health checks of services: run word for word, and an image's own found, on every engine."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from sealane.pipelines.model import NO_CHECK, Healthcheck
from tests.contracts.sides import Side

QUICK = {"interval": timedelta(milliseconds=50), "timeout": timedelta(seconds=20)}
SLEEPS = ("sleep", "300")
WORDS = [
    ("CMD", "sh", "-c", 'test "$#" = 3 && test "$1$2$3" = \'a  b"q"\'', "sh", "a  b", "", '"q"'),
    ("CMD", "test", "two words", "=", "two words"),
    ("CMD", "true"),
    ("CMD-SHELL", 'test "$(printf "a  b")" = "a  b" &&\ntest -d /tmp'),
    ("CMD-SHELL", "true"),
]


@pytest.mark.parametrize("test", WORDS, ids=range(len(WORDS)))
async def test_a_check_is_run_word_for_word(side: Side, test: tuple[str, ...]) -> None:
    _, health = await side.service(command=SLEEPS, healthcheck=Healthcheck(test=test, retries=1, **QUICK))
    assert health.healthy, health.reason


async def test_a_check_that_fails_says_its_last_words(side: Side) -> None:
    check = Healthcheck(test=("CMD", "sh", "-c", "echo 'not  yet'; exit 3"), retries=2, **QUICK)
    _, health = await side.service(command=SLEEPS, healthcheck=check)
    assert health.reason is not None
    assert health.reason.startswith("not healthy after 2 checks; its check said last: not yet (exit code ")


async def test_an_images_own_check_is_found_and_waited_for(side: Side) -> None:
    image = await built(side, 'HEALTHCHECK --interval=1s --retries=60 CMD test -e "/tmp/now ready"')
    begun = asyncio.get_running_loop().time()
    _, health = await side.service(image=image, command=("sh", "-c", "sleep 2; touch '/tmp/now ready'; sleep 300"))
    assert health.healthy, health.reason
    assert asyncio.get_running_loop().time() - begun >= 2


async def test_an_images_check_that_never_passes_is_told(side: Side) -> None:
    image = await built(side, 'HEALTHCHECK CMD ["sh", "-c", "echo  no  luck; exit 7"]')
    _, health = await side.service(image=image, command=SLEEPS, ready_within=timedelta(seconds=1))
    assert health.reason is not None
    assert health.reason.startswith("not healthy within 1s; its check said last: no luck (exit code ")
    _, health = await side.service(image=image, command=SLEEPS, healthcheck=Healthcheck(test=(NO_CHECK,)))
    assert health.healthy, health.reason


async def test_an_image_without_a_check_is_ready_when_it_runs(side: Side) -> None:
    image = await built(side, "HEALTHCHECK NONE")
    _, health = await side.service(image=image, command=SLEEPS)
    assert health.healthy, health.reason


async def built(side: Side, line: str) -> str:
    """An image of this line, built by the engine's own client in Docker's format."""
    folder = Path(str(side.folder)) / "image"
    folder.mkdir(exist_ok=True)
    (folder / "Dockerfile").write_text(f"FROM {side.image}\n{line}\n")
    name = f"localhost/{side.run}:1"
    own_format = ["--format", "docker"] if side.client.name == "podman" else []
    await asyncio.to_thread(side.client, "build", *own_format, "--tag", name, str(folder))
    return name
