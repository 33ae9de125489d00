"""`python -m bench.scenarios`: seeded failures, what Sealane says of them and after how long, beside slow peers.

With `--peers` the peers are measured instead, all at once in namespaces of their own and with their own time limits, which
takes about ten minutes; the figures go into `bench/peers/scenarios-YYYY-MM-DD.json`, and later tables show the newest.
`--write FILE` writes the table in Markdown. Needs helm for `--peers`: `python3 -m testbed peers` builds it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench import catalogue, cluster, machine, peers
from bench.demo import places
from testbed import golang
from testbed.layout import Layout
from testbed.record import Bed
from tests.integration.deployments import parts

SHOWN = (
    "image-wrong-tag",
    "crash-at-once",
    "crash-after-seconds",
    "exit-zero",
    "bad-command",
    "out-of-memory",
    "liveness-kills",
    "configmap-missing",
    "init-fails",
    "quota",
    "limit-range",
    "readiness-wrong-port",
    "unschedulable-cpu",
    "volume-claim-pending",
    "service-selects-nothing",
    "stateful-set-crash",
)
_WORDS = 160

Answer = dict[str, Any]


def main() -> int:
    """Measures ours and prints the table, or measures the peers."""
    parser = argparse.ArgumentParser(prog="python -m bench.scenarios", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--peers", action="store_true", help="measure the peers: about ten minutes")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the table there, in Markdown")
    asked = parser.parse_args()
    here = cluster.bed()
    if asked.peers:
        return _measure_peers(here)
    told = asyncio.run(catalogue.play(here, SHOWN))
    table = _table(told, _stored())
    if asked.write:
        asked.write.write_text(table)
    else:
        print(table, end="")
    return 0


def _table(told: Sequence[catalogue.Told], stored: dict[str, Any]) -> str:
    day = stored.get("day", "not measured")
    lines = [
        f"| what is wrong | Sealane | s | `kubectl rollout status` ({day}) | s | `helm upgrade --atomic --wait` ({day}) | s |",
        "|---|---|---|---|---|---|---|",
    ]
    for each in told:
        theirs = stored.get("scenarios", {}).get(each.name, {})
        cells = [each.title, each.sentence, f"{each.seconds:.1f}"]
        for peer in ("kubectl", "helm"):
            answer = theirs.get(peer)
            cells += [_said(answer), f"{answer['seconds']:.0f}"] if answer else ["not measured", ""]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _said(answer: Answer) -> str:
    return f"**{'success' if answer['good'] else 'failure'}**: {answer['says']}"


def _stored() -> dict[str, Any]:
    files = sorted(peers.FOLDER.glob("scenarios-????-??-??.json"))
    stored: dict[str, Any] = json.loads(files[-1].read_text()) if files else {}
    return stored


def _measure_peers(here: Bed) -> int:
    chosen = {scenario.name: scenario for scenario in parts.scenarios()}
    with ThreadPoolExecutor(max_workers=2 * len(SHOWN)) as pool:
        futures = {
            (name, peer): pool.submit(work, here, chosen[name])
            for name in SHOWN
            for peer, work in (("kubectl", _kubectl), ("helm", _helm))
        }
        scenarios: dict[str, dict[str, Answer]] = {}
        for (name, peer), future in futures.items():
            scenarios.setdefault(name, {})[peer] = future.result()
    today = datetime.now(UTC).date().isoformat()
    told = {"day": today, "machine": machine.describe(here), "scenarios": scenarios}
    path = peers.FOLDER / f"scenarios-{today}.json"
    path.write_text(json.dumps(told, indent=2) + "\n")
    print(f"wrote {path.relative_to(places.ROOT)}")
    return 0


def _kubectl(here: Bed, scenario: parts.Scenario) -> Answer:
    """`kubectl apply`, then `kubectl rollout status` of its workload."""
    with cluster.namespace(here) as namespace:
        document = _prepared(here, namespace, scenario)
        place = f"--namespace={namespace}"
        workload = next(each for each in document["objects"] if each["kind"] in {"Deployment", "StatefulSet"})
        begun = time.monotonic()
        cluster.kubectl(here, place, "apply", "-f", "-", given=_listed(document["objects"]))
        name = f"{workload['kind'].lower()}/{workload['metadata']['name']}"
        words = (here.kubectl, f"--kubeconfig={here.admin_kubeconfig}", place, "rollout", "status", name)
        # a StatefulSet has no progress deadline of its own, and is waited for without end
        limit = ("--timeout=10m",) if workload["kind"] == "StatefulSet" else ()
        return _answer(words + limit, begun)


def _helm(here: Bed, scenario: parts.Scenario) -> Answer:
    """`helm upgrade --install --atomic --wait` of a chart with the same manifests."""
    helm = golang.path_of(Layout.from_environment(), golang.PEERS[0])
    if not helm.exists():
        raise places.Broke("helm is not built: `python3 -m testbed peers` builds it")
    with cluster.namespace(here) as namespace, TemporaryDirectory() as folder:
        document = _prepared(here, namespace, scenario)
        chart = Path(folder) / "shop"
        (chart / "templates").mkdir(parents=True)
        (chart / "Chart.yaml").write_text("apiVersion: v2\nname: shop\nversion: 0.1.0\n")
        for number, each in enumerate(document["objects"]):
            (chart / "templates" / f"{number}.yaml").write_text(json.dumps(each))
        words = (str(helm), "--kubeconfig", here.admin_kubeconfig, "--namespace", namespace)
        return _answer((*words, "upgrade", "--install", "--atomic", "--wait", "shop", str(chart)), time.monotonic())


def _prepared(here: Bed, namespace: str, scenario: parts.Scenario) -> dict[str, Any]:
    """The scenario's document with its words replaced; what is there before is made."""
    words = {"name": f"n{secrets.token_hex(3)}", "busybox": here.busybox_image, "registry": here.registry}
    document = scenario.filled(words)
    if before := document.get("before"):
        cluster.kubectl(here, f"--namespace={namespace}", "apply", "-f", "-", given=_listed(before))
    return document


def _listed(objects: Sequence[dict[str, Any]]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})


def _answer(words: Sequence[str], begun: float) -> Answer:
    """What the peer's last line said, whether it called it good, and how long that took."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    took = round(time.monotonic() - begun, 1)
    lines = (done.stderr if done.returncode else done.stdout).strip().splitlines()
    status = next((line for line in lines if line.startswith("STATUS: ")), None)  # helm goes on after it
    says = (status or lines[-1])[:_WORDS] if lines else ""
    return {"good": done.returncode == 0, "says": says, "seconds": took}


if __name__ == "__main__":
    sys.exit(main())
