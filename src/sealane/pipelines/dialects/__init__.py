"""The ways to write a pipeline; each turns its own file into the one model. Pure."""
