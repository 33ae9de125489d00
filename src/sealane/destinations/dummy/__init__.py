"""A simulated destination: for tests, demonstrations and dry runs."""
