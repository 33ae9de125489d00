"""Notices: who is told of what, in which words, again when, and where to."""
