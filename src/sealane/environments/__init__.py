"""Environments: the operators' files, and what they forbid."""
