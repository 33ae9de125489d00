"""Notices: who receives what, in which words, when again, and where."""
