"""The web pages: views made from the store's data, written out by templates; live where something moves."""
