"""Asking addresses and metric stores over HTTP; the values come back as plain ones."""
