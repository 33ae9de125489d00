"""Helm charts: merged values, requests to Helm, its output, and its complaints. Pure."""
