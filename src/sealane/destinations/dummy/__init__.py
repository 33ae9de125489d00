"""A destination that pretends: for tests, demonstrations and dry runs."""
