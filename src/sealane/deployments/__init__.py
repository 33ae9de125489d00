"""Doing a deployment: apply, watch, dossier, revert, prune; each a phase that can be called alone and called again."""
