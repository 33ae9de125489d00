"""Live views of objects: listed once, kept current by a watch, their readers woken by what they looked at."""
