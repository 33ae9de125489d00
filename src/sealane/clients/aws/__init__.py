"""Amazon Web Services: the only importer of its SDK, which is loaded when the first account is opened."""
