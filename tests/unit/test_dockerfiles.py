"""Dockerfiles: which images one is made from, however it is written, and how one app's layers are kept its own."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.environments import image_rights
from sealane.environments.image_rights import Rights
from sealane.errors import UsageError
from sealane.images import dockerfiles

VICTIM = "reg.example.com/apps/kiln/web:7"


def rewritten(text: str, **args: str) -> str:
    return dockerfiles.apart(text, file="Dockerfile", key="k1", args=args, problem=lambda image: None)


def asked(text: str, **args: str) -> list[str]:
    """The images that the rules are asked about."""
    seen: list[str] = []
    dockerfiles.apart(text, file="Dockerfile", key="k1", args=args, problem=seen.append)
    return seen


@pytest.mark.parametrize(
    "text",
    [
        f"FROM {VICTIM}",
        f"from {VICTIM}\n",
        f"FROM\t{VICTIM}",
        f"FROM\v{VICTIM}",
        f"\ufeffFROM {VICTIM}",
        f"  FROM   {VICTIM}  AS   base  ",
        f"FROM --platform=linux/amd64 {VICTIM} AS base",
        f"FROM \\\n  {VICTIM}",
        f"FR\\\nOM {VICTIM}",
        f"FROM \\\n# a word between\n\n  {VICTIM}",
        f"# escape=`\nFROM `\n  {VICTIM}",
        f"FROM alpine\nCOPY --from={VICTIM} /x /x",
        f"FROM alpine\nCOPY --chown=1:1 --from={VICTIM} /x /x",
        f"FROM alpine\nRUN --mount=type=bind,from={VICTIM},target=/x cat /x",
        f"FROM alpine\nRUN --network=none --mount=target=/x,from={VICTIM} cat /x",
        f'FROM alpine\nRUN --mount="type=bind,from={VICTIM},target=/x" cat /x',
        f"FROM alpine\nRUN --mount=type=cache,target=/x,from={VICTIM} cat /x",
        f"FROM alpine\nONBUILD COPY --from={VICTIM} / /",
        f"FROM alpine\nRUN cat <<EOF\nFROM {VICTIM}\nEOF",
        f"FROM alpine\nRUN cat <<EOF\nCOPY --from={VICTIM} / /\nEOF",
        f"FROM alpine AS one\nFROM one\nFROM {VICTIM}",
        f"ARG BASE={VICTIM}\nFROM $BASE",
        "ARG TAG=7\nARG BASE=reg.example.com/apps/kiln/web:${TAG}\nFROM ${BASE}",
        f'ARG BASE="{VICTIM}"\nFROM ${{BASE:-alpine}}',
        f"FROM ${{NOTHING:-{VICTIM}}}",
        f"ARG ON=1\nFROM ${{ON:+{VICTIM}}}",
        f"ARG BASE={VICTIM}\nFROM alpine\nARG BASE=alpine\nFROM $BASE",
    ],
)
def test_every_way_to_name_an_image_is_seen(text: str) -> None:
    """As engines with and without here-documents read it."""
    assert VICTIM in asked(text)


def test_build_arguments_take_the_place_of_defaults() -> None:
    assert asked("ARG BASE=alpine\nFROM $BASE", BASE=VICTIM) == [VICTIM]


@pytest.mark.parametrize(
    "text",
    [
        "FROM $NOBODY",
        "FROM ${A%x}",
        "ARG A\nFROM $A",
        "FROM alpine\nARG A=b\nCOPY --from=$A / /",
        "FROM alpine\nENV A=b\nRUN --mount=from=${A},target=/x true",
        "FROM alpine\nRUN --mount=type=${T},target=/x true",
    ],
)
def test_what_cant_be_known_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(UsageError, match=r"^Dockerfile:\d+: .*can't be known before the build"):
        rewritten(text)


def test_a_refusal_names_the_line() -> None:
    with pytest.raises(UsageError, match=r"^Dockerfile:3: no alpine$"):
        dockerfiles.apart(
            "# one\n\nFROM alpine\n", file="Dockerfile", key="k", args={}, problem=lambda image: f"no {image}"
        )


def test_stages_and_scratch_are_no_images() -> None:
    text = "FROM scratch AS a\nFROM A AS b\nCOPY --from=a / /\nCOPY --from=0 / /\nRUN --mount=from=b,target=/x true\n"
    assert asked(text) == []


def test_each_stage_is_marked_and_all_else_stays_as_it_was() -> None:
    """Here-documents, comments and strange line ends, too."""
    text = "ARG V=1\nFROM alpine \\\n  AS a\nRUN cat <<EOF > /x\nFROM here to there\nfrom os import path\nEOF\nFROM a\nCOPY . ."
    made = rewritten(text)
    assert made.split("\n").count("ARG SEALANE_CACHE=k1") == 2
    assert made.replace("ARG SEALANE_CACHE=k1\n", "") == text
    assert made.split("\n")[3] == "ARG SEALANE_CACHE=k1"


@pytest.mark.parametrize(
    ("one", "same"),
    [
        ("--mount=type=cache,target=/c", "--mount=type=cache,id=/c,target=/c"),
        ("--mount=type=cache,id=pip,target=/c", "--mount=target=/d,type=cache,id=pip"),
        ('--mount="type=cache,target=/c"', "--mount=type=cache,target=/c"),
        ("--mount=type=cache,dst=/c,sharing=locked", "--mount=type=cache,target=/c"),
    ],
)
def test_a_cache_folder_is_the_app_s_by_its_own_name(one: str, same: str) -> None:
    """What is one folder for an engine stays one; another app's with the same name is another."""

    def ids(flag: str, key: str) -> list[str]:
        text = f"FROM alpine\nRUN \\\n  {flag} \\\n  --network=none pip install --mount=type=cache,id=mine x"
        made = dockerfiles.apart(text, file="D", key=key, args={}, problem=lambda image: None)
        assert made.endswith("pip install --mount=type=cache,id=mine x")
        return re.findall(r"id=([0-9a-f]{24})", made)

    assert ids(one, "a") == ids(same, "a")
    assert len(ids(one, "a")) == 1
    assert ids(one, "a") != ids(one, "b")


lines = st.lists(
    st.sampled_from(
        [
            "FROM alpine",
            "FROM alpine AS x",
            "RUN true",
            "RUN cat <<E",
            "E",
            "\tE",
            "RUN cat <<-E",
            "# c",
            "",
            "RUN a \\",
            "  b",
            "COPY a b",
            "from x import y",
            "ARG A=1",
            "RUN --mount=type=secret,id=s true",
            'CMD ["a"]',
        ]
    ),
    max_size=12,
)


@given(lines)
def test_nothing_but_marks_is_added(lines: list[str]) -> None:
    """Whatever a stranger writes: lines in, the same lines out, and as many marks as stages."""
    text = "\n".join(lines)
    made = rewritten(text).split("\n")
    assert [line for line in made if line != "ARG SEALANE_CACHE=k1"] == text.split("\n")


MINE = Rights(
    app="heron",
    prefix="reg.example.com/apps",
    others=frozenset({"kiln", "moss", "heron-two"}),
    listed=("reg.example.com/apps/moss/*", "ghcr.io/acme/**"),
)


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ("reg.example.com/apps/heron/web:1", None),
        ("reg.example.com/apps/heron", None),
        ("reg.example.com/apps/moss/base:2", None),
        ("reg.example.com/tools/lint:1", None),
        ("reg.example.com/apps/base/python:3", None),
        ("reg.example.com/kiln/web:1", None),
        ("python:3.12", None),
        ("grafana/grafana", None),
        ("ghcr.io/acme/deep/er:1", None),
        ("beef:1", None),
        (VICTIM, "belongs to the app kiln"),
        ("reg.example.com/apps/heron-two/web:1", "belongs to the app heron-two"),
        ("reg.example.com:443/apps/kiln/web", "belongs to the app kiln"),
        ("REG.example.com/apps/kiln/web@sha256:" + "a" * 64, "belongs to the app kiln"),
        ("deadbeef", "may be an id of the engine"),
        ("c", "may be an id of the engine"),
        ("sha256:" + "0" * 64, "may be an id of the engine"),
        ("localhost/kiln", "only on the engine"),
    ],
)
def test_an_app_uses_its_own_images_public_ones_and_what_is_listed(image: str, said: str | None) -> None:
    told = image_rights.refused(image, MINE)
    assert (told is None) if said is None else (told is not None and said in told), told
