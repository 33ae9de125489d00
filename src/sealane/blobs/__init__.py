"""Blobs: data too large for the database, kept as files. So far the logs of steps."""
