"""Test reports of a step: files that its tools wrote, read and counted. Pure."""
