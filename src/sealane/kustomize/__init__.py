"""Kustomize directories: which files one takes, what is refused in it, and what was printed for it."""
