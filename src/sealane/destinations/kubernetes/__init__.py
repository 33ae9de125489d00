"""Kubernetes as a destination: the only writer to a cluster."""
