"""The formats of a pipeline; each turns its own file into the one model. Pure."""
