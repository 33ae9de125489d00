"""Stored records as frozen values: apps, people, runs, deployments, and what is read for answers. Pure."""
