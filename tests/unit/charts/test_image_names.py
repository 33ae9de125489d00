"""The image that values name, without its tag."""

from __future__ import annotations

from typing import Any

import pytest

from sealane.charts import values


@pytest.mark.parametrize(
    ("given", "path", "name"),
    [
        ({"image": {"repository": "r.example.com/web", "tag": "1"}}, "image", "r.example.com/web"),
        ({"image": {"registry": "r.example.com", "repository": "team/web"}}, "image", "r.example.com/team/web"),
        ({"web": {"image": "r.example.com:5000/web:1@sha256:" + "0" * 64}}, "web.image", "r.example.com:5000/web"),
        ({"image": {"registry": "", "repository": "redis"}}, "image", "docker.io/library/redis"),
    ],
)
def test_a_name_is_read_from_a_text_or_its_parts(given: dict[str, Any], path: str, name: str) -> None:
    assert values.image_name(given, values.path_of(path)) == name


@pytest.mark.parametrize("given", [{}, {"image": 1}, {"image": {"tag": "1"}}, {"image": {"repository": "A B"}}])
def test_no_name_is_told(given: dict[str, Any]) -> None:
    with pytest.raises(values.NoImage):
        values.image_name(given, ("image",))
