"""The web pages: views of the store's data, rendered by templates; live where something changes."""
