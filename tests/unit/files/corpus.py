"""Good files of each kind, and a machine that spoils them a little."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

PIPELINES: list[Any] = [
    {"x-base": {"image": "alpine"}, "app": "shop", "steps": [{"name": "test", "image": "alpine"}], "x-": None},
    {"app": "shop", "steps": [{"name": "test", "image": "python:3.12-alpine", "commands": ["pytest"]}]},
    {
        "app": "shop",
        "owner": "payments",
        "services": {
            "db": {
                "image": "postgres:16",
                "healthcheck": {"test": "pg_isready", "interval": "1s", "timeout": "2s", "retries": 30},
                "environment": {"POSTGRES_PASSWORD": "x"},
                "ready_within": "2m",
            },
            "cache": {"image": "redis", "command": ["redis-server", "--save", ""], "secrets": ["KEY"]},
        },
        "steps": [
            {
                "name": "test",
                "image": "registry.example.com:5000/base/python:3.12@sha256:" + "a" * 64,
                "commands": "pytest",
                "secrets": ["NPM_TOKEN"],
                "environment": {"CI": "yes"},
                "when": {
                    "event": ["push", "pull_request"],
                    "branch": "main",
                    "paths": {"include": ["src/**"], "exclude": ["src/docs/**"]},
                    "ref": ["refs/heads/*"],
                    "status": "success",
                },
                "retry": {"limit": 2, "on": ["infrastructure", "failure"]},
                "timeout": "1h30m",
                "reports": {"junit": ["reports/*.xml"]},
            },
            {"name": "smoke", "image": "${image.web}", "needs": ["test", "web"], "when": {"status": ["failure"]}},
        ],
        "images": {
            "web": {
                "build": "services/web",
                "dockerfile": "services/web/Dockerfile",
                "target": "runtime",
                "args": {"VERSION": "1"},
                "secrets": ["pip_token"],
                "needs": [],
                "when": {"event": {"exclude": ["schedule"]}},
            },
            "cache": {"retag": "docker.io/library/redis:7.2.4"},
        },
        "deliver": [
            "dev",
            {"formation": "qa", "approval": {"by": "release-managers"}},
            {"formation": "production", "approval": {"by": ["release-managers", "sre"], "count": 2}, "when": {}},
            {
                "formations": ["eu", {"formation": "us", "keep": True}],
                "parallel": True,
                "approval": {"by": "sre"},
                "when": {"branch": "main"},
            },
        ],
    },
]

FORMATIONS: list[Any] = [
    {"formation": "dev", "environment": "dev", "destination": "cluster", "namespace": "shop-dev"},
    {
        "formation": "production",
        "environment": "production",
        "destination": "europe",
        "namespace": "shop",
        "stencils": {"exclude": ["debug-*"]},
        "images": {"web": "web-debug"},
        "values": {"replicas": 4, "host": "shop.example.com", "list": [1, {"a": None}]},
        "config": {"database.yml": "file:config/database.yml", "n": 1},
        "secrets": {"DATABASE_URL": "env:DATABASE_URL"},
        "strategy": {"rolling": {"max_unavailable": 0, "max_surge": "25%"}, "healthy_for": "10s", "deadline": "10m"},
        "health": [
            {"kind": "Widget", "ready": "object.status.ready"},
            {"kind": "Certificate", "group": "cert-manager.io", "ready": "true", "failed": "false", "message": "'x'"},
        ],
    },
]

ENVIRONMENTS: list[Any] = [
    {"environment": "dev", "destinations": {"cluster": {"kubernetes": {}}, "nowhere": {"dummy": {}}}},
    {
        "environment": "production",
        "production": True,
        "destinations": {"europe": {"kubernetes": {"kubeconfig": "/etc/x", "context": "shop", "in_cluster": False}}},
        "apps": {
            "shop": {
                "namespaces": ["shop"],
                "secrets": ["env:*", "age:deploy/*"],
                "registries": ["registry.example.com/shop/*"],
                "approvals": {"by": ["release-managers"], "count": 1},
                "deny_kinds": ["ClusterRole"],
            }
        },
        "policies": {"packs": ["default@1"], "waivers": [{"policy": "replicas", "reason": "x", "until": "2026-12-31"}]},
        "delete_budget": 3,
        "windows": {
            "allow": [{"cron": "0 9 * * 1-5", "duration": "8h", "timezone": "Europe/Paris", "reason": "office hours"}],
            "deny": [
                {"rrule": "FREQ=YEARLY;BYMONTH=12", "start": "2024-01-01T09:00", "duration": "1d", "reason": "x"},
                {"cron": "0 0 1 * *", "duration": "1h", "apps": ["shop"], "reason": "x"},
            ],
            "break_glass": ["sre"],
        },
    },
]

POOL: list[Any] = [
    *(None, True, False, 0, 1, 2, -1, 2.0, 2.5, 10, 101, 100_000, float("nan"), float("inf")),
    *(
        "",
        " ",
        "x",
        "X",
        "X Y",
        "web",
        "dev",
        "-a",
        "a-",
        "a" * 64,
        "a" * 600,
        "é",
        "\uff11",
        "a\n",
        "\n",
        "a\nb",
        "a\0",
    ),
    *("10m", "10m\n", "10", "0s", "1h30m", "10 m", "1x", "9999999s", "1.5h", "1d", "25%", "125%"),
    *("push", "Push", "success", "failure", "infrastructure", "main", "**", "!x", "["),
    *("redis", "Redis", "redis:7", "redis:", "a//b", "http://x", "localhost:5000/a", "a@sha256:0", "${image.web}"),
    *("${image.Web}", "../x", "/x", "x/../y", "a..b", "./x", "x\\y", "env:A", "env:", "ENV:a", ":", "file:x"),
    *([], {}, [None], ["x"], ["x", 1], [[]], [{}], {"x": 1}, {"a": "b"}, {"include": ["x"]}, {"include": []}),
    *({"build": "."}, {"retag": "x"}, {"build": ".", "retag": "x"}, {"formation": "x"}, {"test": "x"}),
]
KEYS = ["name", "image", "needs", "when", "build", "retag", "include", "x", "X Y", "", "1a", "a.b", "..", "a" * 300]


def spoiled(good: Any, seed: int) -> Any:
    """The file with one to three small changes; often it is bad afterwards, sometimes still good."""
    chance = random.Random(seed)
    value = copy.deepcopy(good)
    for _ in range(chance.choice([1, 1, 2, 3])):
        value = _change(value, chance)
    return value


def _change(value: Any, chance: random.Random) -> Any:
    places = list(_places(value))
    if not places:
        return chance.choice(POOL)
    owner, key = chance.choice(places)
    match chance.choice(["replace", "replace", "drop", "add", "rename", "wrap", "copy", "root"]):
        case "replace":
            owner[key] = copy.deepcopy(chance.choice(POOL))
        case "drop":
            del owner[key]
        case "add" if isinstance(owner[key], dict):
            owner[key][chance.choice(KEYS)] = copy.deepcopy(chance.choice(POOL))
        case "add" if isinstance(owner[key], list):
            owner[key].insert(0, copy.deepcopy(chance.choice(POOL)))
        case "rename" if isinstance(owner, dict):
            owner[chance.choice(KEYS)] = owner.pop(key)
        case "wrap":
            owner[key] = [owner[key]]
        case "copy":
            other, elsewhere = chance.choice(places)
            owner[key] = copy.deepcopy(other[elsewhere])
        case "root" if chance.random() < 0.05:
            return copy.deepcopy(chance.choice(POOL))
    return value


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])
