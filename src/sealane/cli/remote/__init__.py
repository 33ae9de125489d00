"""Commands that work with a server."""
