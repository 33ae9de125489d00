"""Runs and deployments as traces, made once they have ended."""
