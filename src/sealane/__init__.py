"""Sealane takes a `git push` to a verified, observed, reversible release."""

__version__ = "0.1.0"
