"""Patterns of images and secrets: there is no second way to write something around them."""

from __future__ import annotations

import pytest

from sealane.environments import patterns

DIGEST = "@sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("pattern", "image", "allowed"),
    [
        ("registry.example.com/shop/*", "registry.example.com/shop/web:1", True),
        ("registry.example.com/shop/*", f"registry.example.com/shop/web{DIGEST}", True),
        ("registry.example.com/shop/*", f"registry.example.com/shop/web:1{DIGEST}", True),
        ("registry.example.com/shop/*", "REGISTRY.example.com/shop/web:1", True),
        ("Registry.Example.com/shop/*", "registry.example.com/shop/web:1", True),
        ("registry.example.com/shop/*", "registry.example.com/shop/a/b", False),
        ("registry.example.com/shop/**", "registry.example.com/shop/a/b", True),
        ("registry.example.com/shop/*", "registry.example.com/shop", False),
        ("registry.example.com/shop/*", "registry.example.com/shopping/web", False),
        ("registry.example.com/shop/*", "registry.example.com.evil.com/shop/web", False),
        ("registry.example.com/shop/*", "evil.com/registry.example.com/shop/web", False),
        ("registry.example.com/shop/*", "registry.example.com:5000/shop/web", False),
        ("registry.example.com:5000/shop/*", "registry.example.com:5000/shop/web", True),
        ("*.example.com/shop/*", "eu.example.com/shop/web", True),
        ("*.example.com/shop/*", "evil.com/x.example.com/shop/web", False),
        ("*.example.com/**", "evil.com/x.example.com/shop", False),
        ("redis", "redis:7.2", True),
        ("redis", "docker.io/redis:7.2", True),
        ("redis", "docker.io/library/redis", True),
        ("redis", "index.docker.io/library/redis", True),
        ("docker.io/library/*", "redis", True),
        ("docker.io/library/*", "someone/redis", False),
        ("library/redis", "redis", True),
        ("someone/*", "someone/redis", True),
        ("someone/*", "localhost/someone/redis", False),
        ("localhost/someone/*", "localhost/someone/redis", True),
        ("localhost:35000/hello/*", "localhost:35000/hello/web:1", True),
        ("*", "anything.example.com/x/y:1", True),
        ("**", "redis", True),
        ("docker.io/*", "redis", False),
        ("docker.io/**", "redis", True),
    ],
)
def test_images(pattern: str, image: str, allowed: bool) -> None:
    """Compared by repository, in full, with Docker's defaults."""
    assert patterns.registry_problem(pattern) is None
    assert patterns.image_allowed([pattern], image) is allowed


@pytest.mark.parametrize(
    "image",
    ["registry.example.com/shop/../evil/web", "registry.example.com//shop/web", "", "a b", "https://x.com/a", "web@unbuilt",
     "registry.example.com/shop/web:1@sha256:abc", "registry.example.com/shop/%2e%2e/x", "x.com/shop/web\n"],
)  # fmt: skip
def test_what_is_no_image_is_no_image(image: str) -> None:
    """It is refused, not compared."""
    with pytest.raises(ValueError, match=r"[a-z]"):
        patterns.image_allowed(["*"], image)


@pytest.mark.parametrize(
    "pattern",
    ["registry.example.com/shop/web:1", "registry.example.com/", "registry.example.com/a[/b", "registry.example.com/../x",
     "**.example.com/x", "registry.example.com/Shop"],
)  # fmt: skip
def test_patterns_that_could_never_match_are_findings(pattern: str) -> None:
    """Operators learn it at load, not when something passes or fails by surprise."""
    assert patterns.registry_problem(pattern)


@pytest.mark.parametrize(
    ("pattern", "reference", "allowed"),
    [
        ("env:*", "env:DATABASE_URL", True),
        ("env:SHOP_*", "env:DATABASE_URL", False),
        ("env:SHOP_*", "env:SHOP_A", True),
        ("age:*", "env:SHOP_A", False),
        ("env:*", "age:a#A", False),
        ("age:deploy/secrets/*", "age:deploy/secrets/production.age#A", True),
        ("age:deploy/secrets/*#PUBLIC_*", "age:deploy/secrets/production.age#A", False),
        ("age:deploy/*", "age:deploy/secrets/production.age#A", False),
        ("age:deploy/**", "age:deploy/secrets/production.age#A", True),
        ("age:**", "age:deploy/secrets/production.age#A", True),
    ],
)
def test_secrets(pattern: str, reference: str, allowed: bool) -> None:
    """Compared by store, then as a path."""
    assert patterns.secret_problem(pattern) is None
    assert patterns.secret_allowed([pattern], reference) is allowed


def test_what_is_no_reference_is_not_compared() -> None:
    """Not even with a pattern that takes everything."""
    for text in ("age:deploy/../other#A", "env:A__B", "vault:x"):
        with pytest.raises(ValueError, match=r"[a-z]"):
            patterns.secret_allowed(["age:**", "env:**"], text)


def test_nothing_listed_allows_nothing() -> None:
    """The limits fail closed."""
    assert not patterns.image_allowed([], "redis")
    assert not patterns.secret_allowed([], "env:A")


def test_matching_takes_no_time_an_attacker_chooses() -> None:
    """A long name against many stars comes back at once."""
    pattern = "registry.example.com/" + "*a" * 40 + "*"
    assert not patterns.image_allowed([pattern], "registry.example.com/" + "a" * 39 + "b" * 200)
