"""A container in the words of Podman's own API."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from sealane.clients.engine import libpod
from sealane.clients.engine.model import Confinement, ContainerSpec

NOT_FOR_SERVICES = {"binds", "files", "unlabelled", "user", "user_mapping"}
"""What only steps have."""


def test_everything_a_service_may_be_given_gets_there() -> None:
    spec = ContainerSpec(
        name="the-name",
        image="the-image",
        entrypoint=("the", "entry point"),
        command=("the", "com mand"),
        environment={"THE": "environment"},
        labels={"the": "label"},
        workdir="/the/folder",
        network="the-network",
        aliases=("the-alias",),
        healthcheck=("CMD", "the", "che  ck"),
        log_bytes=12345,
        confinement=Confinement(capabilities=("THE_CAPABILITY",), new_privileges=False, memory=123_456_789, pids=4321),
    )
    made = libpod.container(spec)
    given = repr(made)
    for field in fields(spec):
        value = getattr(spec, field.name)
        for part in _parts(value):
            assert field.name in NOT_FOR_SERVICES or repr(part) in given, field.name
    assert made["healthconfig"]["Test"] == ["CMD", "the", "che  ck"]


def test_what_is_not_given_is_the_images() -> None:
    made = libpod.container(ContainerSpec(name="n", image="i", log_bytes=1))
    assert not {"entrypoint", "command", "work_dir", "healthconfig", "networks"} & set(made)


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, Confinement):
        return (*(value.capabilities or ()), not value.new_privileges, value.memory, value.pids)
    return value if isinstance(value, tuple) else (value,)
