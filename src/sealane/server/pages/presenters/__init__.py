"""Presenters: turn the store's data into views of pages. Pure: knows nothing about the database, HTTP or templates."""
