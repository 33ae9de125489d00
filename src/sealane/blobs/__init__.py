"""Blobs: what is too large for the database, as files. Logs of steps, so far."""
