"""Fields that files share mean what they say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.configfiles import fields
from sealane.images import references


def accepts(kind: Any, value: Any) -> bool:
    try:
        pydantic.TypeAdapter(kind).validate_python(value, strict=True)
    except pydantic.ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("500ms", timedelta(milliseconds=500)),
        ("30s", timedelta(seconds=30)),
        ("1h30m", timedelta(hours=1, minutes=30)),
        ("2d", timedelta(days=2)),
        ("999999d999999d", timedelta(days=1999998)),
    ],
)
def test_durations(text, time):
    assert accepts(fields.Duration, text)
    assert fields.duration(text) == time


REFERENCES = [
    *("redis", "redis:7", "library/redis", "docker.io/library/redis:7.2.4", "localhost:5000/a/b:1", "ghcr.io/x/y"),
    *("a__b", "a-b", "a.b", "A.example.com/x", "x@sha256:" + "0" * 64, "h:1/x:t@sha256:" + "f" * 64),
    *("1.2.3.4:5000/x", "a:" + "t" * 128),
]
NO_REFERENCES = [
    *("", "Redis", "redis:", "a//b", "/a", "a/", "http://a", "a b", "a:b:c/d", "a@sha256:0", "a:" + "t" * 129, "a\n"),
    *("-a", "a_", "a..b", "a:-t", "é", "A/x", "a.b:/x"),
]


@pytest.mark.parametrize("text", REFERENCES)
def test_image_references(text):
    """What the registry's grammar allows, here and where references are taken apart."""
    assert accepts(fields.ImageReference, text)
    references.parse(text)


@pytest.mark.parametrize("text", NO_REFERENCES)
def test_no_image_references(text):
    assert not accepts(fields.ImageReference, text)


@given(
    st.one_of(st.from_regex(r"[a-zA-Z0-9._:/@-]{1,20}", fullmatch=True), st.sampled_from([*REFERENCES, *NO_REFERENCES]))
)
def test_what_a_file_accepts_as_an_image_can_be_taken_apart(text):
    """No reference gets past the file to fail later."""
    if accepts(fields.ImageReference, text):
        references.parse(text)


@pytest.mark.parametrize("text", [".", "a", "a/b", "a..b", "..a", ".hidden/x", "a b"])
def test_paths_inside(text):
    assert accepts(fields.RelativePath, text)


@pytest.mark.parametrize("text", ["", "/", "/a", "..", "../a", "a/..", "a/../b", "a\\b", "a\nb", "./.."])
def test_paths_outside(text):
    assert not accepts(fields.RelativePath, text)


def test_a_built_image_is_known_by_its_name():
    assert fields.built_image("${image.web}") == "web"
    assert fields.built_image("web") is None
    assert accepts(fields.StepImage, "${image.web}")
    assert not accepts(fields.ImageReference, "${image.web}")


def test_whole_numbers():
    """As JSON Schema has it, 2.0 is one and true is none."""
    limited = fields.Annotated[int, pydantic.Field(ge=1), fields.WHOLE]

    assert accepts(limited, 2)
    assert accepts(limited, 2.0)
    assert not any(accepts(limited, value) for value in (0, 2.5, True, "2", None, float("nan")))
