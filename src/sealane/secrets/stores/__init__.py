"""Stores of secrets: one module a store, each behind the port `secrets.port`."""
