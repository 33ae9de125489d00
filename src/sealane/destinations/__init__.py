"""Destinations: the places where formations run, and the only code that writes there."""
