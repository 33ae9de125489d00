"""Settings of the server: their groups, their values, and what is said of invalid ones."""
