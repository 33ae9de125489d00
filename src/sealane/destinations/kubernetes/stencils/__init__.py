"""Kubernetes' part of rendering: fields and lists of its kinds, Jobs of gates and hooks, draining, strategies. Pure."""
