"""Values of charts laid over each other, and images put in by path."""

from __future__ import annotations

from typing import Any

import pytest

from sealane.charts import values

DIGEST = f"sha256:{'b' * 64}"
WEB = f"registry.example.com:5000/shop/web@{DIGEST}"
TAG = "b" * 12


def test_mappings_are_laid_over_each_other_and_all_else_is_replaced() -> None:
    """As Helm does it: a null stays, so that it takes the chart's own value away."""
    below = {"a": {"b": 1, "c": [1, 2]}, "d": {"e": 1}, "f": 1}
    above = {"a": {"c": [3]}, "d": None, "f": {"g": 1}}
    assert values.merged(below, above) == {"a": {"b": 1, "c": [3]}, "d": None, "f": {"g": 1}}
    assert below == {"a": {"b": 1, "c": [1, 2]}, "d": {"e": 1}, "f": 1}


@pytest.mark.parametrize(
    ("there", "reference", "placed"),
    [
        ("nginx", WEB, WEB),
        (
            {"repository": "", "tag": ""},
            WEB,
            {"repository": "registry.example.com:5000/shop/web", "tag": f"{TAG}@{DIGEST}"},
        ),
        (
            {"repository": "", "tag": None, "digest": ""},
            WEB,
            {"repository": "registry.example.com:5000/shop/web", "tag": TAG, "digest": DIGEST},
        ),
        ({"repository": "", "digest": ""}, WEB, {"repository": "registry.example.com:5000/shop/web", "digest": DIGEST}),
        (
            {"registry": "", "repository": "", "tag": ""},
            WEB,
            {"registry": "registry.example.com:5000", "repository": "shop/web", "tag": f"{TAG}@{DIGEST}"},
        ),
        ({"repository": "", "tag": ""}, "quay.io/a/b:1.2", {"repository": "quay.io/a/b", "tag": "1.2"}),
        ({"repository": "", "tag": ""}, f"quay.io/a/b:1@{DIGEST}", {"repository": "quay.io/a/b", "tag": f"1@{DIGEST}"}),
        ({"repository": "", "tag": ""}, "web@unbuilt", {"repository": "web", "tag": "web@unbuilt"}),
        (
            {"registry": "", "repository": "", "digest": "", "tag": ""},
            "web@unbuilt",
            {"registry": "", "repository": "web", "digest": "unbuilt", "tag": "web"},
        ),
    ],
)
def test_an_image_is_put_where_the_chart_takes_it(there: Any, reference: str, placed: Any) -> None:
    """As one text or in parts; a chart that knows no digest gets it with its tag."""
    assert values.image_at({"web": {"image": there}}, ("web", "image"), reference) == {"web": {"image": placed}}


@pytest.mark.parametrize(
    ("there", "why"),
    [
        ({}, "nothing is there"),
        ({"image": 3}, "it is no text and no mapping"),
        ({"image": {"name": "x"}}, "it has no repository"),
        ({"image": {"repository": "x"}}, "it has no tag and no digest"),
    ],
)
def test_what_is_no_image_says_why(there: Any, why: str) -> None:
    """A slip of the pen would otherwise be a value that nothing reads."""
    with pytest.raises(values.NoImage, match=why):
        values.image_at(there, ("image",), WEB)


def test_paths_that_may_be_meant_are_found() -> None:
    """In all depths, in one text and in parts."""
    there = {"image": "x", "web": {"image": {"repository": "x"}, "initImage": "y"}, "replicas": 2}
    assert list(values.image_paths(there)) == ["image", "web.image", "web.initImage"]
