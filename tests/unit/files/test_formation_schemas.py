"""Editors are told what Sealane will say: schema and parser take and refuse the same formations and environments."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from sealane.configfiles import schemas
from sealane.environments import reading as environments
from sealane.environments.files import environment_file
from sealane.formations import reading as formations
from sealane.formations.files import formation_file
from sealane.stencils import manifest_yaml
from tests.properties import share

FORMATION: dict[str, Any] = {
    "formation": "dev",
    "environment": "dev",
    "destination": "bed",
    "namespace": "shop",
    "stencils": {"include": ["a*"], "exclude": ["b/**"]},
    "images": {"web": "web-debug"},
    "values": {"replicas": 4, "list": [1], "map": {"a": None}},
    "config": {"a.yml": "file:a.yml", "n": 1, "b": True},
    "secrets": {"A": "env:A", "b.key": "age:x/y.age#b"},
    "strategy": {
        "rolling": {"max_unavailable": 0, "max_surge": "25%"},
        "healthy_for": "1s",
        "patience": "2m",
        "deadline": "1h",
    },
}
ENVIRONMENT: dict[str, Any] = {
    "environment": "dev",
    "production": False,
    "destinations": {"bed": {"kubernetes": {"kubeconfig": "/a", "context": "b"}}, "no": {"dummy": {}}},
    "apps": {
        "shop": {
            "namespaces": ["shop"],
            "secrets": ["env:*"],
            "registries": ["x.com/*"],
            "approvals": {"by": ["leads"], "count": 2},
            "deny_kinds": ["ClusterRole"],
        }
    },
    "policies": {
        "packs": ["default@1"],
        "waivers": [{"policy": "a", "app": "shop", "reason": "b", "until": "2026-12-31"}],
    },
    "delete_budget": 3,
}
BLUE_GREEN: dict[str, Any] = {
    **{key: FORMATION[key] for key in ("formation", "environment", "destination", "namespace")},
    "strategy": {"blue_green": {"preview_service": "next", "keep_old_for": "10m", "promote": "manual"}},
}
CANARY: dict[str, Any] = {
    **{key: FORMATION[key] for key in ("formation", "environment", "destination", "namespace")},
    "strategy": {"canary": {"steps": [{"weight": 10}, {"pause": "30s"}, {"pause": {"wait": "1h"}}, {"weight": 50}]}},
}
STRANGE: tuple[Any, ...] = (None, "Ä b", -1, True, [], {"unknown": 1}, "a\n")


def spoiled(good: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The file with one thing in it replaced by something strange, left out, or added."""

    def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
        if path:
            yield path
        children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, child in children:
            yield from paths(child, (*path, key))

    for path, strange in itertools.product(paths(good), (*STRANGE, "leave out", "add")):
        bad = copy.deepcopy(good)
        holder = bad
        for part in path[:-1]:
            holder = holder[part]
        if strange == "leave out":
            del holder[path[-1]]
        elif strange == "add":
            if not isinstance(holder, dict):
                continue
            holder["Unknown Key"] = 1
        else:
            holder[path[-1]] = copy.deepcopy(strange)
        yield bad


@pytest.mark.parametrize(
    ("model", "read", "good"),
    [
        (formation_file(), formations.read_formation, FORMATION),
        (formation_file(), formations.read_formation, BLUE_GREEN),
        (formation_file(), formations.read_formation, CANARY),
        (environment_file(), environments.read, ENVIRONMENT),
    ],
    ids=["formation", "blue-green", "canary", "environment"],
)
def test_what_the_schema_refuses_the_parser_refuses(model: Any, read: Any, good: dict[str, Any]) -> None:
    """And nothing that the parser takes is marked wrong in an editor."""
    validator = jsonschema.Draft202012Validator(schemas.schema(model))
    assert validator.is_valid(good)
    assert read(manifest_yaml.as_yaml(good), "dev.yaml")[0]
    refused = 0
    tried = share(spoiled(good), of=str(good))
    for bad in tried:
        by_schema = not validator.is_valid(bad)
        result, problems = read(manifest_yaml.as_yaml(bad), "dev.yaml")
        assert (result is None) == bool(problems)
        assert not (by_schema and result), f"only the schema refuses {bad}"
        if result is None and not by_schema:
            # What parts of the file mean to each other, and globs, only the parser knows.
            assert not any(word in str(problems) for word in ("unknown key", "is missing", "must be a", "is empty")), (
                bad,
                problems,
            )
        refused += by_schema
    assert refused > len(tried) / 4, "little was tried"
