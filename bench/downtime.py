"""`python -m bench.downtime`: requests that fail while versions take each other's place, for each strategy.

    python -m bench.downtime [ROW …] [--rollouts 5] [--rate 60] [--seed 1] [--json]

One row after the other: two pods of a small web server behind a Service, in a namespace of their own. New connections
come at a fixed rate over the Service's address, one request each, never a retry (`bench/load.py`), while versions are
deployed with `sealane deploy`, one after the other without a pause. The seed decides which of them end as soon as they
start and are taken back: about a fifth. Ends with 0 when no request failed where none may, and some did in the control, whose
strategy has an outage: a load generator that notices nothing there would notice nothing anywhere. Needs the test bed.

"Without preStop" is an application that ends the moment it is told to, while nodes still send it new connections: rolling
alone can't help it. Draining can, and so can blue-green, whose old colour is asked to end long after its last connection.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import cluster, machine
from bench.demo import places
from testbed.record import Bed

BAD = 0.2
"""The share of versions that end as soon as they start."""
_SERVER = """
import http.server, os, signal, sys
if os.environ["GOOD"] == "no": sys.exit("this version is broken")
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *words): pass
class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
Server(("", 8080), Answer).serve_forever()
"""
_BLUE_GREEN = {"blue_green": {"keep_old_for": "4s"}}
_CANARY = {"canary": {"steps": [{"weight": 33}, {"pause": "1s"}, {"weight": 50}]}}
_ROLLING = {"rolling": {"max_unavailable": 0, "max_surge": 1}}


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One row: how it is rolled out, and what is asked of it."""

    name: str
    strategy: dict[str, Any]
    pre_stop: bool = True
    may_fail: str | None = None
    """Why requests may fail here; None where none may."""


CONTROL = Case(name="recreate (the control)", strategy={"recreate": {}}, may_fail="there is an outage")
CASES = {
    "rolling": Case(name="rolling", strategy=_ROLLING),
    "blue_green": Case(name="blue-green", strategy=_BLUE_GREEN),
    "canary": Case(name="canary", strategy=_CANARY),
    "blue_green_bare": Case(name="blue-green without preStop", strategy=_BLUE_GREEN, pre_stop=False),
    "rolling_drained": Case(
        name="rolling without preStop, drain 5s", strategy=_ROLLING | {"drain": "5s"}, pre_stop=False
    ),
    "rolling_bare": Case(
        name="rolling without preStop", strategy=_ROLLING, pre_stop=False, may_fail="the app ends at once"
    ),
    "control": CONTROL,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """What came of a row."""

    case: Case
    verdicts: dict[str, int]
    tally: dict[str, Any]

    @property
    def good(self) -> bool:
        """Whether it is as it must be."""
        if self.case is CONTROL:
            return bool(self.tally["failed"])
        return bool(self.case.may_fail) or not self.tally["failed"]

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {"case": self.case.name, "verdicts": self.verdicts, "load": self.tally, "good": self.good}


def main() -> int:
    """Measures every row, or those that are named."""
    parser = argparse.ArgumentParser(prog="python -m bench.downtime", description=str(__doc__).partition("\n")[0])
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"only these of {', '.join(CASES)}")
    parser.add_argument("--rollouts", type=int, default=5, help="versions deployed in each row")
    parser.add_argument("--rate", type=float, default=60.0, help="new connections a second")
    parser.add_argument("--seed", type=int, default=1, help="decides which versions fail")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    asked = parser.parse_args()
    if unknown := sorted(set(asked.rows) - set(CASES)):
        parser.error(f"there is no row {', '.join(unknown)}; there are {', '.join(CASES)}")
    here = cluster.bed()
    described = machine.describe(here) | {"rollouts": asked.rollouts, "rate": asked.rate, "seed": asked.seed}
    measured, broken = [], []
    for name in asked.rows or CASES:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        try:
            measured.append(_measure(here, CASES[name], asked))
        except places.Broke as error:
            broken.append(name)
            print(f"{name} could not be measured: {error}", file=sys.stderr, flush=True)
    described |= {"load_at_the_end": round(os.getloadavg()[0], 1)}
    if asked.json:
        rows = [each.plain() for each in measured]
        print(json.dumps({"machine": described, "rows": rows, "not_measured": broken}, indent=2))
    else:
        _show(described, measured)
    return 0 if not broken and all(each.good for each in measured) else 1


def _measure(here: Bed, case: Case, asked: argparse.Namespace) -> Measured:
    chance = random.Random(f"{asked.seed} {case.name}")
    verdicts: dict[str, int] = {}
    with cluster.namespace(here) as namespace, TemporaryDirectory() as name:
        shop = _Shop(here=here, case=case, path=Path(name), namespace=namespace)
        shop.deploy(0, good=True)
        with _load(here, namespace, asked.rate) as tally:
            for number in range(1, asked.rollouts + 1):
                verdict = shop.deploy(number, good=case is CONTROL or chance.random() >= BAD)
                verdicts[verdict] = verdicts.get(verdict, 0) + 1
    return Measured(case=case, verdicts=verdicts, tally=tally)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Shop:
    """A folder with the formation, deployed from the command line without a server."""

    here: Bed
    case: Case
    path: Path
    namespace: str

    def deploy(self, number: int, *, good: bool) -> str:
        """Deploys a version and gives its verdict. Raises places.Broke unless it is the one to be expected."""
        self._write(number, good=good)
        words = [str(places.SEALANE), "deploy", "dev", "-C", str(self.path), "--json"]
        words += ["--kubeconfig", self.here.sealane_kubeconfig]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode not in {0, 1}:
            raise places.Broke(f"sealane deploy ended with {done.returncode}:\n{done.stderr[-2000:]}")
        verdict = json.loads(done.stdout)["verdict"]
        if verdict["kind"] != ("deployed" if good else "rolled_back"):
            raise places.Broke(f"version {number} of {self.case.name} was {verdict['kind']}: {verdict['reason']}")
        return str(verdict["kind"])

    def _write(self, number: int, *, good: bool) -> None:
        formation = {
            "formation": "dev",
            "environment": "dev",
            "destination": "bed",
            "namespace": self.namespace,
            "strategy": {**self.case.strategy, "healthy_for": "1s", "patience": "2m", "deadline": "5m"},
        }
        files = {
            ".sealane.yml": {"app": "bench", "owner": "bench", "deliver": [{"formation": "dev"}]},
            "deploy/formations/dev.yaml": formation,
            "deploy/stencils/web.yaml": self._workload(number, good=good),
            "deploy/stencils/service.yaml": _SERVICE,
        }
        for name, document in files.items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(document, indent=1))

    def _workload(self, number: int, *, good: bool) -> dict[str, Any]:
        probe = {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 1, "timeoutSeconds": 5}
        container = {
            "name": "web",
            "image": self.here.python_image,
            "command": ["python3", "-c", _SERVER],
            "env": [{"name": "VERSION", "value": str(number)}, {"name": "GOOD", "value": "yes" if good else "no"}],
            "ports": [{"containerPort": 8080}],
            "readinessProbe": probe,
            "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}},
            **({"lifecycle": {"preStop": {"sleep": {"seconds": 3}}}} if self.case.pre_stop else {}),
        }
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web"},
            "spec": {
                "replicas": 2,
                "selector": {"matchLabels": {"run": "web"}},
                "template": {"metadata": {"labels": {"run": "web"}}, "spec": {"containers": [container]}},
            },
        }


_SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web"},
    "spec": {"selector": {"run": "web"}, "ports": [{"port": 8080}]},
}


@contextmanager
def _load(here: Bed, namespace: str, rate: float) -> Iterator[dict[str, Any]]:
    """A steady load in a process of its own; what came of it is in the mapping afterwards."""
    where = (f"--namespace={namespace}", "get", "service", "web", "--output=jsonpath={.spec.clusterIP}")
    address = cluster.kubectl(here, *where).strip()
    words = (sys.executable, "-m", "bench.load", f"http://{address}:8080/", "--rate", str(rate))
    process = subprocess.Popen(words, cwd=places.ROOT, stdout=subprocess.PIPE, text=True)
    tally: dict[str, Any] = {}
    try:
        time.sleep(1)
        yield tally
        time.sleep(4)  # until what was asked to end has ended
    finally:
        process.send_signal(signal.SIGTERM)
        printed, _ = process.communicate(timeout=60)
        tally |= json.loads(printed.splitlines()[-1])


def _show(described: dict[str, Any], measured: list[Measured]) -> None:
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 140)
    console.print(machine.words(described))
    console.print(f"seed {described['seed']}, {described['rate']:g} new connections a second")
    table = Table("Strategy", "Rollouts", "Requests", "Failed", "Slowest", "Must be")
    for each in measured:
        verdicts = ", ".join(f"{number} {kind.replace('_', ' ')}" for kind, number in sorted(each.verdicts.items()))
        failures = f" ({', '.join(each.tally['failures'])})" if each.tally["failures"] else ""
        wanted = "more than 0" if each.case is CONTROL else each.case.may_fail or "0"
        failed = f"{each.tally['failed']}{failures}"
        table.add_row(
            each.case.name, verdicts, str(each.tally["sent"]), failed, f"{each.tally['slowest']:.2f} s", wanted
        )
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
