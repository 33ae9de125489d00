"""Live views of objects: listed once, kept current by a watch; a change of what a reader looked at wakes it."""
