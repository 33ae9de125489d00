"""Settings of the server: their groups, their values, and messages about invalid ones."""
