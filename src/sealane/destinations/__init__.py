"""Destinations: where formations live, and the only writers there."""
