"""The only importers of SDKs and wire libraries: each client wraps one outside system and leaks none of its exceptions."""
