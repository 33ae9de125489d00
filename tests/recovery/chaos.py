"""The long form of the recovery tests, with figures: `make chaos`, or `python -m tests.recovery.chaos --help`.

sqlite     workers killed at random moments over a scripted sequence of deployments
postgres   the same on PostgreSQL
weather    the same while the API server is slow, busy and broken, its watches break, and it is away for a minute
relay      the same through a relay; half of the kills are its own
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import cluster
from tests import databases
from tests.storm import Storm, Weather, storm

from . import relay_kills
from .disturbing import Place, Seen, disturb

FORMS = ("sqlite", "postgres", "weather", "relay")
WEATHER = Weather(busy=0.08, broken=0.04, slow=0.3, cut_after=(2.0, 15.0))
AWAY_SECONDS = 60.0
AWAY_EVERY = (60.0, 120.0)


def main() -> int:
    """Goes through the forms asked for; 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.recovery.chaos", description=__doc__.partition("\n")[0])
    parser.add_argument("form", nargs="*", metavar="FORM", help=f"only these of {', '.join(FORMS)}")
    parser.add_argument("--kills", type=int, default=200, help="processes to kill, in all forms together (200)")
    parser.add_argument("--seed", type=int, default=1, help="what the random moments follow from (1)")
    given = parser.parse_args()
    forms = given.form or FORMS
    if unknown := set(forms) - set(FORMS):
        parser.error(f"there is no form {', '.join(sorted(unknown))}")
    broken = [asyncio.run(_play(form, kills=-(-given.kills // len(forms)), seed=given.seed)) for form in forms]
    return int(any(broken))


async def _play(form: str, *, kills: int, seed: int) -> bool:
    bed = cluster.bed()
    begun = time.monotonic()
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="chaos-")))
        namespace = stack.enter_context(cluster.namespace(bed))
        kubeconfig = Path(bed.sealane_kubeconfig)
        weather: Counter[str] = Counter()
        if form == "weather":
            kubeconfig, before = await stack.enter_async_context(storm(kubeconfig, folder, WEATHER, seed=seed))
            await stack.enter_async_context(_absences(before, random.Random(seed)))
            weather = before.seen
        database = stack.enter_context(databases.fresh(bed.postgres_url)) if form == "postgres" else None
        place = Place(bed=bed, namespace=namespace, kubeconfig=kubeconfig, folder=folder, database=database)
        if form == "relay":
            seen = await asyncio.to_thread(
                relay_kills.disturb, place, kills=kills, kills_a_turn=2, seed=seed, tell=_tell
            )
        else:
            seen = await disturb(place, kills=kills, seed=seed, tell=_tell)
    _print(form, seed, seen, weather, time.monotonic() - begun)
    return bool(seen.wrong())


def _tell(words: str) -> None:
    print(f"  {words}", file=sys.stderr)


def _print(form: str, seed: int, seen: Seen, weather: Counter[str], seconds: float) -> None:
    verdicts = ", ".join(f"{number} {verdict}" for verdict, number in sorted(Counter(seen.verdicts).items()))
    print(f"{form}: seed {seed}, {seen.kills} killed over {len(seen.turns)} deployments in {seconds:.0f} s")
    print(f"  verdicts    {verdicts}")
    print(f"  writes      {seen.generation} generations of the Deployment, {sum(seen.jobs.values())} Jobs made")
    if weather:
        print(f"  weather     {', '.join(f'{number} x {name}' for name, number in sorted(weather.items()))}")
    print(f"  broken      {'; '.join(seen.wrong()) or 'nothing'}", flush=True)


@asynccontextmanager
async def _absences(weather: Storm, moments: random.Random) -> AsyncIterator[None]:
    """The API server goes away for a minute, again and again."""

    async def go() -> None:
        while True:
            await asyncio.sleep(moments.uniform(*AWAY_EVERY))
            weather.cut()
            await asyncio.sleep(AWAY_SECONDS)
            weather.hint()

    going = asyncio.create_task(go())
    try:
        yield
    finally:
        going.cancel()
        await asyncio.gather(going, return_exceptions=True)


if __name__ == "__main__":
    sys.exit(main())
