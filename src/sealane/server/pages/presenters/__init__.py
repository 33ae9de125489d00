"""Presenters: the store's data made into what pages show. Pure: knows nothing about the database, HTTP or templates."""
