"""Approvals: who must agree, what holds a deployment back, and why it does not proceed yet. Pure."""
