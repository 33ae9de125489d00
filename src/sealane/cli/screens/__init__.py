"""Screens for runs and deployments: drawn live, in lines, or as JSON."""
