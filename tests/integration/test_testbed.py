"""The test bed itself: what it offers, that it fixes itself, and that nothing of it stays behind."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from testbed.record import Bed
from tests.bed import Kubectl

_ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.alone
_WEB = "mkdir /w && hostname >/w/index.html && exec httpd -f -p 8080 -h /w"


def test_a_pod_runs_is_reached_by_name_and_shows_its_logs(kubectl: Kubectl, namespace: str, bed: Bed) -> None:
    here = f"--namespace={namespace}"
    kubectl("create", "deployment", "web", f"--image={bed.busybox_image}", here, "--", "sh", "-c", _WEB)
    kubectl("expose", "deployment", "web", "--port=80", "--target-port=8080", here)
    kubectl("rollout", "status", "deployment/web", "--timeout=120s", here)
    ask = "import urllib.request as u; print(u.urlopen('http://web', timeout=60).read().decode())"
    kubectl(
        "run", "ask", f"--image={bed.python_image}", "--restart=Never", here, "--command", "--", "python", "-c", ask
    )
    kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/ask", "--timeout=120s", here)

    assert kubectl("logs", "ask", here).startswith("web-")


def test_sealanes_account_deploys_only_where_it_is_let_in(kubectl: Kubectl, namespace: str, kubeconfig: Path) -> None:
    as_sealane = f"--kubeconfig={kubeconfig}"

    kubectl(as_sealane, "create", "configmap", "allowed", f"--namespace={namespace}")
    with pytest.raises(RuntimeError, match="forbidden"):
        kubectl(as_sealane, "create", "configmap", "refused", "--namespace=default")


def test_the_audit_log_holds_what_sealane_wrote(kubectl: Kubectl, namespace: str, kubeconfig: Path, bed: Bed) -> None:
    assert bed.audit_log is not None
    name = f"seen-{secrets.token_hex(4)}"

    kubectl(f"--kubeconfig={kubeconfig}", "create", "configmap", name, "--from-literal=a=1", f"--namespace={namespace}")

    lines = [json.loads(line) for line in Path(bed.audit_log).read_text().splitlines() if name in line]
    [written] = [line for line in lines if line["verb"] == "create"]
    assert written["level"] == "RequestResponse"
    assert written["requestObject"]["data"] == {"a": "1"}


def test_both_engines_have_the_base_images(
    engine_socket: str, docker_socket: str, busybox_image: str, python_image: str
) -> None:
    for engine in (engine_socket, docker_socket):
        for image in (busybox_image, python_image):
            connection = http.client.HTTPConnection("localhost", timeout=60)
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.connect(engine)
            connection.request("GET", f"/v1.41/images/{quote(image, safe='')}/json")
            assert connection.getresponse().status == http.HTTPStatus.OK
            connection.close()


def test_a_database_is_fresh_for_each_test(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        connection.execute("create table only_here (a int)")


def test_a_home_too_long_for_sockets_is_refused_with_the_way_out(tmp_path: Path) -> None:
    said = _refused("status", SEALANE_TESTBED_HOME=str(tmp_path / ("x" * 80)))

    assert "set SEALANE_TESTBED_HOME to a shorter path" in said


def _refused(command: str, **variables: str) -> str:
    env = {**os.environ, **variables}
    argv = [sys.executable, "-m", "testbed", command]
    done = subprocess.run(argv, cwd=_ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1, done.stdout
    return done.stderr
