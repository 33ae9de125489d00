"""Stencils: plain manifests with words, rendered for one formation to a revision."""
