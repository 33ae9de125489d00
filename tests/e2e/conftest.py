"""Fixtures of the tests in a browser."""

from tests.browsing import browser, opening

__all__ = ["browser", "opening"]
