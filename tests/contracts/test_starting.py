"""What commands load: a start waits for every module, so each loads what it needs and no more."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

_ASK = """
import json, sys
from sealane import cli
code = cli.main(sys.argv[1:])
print(json.dumps([code, sorted({".".join(name.split(".")[:4]) for name, module in sys.modules.items() if module})]))
"""
_SERVERS = {"dbos", "sqlalchemy", "fastapi", "starlette", "uvicorn", "psycopg", "alembic", "jinja2"}
_DRAWING = {"rich"}
_ENGINES = {"docker", "cel_expr_python"}
_CLUSTERS = {"aiohttp", "kubernetes", "sealane.clients.kubernetes"}
_BUILDS = {"httpx", "oras", "sealane.runners.build_workspace", "sealane.runners.clean_clone"}
_FILES = {"pydantic", "yaml"}
_NETWORK = {"asyncio", "httpx", "ssl"}


@pytest.mark.parametrize(
    ("arguments", "code", "never"),
    [
        (["--version"], 0, _SERVERS | _DRAWING | _ENGINES | _CLUSTERS | _FILES | _NETWORK | {"typer"}),
        (["--help"], 0, _SERVERS | _DRAWING | _ENGINES | _CLUSTERS | _FILES),
        (["render", "dev"], 0, _SERVERS | _DRAWING | _ENGINES | _CLUSTERS | {"sealane.environments.reading"}),
        (["deploy", "dev"], 2, _SERVERS | _DRAWING | _ENGINES | {"sealane.environments.reading"}),
        (
            ["status"],
            3,
            _SERVERS | _DRAWING | _ENGINES | _CLUSTERS | {"asyncio", "click", "yaml", "sealane.deployments"},
        ),
        (
            ["why", "shop"],
            3,
            _SERVERS | _DRAWING | _ENGINES | _CLUSTERS | {"asyncio", "sealane.deployments", "sealane.stencils"},
        ),
        (["watch", "d-1"], 2, _SERVERS | _ENGINES | _CLUSTERS),
        (["cancel", "d-1"], 2, _SERVERS | _ENGINES | _CLUSTERS),
        (["run", "--json"], 3, _SERVERS | _DRAWING | _CLUSTERS | _BUILDS | {"cel_expr_python", "sealane.deployments"}),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
def test_a_command_loads_nothing_of_others(tmp_path, arguments, code, never):
    """There is no engine, cluster or server here: what a command would use is loaded before it finds that out."""
    (tmp_path / ".sealane.yml").write_text("{app: shop, steps: [{name: test, image: busybox, commands: ['true']}]}")
    for name, text in {
        "deploy/formations/dev.yaml": "{formation: dev, environment: dev, destination: here, namespace: shop}",
        "deploy/stencils/web.yaml": "{apiVersion: v1, kind: ConfigMap, metadata: {name: web}, data: {a: b}}",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    nowhere = {"HOME": str(tmp_path), "DOCKER_HOST": f"unix://{tmp_path}/none", "KUBECONFIG": f"{tmp_path}/none"}
    if arguments in (["status"], ["why", "shop"]):
        nowhere |= {"SEALANE_URL": "http://127.0.0.1:1", "SEALANE_TOKEN": "sln_none"}

    done = subprocess.run(
        [sys.executable, "-c", _ASK, *arguments], cwd=tmp_path, env=nowhere, capture_output=True, text=True, check=True
    )

    ended, loaded = json.loads(done.stdout.splitlines()[-1])
    assert ended == code, done.stderr
    assert not {name for name in loaded if name in never or name.split(".")[0] in never}


def test_the_evidence_that_a_server_answers_is_shown_without_what_a_deployment_loads():
    """`sealane why` shows plain data."""
    ask = "import sys, sealane.cli.screens.evidence_lines; print(*sys.modules, sep=chr(10))"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "sealane.cli.screens.evidence_lines" in loaded
    assert not {"sealane.deployments", "sealane.verdicts", "sealane.stencils", "pydantic", "yaml", "asyncio"} & loaded


def test_a_command_loads_no_other_command(tmp_path):
    """`--help` alone lists them all."""
    done = subprocess.run(
        [sys.executable, "-c", _ASK, "status", "--help"], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    _, loaded = json.loads(done.stdout.splitlines()[-1])
    assert "sealane.cli.commands.status" in loaded
    assert not {"sealane.cli.commands.run", "sealane.cli.commands.deploy", "sealane.cli.commands.serve"} & set(loaded)
