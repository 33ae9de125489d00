"""Amazon Web Services: the only importer of its SDK, which is loaded when an account is opened first."""
