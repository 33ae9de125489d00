"""Metric stores: a module each, with how it stands in a formation, how it is asked, and how it is told."""
