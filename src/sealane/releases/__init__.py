"""Releases: the record of what was built, and what differs between two revisions. Pure."""
