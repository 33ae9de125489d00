"""Stencils: plain manifests with placeholders, rendered for one formation to a revision. Pure."""
