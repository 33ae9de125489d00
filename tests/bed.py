"""Fixtures of the test bed: a real cluster, registry, container engine and PostgreSQL.

A session that selects a test using one of them starts the bed if it is not up; the last session that uses such a
bed ends it. A bed that somebody started by hand stays up. Workers of one parallel session share its bed.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Protocol

import httpx
import pytest
from xdist.workermanage import WorkerController

from testbed import golang, sessions
from testbed.access import let_in
from testbed.layout import Layout
from testbed.record import Bed, read
from tests import databases
from tests.serving import until

if TYPE_CHECKING:
    from sealane.clients.helm import Helm

_ROOT = Path(__file__).parent.parent
_SESSION = secrets.token_hex(8)
_INPUT = "sealane_session"
OF_PROCESS = "sealane-tests/process"
"""The label of what would harm other tests on the cluster if its test were killed: the process whose it is."""


class Kubectl(Protocol):
    """Runs kubectl as the cluster's administrator."""

    def __call__(self, *words: str, given: str | None = None) -> str:
        """Return what `kubectl WORDS` prints, or raise with what it complains about."""


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Start the bed before the first test, where building it for the first time counts against no test's limit."""
    config = session.config
    if config.option.collectonly or not any("bed" in getattr(item, "fixturenames", ()) for item in session.items):
        return
    capture = config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print(flush=True)
        if _testbed("up", _session_of(config)).returncode:
            pytest.exit("the test bed did not start", returncode=1)
    _end_left(read(Layout.from_environment().record))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: WorkerController) -> None:
    """Let each worker start the bed in the name of the whole session."""
    node.workerinput[_INPUT] = _SESSION


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the bed if a session started it and this is the last that uses it."""
    if hasattr(config, "workerinput"):
        return  # others still work on it
    if _SESSION in sessions.using(Layout.from_environment()):
        _testbed("down", _SESSION)


@pytest.fixture(scope="session")
def bed() -> Bed:
    """Every address of the running bed."""
    return read(Layout.from_environment().record)


@pytest.fixture(scope="session")
def kubectl(bed: Bed) -> Kubectl:
    """Kubectl as the cluster's administrator."""

    def run(*words: str, given: str | None = None) -> str:
        return _kubectl(bed, *words, given=given)

    return run


@pytest.fixture(scope="session")
def api(bed: Bed) -> Iterator[httpx.Client]:
    """The cluster's API as its administrator, for what needs no process of kubectl's."""
    config = json.loads(Path(bed.admin_kubeconfig).read_text())
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    tls = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
    with NamedTemporaryFile() as file:
        for key in ("client-certificate-data", "client-key-data"):
            file.write(base64.b64decode(user[key]))
        file.flush()
        tls.load_cert_chain(file.name)
    with httpx.Client(base_url=cluster["server"], verify=tls, trust_env=False, timeout=120) as client:
        yield client


@pytest.fixture
def namespace(api: httpx.Client) -> Iterator[str]:
    """A fresh namespace in which Sealane's account may deploy."""
    name = f"t-{secrets.token_hex(4)}"
    here = f"/api/v1/namespaces/{name}"
    bindings = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{name}/rolebindings"
    for path, made in (("/api/v1/namespaces", {"metadata": {"name": name}}), (bindings, let_in(name))):
        api.post(path, json=made).raise_for_status()
    # Pods are refused until the controllers have given the namespace its account.
    until("the default account", lambda: api.get(f"{here}/serviceaccounts/default").status_code == 200)
    yield name
    api.delete(here).raise_for_status()


@pytest.fixture(scope="session")
def helm(bed: Bed) -> Helm:
    """Helm as the bed builds it; a bed that another version started may have none yet.

    Tests start twenty at once, and beside others each has a small share of a core.
    """
    from sealane.clients.helm import Helm

    layout = Layout.from_environment()
    golang.build(layout, (golang.HELM,))
    return Helm(program=str(golang.path_of(layout, golang.HELM)), patience=240)


@pytest.fixture(scope="session")
def opentofu() -> str:
    """The path of OpenTofu or Terraform: the machine's own, or else one that the bed builds."""
    program = golang.opentofu(Layout.from_environment())
    return str(program)


@pytest.fixture(scope="session")
def kubeconfig(bed: Bed) -> Path:
    """The kubeconfig of Sealane's own account."""
    return Path(bed.sealane_kubeconfig)


@pytest.fixture(scope="session")
def engine_socket(bed: Bed) -> str:
    """The path of a socket that speaks Docker's Engine API."""
    return bed.engine_socket


@pytest.fixture(scope="session")
def docker_socket(bed: Bed) -> str:
    """The path of the socket of Docker's own engine."""
    del bed  # which says that it is up
    return str(Layout.from_environment().docker_socket)


@pytest.fixture(scope="session")
def registry(bed: Bed) -> str:
    """The registry's host and port, as in image names."""
    return bed.registry


@pytest.fixture(scope="session")
def busybox_image(bed: Bed) -> str:
    """A small image with a shell, in the registry and in the engine."""
    return bed.busybox_image


@pytest.fixture(scope="session")
def python_image(bed: Bed) -> str:
    """An image with Python 3.11, in the registry and in the engine."""
    return bed.python_image


@pytest.fixture
def postgres_url(bed: Bed) -> Iterator[str]:
    """A fresh database."""
    with databases.fresh(bed.postgres_url) as url:
        yield url


def _kubectl(bed: Bed, *words: str, given: str | None = None) -> str:
    argv = [bed.kubectl, f"--kubeconfig={bed.admin_kubeconfig}", *words]
    done = subprocess.run(argv, input=given, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        raise RuntimeError(f"kubectl {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def _end_left(bed: Bed) -> None:
    """Delete what tests that were killed left: while an API that nobody serves is there, no namespace can be deleted."""
    listed = json.loads(_kubectl(bed, "get", "apiservices", "-l", OF_PROCESS, "-o", "json"))
    for metadata in (item["metadata"] for item in listed["items"]):
        if not Path(f"/proc/{metadata['labels'][OF_PROCESS]}").exists():
            _kubectl(bed, "delete", "apiservice", metadata["name"], "--ignore-not-found")


def _session_of(config: pytest.Config) -> str:
    given: dict[str, str] = getattr(config, "workerinput", {})
    return given.get(_INPUT, _SESSION)


def _testbed(command: str, session: str) -> subprocess.CompletedProcess[bytes]:
    env = {**os.environ, sessions.VARIABLE: session}
    return subprocess.run([sys.executable, "-m", "testbed", command], cwd=_ROOT, env=env, check=False)
